"""The page of the documentation that lists every key of the chart's values."""

from collections.abc import Iterator

import yaml
from source import Key

HEAD = """\
# Values of the chart

<!-- Made by `make chart` from charts/mage-ilum/values.yaml. -->

A dot stands for a level: `ilum.server.port` is `--set ilum.server.port=443`, or `ilum: {server: {port: 443}}` in a
file. Helm refuses every other key, and a value of the wrong form, with the key's name.
"""
COLUMNS = "| key | default | meaning |\n| --- | --- | --- |\n"


def of(root: Key) -> str:
    """The page: first the keys of no section, then each section of the top level with a table of its own."""
    loose = [*_extra_rows(root), *(row for key in root.keys if not key.keys for row in _rows(key))]
    parts = [HEAD, COLUMNS + "".join(loose)]
    for section in root.keys:
        if section.keys:
            rows = [*_extra_rows(section), *(row for key in section.keys for row in _rows(key))]
            parts += [f"## `{section.path[0]}`\n", f"{section.description}\n", COLUMNS + "".join(rows)]
    return "\n".join(parts)


def _rows(key: Key) -> Iterator[str]:
    """A key's row and those of the keys below it; a section without a description needs no row."""
    meaning = key.description
    if "enum" in key.hint:
        meaning += " One of " + ", ".join(_code(choice) for choice in key.hint["enum"]) + "."
    if not key.keys:
        yield _row(key.path, _code(key.default), meaning)
    elif meaning:
        yield _row(key.path, "", meaning)
    yield from _extra_rows(key)
    for child in key.keys:
        yield from _rows(child)


def _extra_rows(key: Key) -> Iterator[str]:
    for name, fragment in key.extras.items():
        yield _row((*key.path, name), "", fragment.get("description", ""))


def _row(path: tuple[str, ...], default: str, meaning: str) -> str:
    cells = (f"`{'.'.join(path)}`", default, meaning.strip())
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _code(default: object) -> str:
    """A default as it is written in YAML, on one line."""
    if default == "":
        return '`""`'
    written = yaml.safe_dump([default], default_flow_style=True, sort_keys=False, width=10_000)
    return f"`{written.strip()[1:-1]}`"
