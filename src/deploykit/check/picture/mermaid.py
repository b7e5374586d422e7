"""A picture as Mermaid's flowchart, which GitHub and GitLab draw. Pure."""

from deploykit.check.picture.drawing import Arrow, Box, Picture

_LAYOUT = '%%{init: {"flowchart": {"rankSpacing": 300, "nodeSpacing": 24}}}%%'
"""Far enough apart that arrows leave a box beside, and not behind the next box."""
_BROKEN, _OPEN = "stroke:#c62828,stroke-width:3px,color:#c62828", "stroke:#2e7d32,stroke-width:2px"


def mermaid(drawn: Picture) -> str:
    """The text of a flowchart; broken arrows are dotted, red, and end in a cross."""
    names = {box.key: f"n{number}" for number, box in enumerate((*drawn.sources, *drawn.targets))}
    lines = [_LAYOUT, "flowchart LR", "  subgraph Mage", *(_box(box, names) for box in drawn.sources), "  end"]
    lines += [_box(box, names) for box in drawn.targets]
    lines += [_arrow(arrow, names) for arrow in drawn.arrows]
    lines += [
        f"  linkStyle {number} {_OPEN if arrow.allowed else _BROKEN}" for number, arrow in enumerate(drawn.arrows)
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box, names: dict[str, str]) -> str:
    text = "<br/>".join((f"<b>{_escape(box.title)}</b>", *map(_escape, box.lines)))
    return f'    {names[box.key]}["{text}"]'


def _arrow(arrow: Arrow, names: dict[str, str]) -> str:
    said = arrow.label if arrow.allowed or not arrow.by else f"{arrow.label}<br/>{_escape(arrow.by)}"
    line = "-->" if arrow.allowed else "-.-x"
    return f'  {names[arrow.source]} {line}|"{said}"| {names[arrow.target]}'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
