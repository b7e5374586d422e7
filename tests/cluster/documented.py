"""The tables of docs/network.md: who may reach what."""

from tests.needs import REPOSITORY

PAGE = REPOSITORY / "docs" / "network.md"


def table(corner: str) -> dict[tuple[str, str], str]:
    """The cells of the table whose first header is `corner`, by the names of row and column."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {corner} |"))
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _until_blank(lines[start:])]
    return {(row[0], column): cell for row in rows for column, cell in zip(header[1:], row[1:], strict=True)}


def _until_blank(lines: list[str]) -> list[str]:
    return lines[: lines.index("")]
