"""Profiles: what the pool knows of every firm, as of a date, each value with where it comes from."""

from tulou.pool.core.profile.build import Built, build_profiles
from tulou.pool.core.profile.features import Feature, FeatureKind, features_of
from tulou.pool.core.profile.lookup import read_record
from tulou.pool.core.profile.record import Firm, Record, Value
from tulou.pool.core.profile.serving import FILE, ServingCopy

__all__ = [
    "FILE",
    "Built",
    "Feature",
    "FeatureKind",
    "Firm",
    "Record",
    "ServingCopy",
    "Value",
    "build_profiles",
    "features_of",
    "read_record",
]
