"""Intake: a file from outside becomes records that are counted before anything parses them."""

from tulou.pool.core.intake.content import Kind, kind_of
from tulou.pool.core.intake.source import Opened, Source, open_sources
from tulou.pool.core.intake.text import Piece

__all__ = ["Kind", "Opened", "Piece", "Source", "kind_of", "open_sources"]
