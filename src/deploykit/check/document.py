"""`docs/codes.md`, from the catalogue."""

from collections.abc import Iterable, Iterator

from deploykit.check import codes
from deploykit.check.codes import Code
from deploykit.check.model import LAYERS

_HEAD = """\
# Codes of `deploykit check`

Made by `tools/codes.py` from `src/deploykit/check/codes`; `deploykit check --explain CODE` prints the same. In a pod,
`python3 -m mage_ilum.check` gives the same codes for the way to the server. They are stable: `-o json` has them for
programs. The exit code is the command's, where the code is that of a failure.
"""


def page() -> str:
    """The whole page, in Markdown: a table of all codes, and a section for each."""
    rows = sorted(codes.load().values(), key=lambda row: _place(row.layer))
    return "\n".join((_HEAD, *_table(rows), "", *(line for row in rows for line in _section(row))))


def _place(layer: str) -> int:
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS)


def _table(rows: Iterable[Code]) -> Iterator[str]:
    yield "| code | step | exit | says |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        yield f"| [`{row.code}`](#{row.code}) | {row.layer} | {row.exit} | {_plain(row.title)} |"


def _section(row: Code) -> Iterator[str]:
    yield from (f"## `{row.code}`", "", _plain(row.title))
    for text in (row.long or row.why({}), row.advice):
        if text:
            yield from ("", _plain(text))
    if row.causes:
        yield from ("", "Causes, the likeliest first:", "", *(f"- {_plain(cause)}" for cause in row.causes))
    if row.one_of:
        links = ", ".join(f"[`{one}`](#{one})" for one in row.one_of)
        yield from ("", f"Where the cluster may be read, it is told apart: {links}.")
    if row.next:
        yield from ("", "```sh", *row.next, "```")
    yield ""


def _plain(text: str) -> str:
    """Words such as <service> and * are no markup."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")
