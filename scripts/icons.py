"""Draw the icons of the installable portal from its own SVG, with the browser that the tests use.

python scripts/icons.py            # writes src/tulou/portal/static/portal/icon-*.png
"""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "src" / "tulou" / "portal" / "static" / "portal"
PAPER = "#fbf6ec"
ICONS = {
    "icon-180.png": (180, 0.86),
    "icon-192.png": (192, 1.0),
    "icon-512.png": (512, 1.0),
    "icon-mask-512.png": (512, 0.66),
}
"""File -> side in pixels, and which part of it the house takes; what may be cut to a circle needs room around."""


def main() -> None:
    """Draw them all."""
    svg = base64.b64encode((STATIC / "favicon.svg").read_bytes()).decode()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(device_scale_factor=1)
        for name, (side, part) in ICONS.items():
            ground = PAPER if part < 1 else "transparent"
            page.set_viewport_size({"width": side, "height": side})
            page.set_content(
                f'<body style="margin:0;background:{ground};display:grid;place-items:center;height:100vh">'
                f'<img src="data:image/svg+xml;base64,{svg}" width="{side * part}" height="{side * part}"></body>'
            )
            page.screenshot(path=str(STATIC / name), omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
