"""An environment of its own for a peer that cannot live in ours, outside of the source tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path


def own_python(*requirements: str) -> Path:
    """The interpreter of an environment with these packages; made when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tulou" / "bench"
    folder = cache / re.sub(r"[^\w.]+", "-", "-".join(requirements))
    python = folder / "bin" / "python"
    if not (folder / ".complete").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        uv = [sys.executable, "-m", "uv"]
        if subprocess.run([*uv, "--version"], capture_output=True, check=False).returncode == 0:
            subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
            subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *requirements], check=True)
        else:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
        (folder / ".complete").touch()
    return python
