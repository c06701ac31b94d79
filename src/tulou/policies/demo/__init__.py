"""Policies of a made-up Fujian, for demonstrations: written for Tulou, with document numbers that do not exist."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from tulou.policies.core.document.policy import PolicySet
from tulou.policies.core.document.reading import load_policies


def demo_file() -> Path:
    """The file of the demonstration policies (JSON, Tulou's own form)."""
    return Path(str(files(__package__).joinpath("fujian.json")))


def demo_policies() -> PolicySet:
    """The demonstration policies."""
    return load_policies(demo_file())


def make_demo() -> str:
    """Lay the demonstration out in the registry; what is there stays. Needs Django."""
    from tulou.policies.demo.applying import demo_applications
    from tulou.policies.demo.laying import lay_out_policies

    return f"{lay_out_policies()} policies, {demo_applications()}"
