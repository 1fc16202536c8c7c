"""Line and bar charts as inline SVG text: no library, no script, readable offline and in print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

_WIDTH, _HEIGHT = 860, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 14, 26
_POINTS_MAX = 1200
_COLORS = (
    "#8a8f98", "#0b6e99", "#c9a227", "#b04a3a", "#5b7f3b", "#7b5aa6", "#444b55", "#c2577f",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    values: Sequence[float]
    strong: bool = True


def line_chart(title: str, days: Sequence[date], lines: Sequence[Line], unit: str = "") -> str:
    """Lines over the same days, a legend in the corner; long ones are thinned for size."""
    values = [value for line in lines for value in line.values]
    low, high = _bounds(values)
    parts = [*_frame(title, low, high, unit), *_years(days)]
    every = max(1, len(days) // _POINTS_MAX)
    apart = min(110.0, (_WIDTH - _LEFT - _RIGHT) / max(1, len(lines)))
    for place, line in enumerate(lines):
        points = " ".join(
            f"{_x(i, len(days)):.1f},{_y(value, low, high):.1f}"
            for i, value in enumerate(line.values)
            if i % every == 0 or i == len(days) - 1
        )
        color, width = _COLORS[place % len(_COLORS)], 1.8 if line.strong else 0.8
        parts.append(
            f'<polyline fill="none" stroke="{color}" stroke-width="{width}" points="{points}"/>'
        )
        parts.append(
            f'<text x="{_LEFT + 8 + apart * place:.0f}" y="{_HEIGHT - 6}" fill="{color}" '
            f'font-weight="{"bold" if line.strong else "normal"}">{escape(line.name)}</text>'
        )
    return _svg(parts, title)


def bar_chart(title: str, bars: Sequence[tuple[str, Sequence[float]]], names: Sequence[str]) -> str:
    """Groups of bars, one bar per name in each, in percent."""
    low, high = _bounds([0.0, *(value for _, values in bars for value in values)])
    parts = _frame(title, low, high, "%")
    group = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bars))
    each = group * 0.7 / max(1, len(names))
    zero = _y(0.0, low, high)
    for i, (label, values) in enumerate(bars):
        left = _LEFT + group * i + group * 0.15
        for j, value in enumerate(values):
            top = _y(value, low, high)
            parts.append(
                f'<rect x="{left + each * j:.1f}" y="{min(top, zero):.1f}" '
                f'height="{abs(top - zero):.1f}" width="{each * 0.9:.1f}" '
                f'fill="{_COLORS[j % len(_COLORS)]}"/>'
            )
        middle = _LEFT + group * (i + 0.5)
        parts.append(
            f'<text x="{middle:.1f}" y="{_HEIGHT - _BOTTOM + 12}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    for j, name in enumerate(names):
        parts.append(
            f'<text x="{_WIDTH - _RIGHT - 90 * (len(names) - j)}" y="{_TOP + 8}" '
            f'fill="{_COLORS[j % len(_COLORS)]}" font-weight="bold">{escape(name)}</text>'
        )
    return _svg(parts, title)


def _svg(parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )


def _frame(title: str, low: float, high: float, unit: str) -> list[str]:
    parts = [f'<text x="{_LEFT}" y="10" font-weight="bold">{escape(title)}</text>']
    for i in range(5):
        value = low + (high - low) * i / 4
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{value:,.4g}{unit}</text>'
        )
    return parts


def _years(days: Sequence[date]) -> list[str]:
    parts = []
    for i, day in enumerate(days):
        if i and day.year != days[i - 1].year:
            x = _x(i, len(days))
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" '
                f'class="grid"/><text x="{x + 3:.1f}" y="{_HEIGHT - _BOTTOM - 4}" class="year">'
                f"{day.year}</text>"
            )
    return parts


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _x(i: int, n: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * i / max(1, n - 1)


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)
