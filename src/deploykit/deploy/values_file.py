"""A values file as deploykit writes it: signed and sealed, so that what a person put into it is not lost."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import yaml

from deploykit.errors import UsageError

Values: TypeAlias = "Mapping[str, Values] | Sequence[Values] | str | int | bool | None"


def signature(chart: str) -> str:
    """The first line of a values file for a chart."""
    return f"# Values of {chart}, written by deploykit."


def to_text(values: Mapping[str, Values], *, signed: str, hint: str) -> str:
    """The values as YAML below a signature and a seal; the same values give the same bytes.

    `signed` is the signature, `hint` the comment lines that say how to use the file.
    """
    body = hint + yaml.safe_dump(values, sort_keys=False, width=120)
    return f"{signed}\n{_seal(body)}\n{body}"


def refuse_foreign(path: Path, signed: str) -> None:
    """Raise `UsageError` when a file is there that is not as deploykit wrote it, or is for another chart."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    first, _, rest = text.partition("\n")
    if not (first.startswith("# Values of ") and first.endswith(", written by deploykit.")):
        raise UsageError(f"{path} was not written by deploykit", fix="choose another --file, or add --force")
    if first != signed:
        raise UsageError(f"{path} is for another chart", why=f"it says: {first[2:]}", fix="choose another --file")
    seal, _, body = rest.partition("\n")
    if seal != _seal(body):
        raise UsageError(
            f"{path} was changed since deploykit wrote it",
            why="writing it again would lose the change",
            fix="move your settings to a second file, which helm takes as another --values, and add --force",
        )


def is_sealed(text: str) -> bool:
    """Whether a text is just as deploykit wrote it, for whichever chart."""
    first, _, rest = text.partition("\n")
    seal, _, body = rest.partition("\n")
    return first.startswith("# Values of ") and seal == _seal(body)


def sealed(text: str) -> str:
    """A text that deploykit wrote and has changed, with a seal for what it is now."""
    first, _, rest = text.partition("\n")
    body = rest.partition("\n")[2]
    return f"{first}\n{_seal(body)}\n{body}"


def _seal(body: str) -> str:
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f"# Written again by `deploykit values` as long as it is unchanged: {digest}"
