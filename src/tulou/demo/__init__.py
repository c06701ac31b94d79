"""The main job on a synthetic province: simulate, pool, resolve, build profiles, and say how well it went."""

from tulou.demo.cli import app
from tulou.demo.running import Outcome, run_demo

__all__ = ["Outcome", "app", "run_demo"]
