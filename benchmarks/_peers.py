"""Environments of their own for peers that cannot live in ours; made once, outside of the source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def cache_folder() -> Path:
    """Where the peers' environments live."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tulou" / "bench"


def environment(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of an environment with these packages; made when it is not there."""
    folder = cache_folder() / name
    python = folder / "bin" / "python"
    if not (folder / ".complete").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = [sys.executable, "-m", "uv"]
        if subprocess.run([*uv, "--version"], capture_output=True, check=False).returncode == 0:
            subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
            subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *packages], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        (folder / ".complete").touch()
    return python
