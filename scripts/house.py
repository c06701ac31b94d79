"""Draw docs/images/house.svg: the round house, its courtyard and its rooms."""

from __future__ import annotations

import math
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "house.svg"
ROOMS = [
    ("finance", "融资", "scorecards, offers"),
    ("policies", "政策", "eligibility, push"),
    ("cloud", "上云", "marketplace"),
    ("employment", "就业", "postings, forecast"),
    ("channel", "直通", "to government"),
    ("pulse", "监测", "monitoring"),
]
READY = {"finance", "policies"}
INK, EARTH, WOOD, TILE, PAPER, COURT = "#2b2522", "#c98f5a", "#e9d3b0", "#5b4636", "#fbf6ec", "#f3e7cf"
CENTRE, OUTER, INNER, COURTYARD = (400, 400), 330, 205, 190


def point(radius: float, degrees: float) -> tuple[float, float]:
    """The point at `degrees` clockwise from the top."""
    turn = math.radians(degrees - 90)
    return round(CENTRE[0] + radius * math.cos(turn), 1), round(CENTRE[1] + radius * math.sin(turn), 1)


def sector(start: float, end: float, fill: str, dashed: bool) -> str:
    """One room of the ring."""
    (x1, y1), (x2, y2) = point(OUTER, start), point(OUTER, end)
    (x3, y3), (x4, y4) = point(INNER, end), point(INNER, start)
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return (
        f'<path d="M{x1} {y1}A{OUTER} {OUTER} 0 0 1 {x2} {y2}L{x3} {y3}A{INNER} {INNER} 0 0 0 {x4} {y4}Z" '
        f'fill="{fill}" stroke="{TILE}" stroke-width="2"{dash}/>'
    )


def words(x: float, y: float, text: str, size: int, weight: int = 400, fill: str = INK) -> str:
    """Text centred on a point."""
    look = f'font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="middle"'
    return f'<text x="{x}" y="{y}" {look}>{text}</text>'


def house() -> str:
    """The whole picture as SVG."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 800" role="img" '
        "font-family=\"system-ui, 'Noto Sans SC', 'Noto Sans CJK SC', sans-serif\">",
        "<title>Tulou: one courtyard of pooled data, rooms of service around it</title>",
        f'<circle cx="400" cy="400" r="378" fill="{EARTH}"/>',
        f'<circle cx="400" cy="400" r="350" fill="{TILE}"/>',
        f'<circle cx="400" cy="400" r="336" fill="{PAPER}"/>',
    ]
    step = 360 / len(ROOMS)
    for number, (name, chinese, what) in enumerate(ROOMS):
        start = number * step - step / 2
        ready = name in READY
        parts.append(sector(start + 1, start + step - 1, WOOD if ready else PAPER, not ready))
        x, y = point((OUTER + INNER) / 2, start + step / 2)
        parts += [words(x, y - 14, chinese, 26, 700), words(x, y + 8, name, 17, 600), words(x, y + 28, what, 13)]
    parts += [
        f'<circle cx="400" cy="400" r="{COURTYARD}" fill="{COURT}" stroke="{TILE}" stroke-width="3"/>',
        words(400, 315, "天井", 30, 700),
        words(400, 345, "pool", 22, 700),
        words(400, 375, "17 departments, one record a firm", 14),
        words(400, 410, "catalogue · contracts · deliveries", 15, 600),
        words(400, 434, "lake · identity · profile · query", 15, 600),
        words(400, 474, "kernel", 17, 700),
        words(400, 495, "codes, regions, industries, sizes, money, time", 13),
        words(400, 540, "simulate: a synthetic province", 13),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(house())
