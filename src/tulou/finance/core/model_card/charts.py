"""Charts as plain SVG: no script, no font, no picture from elsewhere; each has its table beside it on the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from tulou.kernel.errors import Text

INK, SOFT, LINE, EARTH, TILE = "#2b2522", "#6f635b", "#d9cbb8", "#b5713a", "#2f6b66"
GOOD, BAD = "#2f6b66", "#a8402f"


def both(text: Text) -> str:
    """A text in both languages; the page shows one of them."""
    return f'<span lang="zh-Hans">{escape(text.zh)}</span><span lang="en">{escape(text.en)}</span>'


def _label(x: float, y: float, text: str, *, anchor: str = "middle", fill: str = SOFT, size: int = 11) -> str:
    look = f'font-size="{size}" text-anchor="{anchor}" fill="{fill}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def _labels(x: float, y: float, text: Text, *, anchor: str = "middle") -> str:
    look = f'font-size="11" text-anchor="{anchor}" fill="{SOFT}"'
    return (
        f'<text lang="zh-Hans" x="{x:.1f}" y="{y:.1f}" {look}>{escape(text.zh)}</text>'
        f'<text lang="en" x="{x:.1f}" y="{y:.1f}" {look}>{escape(text.en)}</text>'
    )


def _svg(width: float, height: float, parts: Sequence[str], title: Text) -> str:
    return (
        f'<svg width="{width:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title.zh)} / {escape(title.en)}">{"".join(parts)}</svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        f'stroke-width="{width}"{dashed}/>'
    )


def _frame(size: float, left: float, top: float, across: Text, up: Text, most: float) -> list[str]:
    """The axes of a square chart whose sides both run from 0 to `most`."""
    parts = []
    for k in range(5):
        share = k / 4
        x, y = left + share * size, top + size - share * size
        parts += [_line(x, top, x, top + size), _line(left, y, left + size, y)]
        shown = f"{share * most:.0%}" if most >= 0.2 else f"{share * most:.1%}"
        parts += [_label(x, top + size + 16, shown), _label(left - 6, y + 4, shown, anchor="end")]
    parts.append(_labels(left + size / 2, top + size + 34, across))
    parts.append(_labels(left, top - 8, up, anchor="start"))
    return parts


def roc(curves: Sequence[tuple[Sequence[Sequence[float]], str]], title: Text) -> str:
    """ROC curves with their colours over the diagonal of chance."""
    size, left, top = 240.0, 48.0, 24.0
    across, up = Text(zh="误报率", en="false alarms"), Text(zh="检出率", en="bad ones found")
    parts = _frame(size, left, top, across, up, 1.0)
    parts.append(_line(left, top + size, left + size, top, SOFT, 1, "4 4"))
    for points, colour in curves:
        path = " ".join(f"{left + x * size:.1f},{top + size - y * size:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
    return _svg(left + size + 16, top + size + 44, parts, title)


def calibration(rows: Sequence[dict[str, Any]], title: Text) -> str:
    """Observed against foretold rates of ten groups, with 95 % limits."""
    size, left, top = 240.0, 48.0, 24.0
    highest = max([row["foretold"] for row in rows] + [row["limits"][1] for row in rows] + [0.01])
    most = min(1.0, next(step for step in (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if step >= min(highest, 1.0)))
    across, up = Text(zh="预测概率", en="foretold"), Text(zh="实际比例", en="observed")
    parts = _frame(size, left, top, across, up, most)
    parts.append(_line(left, top + size, left + size, top, SOFT, 1, "4 4"))

    def place(share: float) -> float:
        return min(share / most, 1.0) * size

    for row in rows:
        x = left + place(row["foretold"])
        low, high = (top + size - place(limit) for limit in row["limits"])
        y = top + size - place(row["observed"])
        parts.append(_line(x, low, x, high, EARTH, 1.5))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{EARTH}"/>')
    return _svg(left + size + 16, top + size + 44, parts, title)


def bars(rows: Sequence[tuple[Text, float, str]], title: Text, *, colour: str = TILE, mark: float | None = None) -> str:
    """Horizontal bars: label, length, what is written at the end; `mark` draws a line at a length."""
    wide, left, step = 620.0, 210.0, 26.0
    most = max([value for _, value, _ in rows] + [mark or 0.0, 1e-9])
    scale = (wide - left - 90) / most
    parts = []
    for place, (label, value, shown) in enumerate(rows):
        y = place * step + 6
        parts.append(_labels(left - 10, y + 14, Text(zh=_short(label.zh), en=_short(label.en)), anchor="end"))
        parts.append(
            f'<rect x="{left}" y="{y:.1f}" width="{max(value, 0) * scale:.1f}" height="18" rx="3" fill="{colour}"/>'
        )
        parts.append(_label(left + max(value, 0) * scale + 8, y + 14, shown, anchor="start", fill=INK))
    height = len(rows) * step + 8
    if mark is not None:
        parts.append(_line(left + mark * scale, 0, left + mark * scale, height, BAD, 1.5, "4 3"))
    return _svg(wide, height, parts, title)


def _short(text: str, most: int = 30) -> str:
    """A label that fits beside a bar; a Chinese sign takes the room of two."""
    room, answer = most, ""
    for sign in text:
        room -= 1 if sign.isascii() else 2
        if room < 1:
            return answer + "…"
        answer += sign
    return answer


def rates(rows: Sequence[tuple[str, float, float, float]], title: Text) -> str:
    """Bad rates of bands with their limits: name, rate, low, high."""
    wide, left, step = 460.0, 46.0, 30.0
    most = max([high for *_, high in rows] + [0.01])
    scale = (wide - left - 70) / most
    parts = []
    for place, (name, rate, low, high) in enumerate(rows):
        y = place * step + 6
        share = place / max(len(rows) - 1, 1)
        parts.append(_label(left - 14, y + 16, name, fill=INK, size=14))
        parts.append(
            f'<rect x="{left}" y="{y:.1f}" width="{rate * scale:.1f}" height="20" rx="3" fill="{mixed(share)}"/>'
        )
        parts.append(_line(left + low * scale, y + 10, left + high * scale, y + 10, INK, 1.5))
        parts += [_line(left + x * scale, y + 5, left + x * scale, y + 15, INK, 1.5) for x in (low, high)]
        parts.append(_label(left + high * scale + 8, y + 14, f"{rate:.1%}", anchor="start", fill=INK))
    return _svg(wide, len(rows) * step + 8, parts, title)


def mixed(share: float) -> str:
    """A colour between good (0) and bad (1)."""
    ends = [[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in (GOOD, BAD)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(*ends, strict=True))


def points(values: Sequence[int], spread: Sequence[float], title: Text) -> str:
    """The points of each cell as columns over and under nothing, with how far bags disagree."""
    gap = 4.0 if len(values) <= 30 else 1.0
    wide = max(8.0, min(46.0, 560 / max(len(values), 1)))
    high = max([abs(value) for value in values] + [1])
    scale, middle = 56 / high, 74.0
    parts = [_line(0, middle, wide * len(values), middle, SOFT, 1)]
    for place, value in enumerate(values):
        x, height = place * wide + gap / 2, abs(value) * scale
        y = middle - height if value > 0 else middle
        colour = GOOD if value > 0 else BAD
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide - gap:.1f}" height="{height:.1f}" rx="2" fill="{colour}"/>'
        )
        if place < len(spread) and spread[place] * scale >= 1:
            tip, half = middle - value * scale, spread[place] * scale * 2
            at = x + (wide - gap) / 2
            parts.append(_line(at, max(tip - half, 2), at, min(tip + half, 146), INK, 1))
        if wide >= 22:
            parts.append(_label(x + (wide - gap) / 2, y - 4 if value > 0 else y + height + 12, f"{value:+d}", size=10))
    return _svg(max(wide * len(values), 60), 150, parts, title)


def grid(table: Sequence[Sequence[int]], title: Text) -> str:
    """The points of a pair as a field of colours: the first feature goes down, the second across."""
    rows, columns = len(table), len(table[0])
    wide, tall = max(10.0, min(44.0, 560 / columns)), max(10.0, min(26.0, 420 / rows))
    most = max([abs(value) for line in table for value in line] + [1])
    parts = []
    for i, line in enumerate(table):
        for j, value in enumerate(line):
            colour, strength = (GOOD if value > 0 else BAD), abs(value) / most
            parts.append(
                f'<rect x="{j * wide:.1f}" y="{i * tall:.1f}" width="{wide - 1:.1f}" height="{tall - 1:.1f}" '
                f'fill="{colour}" fill-opacity="{strength:.2f}" stroke="{LINE}" stroke-width=".5"/>'
            )
            if wide >= 26 and tall >= 14 and value:
                ink = "#ffffff" if strength > 0.6 else INK
                parts.append(_label(j * wide + wide / 2, i * tall + tall / 2 + 4, f"{value:+d}", fill=ink, size=10))
    return _svg(wide * columns, tall * rows, parts, title)
