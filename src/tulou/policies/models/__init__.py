"""The tables of the room of policies, gathered from its parts."""

from tulou.policies.models.applications import Application, Declaration, Mark, Material, Sighting
from tulou.policies.models.push import Device, Errand, Feed, MatchEvent, Matching, Run, Told, Wish
from tulou.policies.models.registry import Policy, PolicyFile, PolicyVersion, Recurrence, Review, Theme

__all__ = [
    "Application",
    "Declaration",
    "Device",
    "Errand",
    "Feed",
    "Mark",
    "MatchEvent",
    "Matching",
    "Material",
    "Policy",
    "PolicyFile",
    "PolicyVersion",
    "Recurrence",
    "Review",
    "Run",
    "Sighting",
    "Theme",
    "Told",
    "Wish",
]
