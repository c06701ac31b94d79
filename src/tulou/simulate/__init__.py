"""A synthetic province of any size, with the truth beside it."""

from tulou.simulate.pairs import Pairs, pairs
from tulou.simulate.province import Province, Wish, simulate_province

__all__ = ["Pairs", "Province", "Wish", "pairs", "simulate_province"]
