"""A picture as SVG: one file, no script, no font of its own, readable on white and dark pages. Pure."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from deploykit.check.picture.drawing import Arrow, Box, Picture

_LEFT, _RIGHT, _MARGIN, _GAP = 300, 420, 24, 22
_MIDDLE = 380
_LINE, _PAD = 17, 12
_COLUMNS = {_LEFT: 41, _RIGHT: 58}
"""How many letters of the small font fit into a box of a width."""
_GREEN, _RED, _GREY = "#2e7d32", "#c62828", "#5f6b7a"
_STYLE = f"""\
    text {{ font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #1c2733; }}
    .title {{ font-weight: 600; font-size: 14px; }}
    .small {{ fill: {_GREY}; }}
    .box {{ fill: #f4f7fa; stroke: #9aa7b4; }}
    .open {{ stroke: {_GREEN}; stroke-width: 1.6; fill: none; }}
    .broken {{ stroke: {_RED}; stroke-width: 2.6; stroke-dasharray: 7 5; fill: none; }}
    .bad {{ fill: #fdf3f2; stroke: {_RED}; }}
    .on {{ paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }}
    .cross {{ stroke-dasharray: none; }}
    .says {{ fill: {_GREEN}; }}
    .denied {{ fill: {_RED}; font-weight: 600; }}
"""


@dataclass(frozen=True)
class _Placed:
    box: Box
    lines: tuple[str, ...]
    wrong: tuple[str, ...]
    x: int
    y: int
    width: int

    @property
    def height(self) -> int:
        return 2 * _PAD + _LINE * (1 + len(self.lines) + len(self.wrong))

    def port(self, number: int, count: int) -> float:
        """The height of one of several arrows at this box."""
        return self.y + self.height * (number + 1) / (count + 1)


def svg(drawn: Picture) -> str:
    """A whole SVG document. Broken arrows are red, dashed, with a cross; what is in the way is in their pod's box."""
    left = _column(drawn.sources, x=_MARGIN, width=_LEFT)
    right = _column(drawn.targets, x=_MARGIN + _LEFT + _MIDDLE, width=_RIGHT)
    height = max(map(_bottom, (left, right))) + 30
    width = 2 * _MARGIN + _LEFT + _MIDDLE + _RIGHT
    left, right = (_centred(column, height - 30) for column in (left, right))
    boxes = [line for one in (*left, *right) for line in _draw(one)]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img">',
            "  <title>What Mage's pods may reach</title>",
            f"  <style>\n{_STYLE}  </style>",
            f'  <rect width="{width}" height="{height}" fill="#ffffff"/>',
            *boxes,
            *_arrows(drawn.arrows, left, right),
            *_legend(height - 16),
            "</svg>",
            "",
        )
    )


def _column(boxes: Sequence[Box], *, x: int, width: int) -> list[_Placed]:
    placed: list[_Placed] = []
    y = _MARGIN
    for box in boxes:
        lines, wrong = (_wrapped(text, _COLUMNS[width]) for text in (box.lines, box.wrong))
        placed.append(_Placed(box, lines, wrong, x, y, width))
        y += placed[-1].height + _GAP
    return placed


def _wrapped(lines: Sequence[str], width: int) -> tuple[str, ...]:
    return tuple(
        part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    )


def _bottom(column: Sequence[_Placed]) -> int:
    return max((one.y + one.height for one in column), default=0) + _MARGIN


def _centred(column: Sequence[_Placed], height: int) -> list[_Placed]:
    down = (height - _bottom(column)) // 2
    return [replace(one, y=one.y + down) for one in column]


def _draw(one: _Placed) -> Iterator[str]:
    kind = "box bad" if one.wrong else "box"
    yield f'  <rect class="{kind}" x="{one.x}" y="{one.y}" width="{one.width}" height="{one.height}" rx="6"/>'
    x, y = one.x + _PAD, one.y + _PAD + 12
    yield f'  <text class="title" x="{x}" y="{y}">{escape(one.box.title)}</text>'
    said = (*(("small", line) for line in one.lines), *(("denied", line) for line in one.wrong))
    for number, (style, line) in enumerate(said, start=1):
        yield f'  <text class="{style}" xml:space="preserve" x="{x}" y="{y + number * _LINE}">{escape(line)}</text>'


def _arrows(arrows: Sequence[Arrow], left: Sequence[_Placed], right: Sequence[_Placed]) -> Iterator[str]:
    """Lines first, then what is written on them."""
    starts, ends = ({one.box.key: one for one in column} for column in (left, right))
    out = {key: [arrow for arrow in arrows if arrow.source == key] for key in starts}
    into = {key: [arrow for arrow in arrows if arrow.target == key] for key in ends}
    places = []
    for arrow in sorted(arrows, key=lambda arrow: not arrow.allowed):  # the broken ones on top
        start, end = starts[arrow.source], ends[arrow.target]
        y1 = start.port(out[arrow.source].index(arrow), len(out[arrow.source]))
        y2 = end.port(into[arrow.target].index(arrow), len(into[arrow.target]))
        places.append((arrow, (start.x + start.width, y1), (end.x, y2)))
    for arrow, start_at, end_at in places:
        yield from _line(arrow, start_at, end_at)
    for arrow, (x, y), _ in places:
        style, said = ("says", arrow.label) if arrow.allowed else ("denied", f"{arrow.label} denied")
        yield f'  <text class="{style} on" x="{x + 8}" y="{y - 5:.1f}">{escape(said)}</text>'


def _line(arrow: Arrow, start: tuple[float, float], end: tuple[float, float]) -> Iterator[str]:
    (x1, y1), (x2, y2) = start, end
    bend = _MIDDLE * 0.45
    style, color = ("open", _GREEN) if arrow.allowed else ("broken", _RED)
    yield (
        f'  <path class="{style}" d="M {x1} {y1:.1f} C {x1 + bend:.1f} {y1:.1f}, {x2 - bend:.1f} {y2:.1f}, '
        f'{x2 - 9} {y2:.1f}"><title>{escape(arrow.by)}</title></path>'
    )
    yield f'  <path d="M {x2} {y2:.1f} l -9 -4.5 v 9 z" fill="{color}"/>'
    if not arrow.allowed:
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        yield f'  <path class="broken cross" d="M {x - 7} {y - 7:.1f} l 14 14 m 0 -14 l -14 14"/>'


def _legend(y: int) -> Iterator[str]:
    for x, style, said in (
        (_MARGIN, "open", "policies allow it"),
        (_MARGIN + 170, "broken", "policies deny it, or nothing is there"),
    ):
        yield f'  <path class="{style}" d="M {x} {y} h 34"/><text x="{x + 42}" y="{y + 4}">{said}</text>'
