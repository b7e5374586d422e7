"""The one catalogue of codes: what each means, what causes it, what to type next. A file for each part of the way.

`deploykit check --explain CODE`, `docs/codes.md` and exit codes are made from it. `{name}` in a text is a value that
the failure gives. What the image says of a failure itself (`mage_ilum.connect.problems`) is not said here again, nor
what is noted of an answer about policies (`deploykit.deploy.policies.notes`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from deploykit.deploy.policies.notes import NOTES
from mage_ilum.connect import problems
from mage_ilum.errors import ConnectionProblem


@dataclass(frozen=True, kw_only=True)
class Code:
    """One row. `says`, `because` and `do` are the sentence, why and fix of a step; the rest is for `--explain`.

    `layer`: the step that has it, of `steps.LAYERS` or of another part. `exit`: the command's, where it is a failure.
    `heading`: what it is, for `--explain`, where sentence and fix are each failure's own.
    `causes` and `next`: the likeliest first. Several causes: the outside cannot tell which it is.
    `one_of`: the codes between which the cluster's state decides.
    """

    code: str
    layer: str
    exit: int
    says: str
    because: str = ""
    do: str = ""
    heading: str = ""
    long: str = ""
    causes: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    next: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The heading, else the sentence with the names of its values in capitals."""
        return self.heading or self.sentence({})

    @property
    def advice(self) -> str:
        """The fix with the names of its values in capitals; empty where each failure has its own."""
        return "" if self.heading else self.fix({})

    def sentence(self, values: Mapping[str, str]) -> str:
        return self.says.format_map(_Values(values))

    def why(self, values: Mapping[str, str]) -> str:
        return self.because.format_map(_Values(values))

    def fix(self, values: Mapping[str, str]) -> str:
        return self.do.format_map(_Values(values))


@cache
def load() -> Mapping[str, Code]:
    """Every code, in the order of the way. Raises `ValueError` where two files have the same one."""
    found: dict[str, Code] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for code, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if code in found:
                raise ValueError(f"{path.name} has {code} again")
            lists = {name: tuple(row[name]) for name in ("causes", "one_of", "next") if name in row}
            found[code] = Code(code=code, **{**_of_the_image(code), **_of_the_notes(code), **row, **lists})
    return MappingProxyType(found)


def _of_the_image(code: str) -> dict[str, str | int]:
    if code not in problems.PROBLEMS:
        return {}
    says, because, do = problems.PROBLEMS[code]
    layer, exit_code = problems.LAYERS[code], ConnectionProblem.exit_code
    return {"says": says, "because": because, "do": do, "layer": layer, "exit": exit_code}


def _of_the_notes(code: str) -> dict[str, str]:
    return {"says": NOTES[code].sentence} if code in NOTES else {}


class _Name(str):
    """Stands for a value that nobody gave, whatever its format."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return self.upper()


class _Values(dict[str, str]):
    """The values of a sentence; what is missing stays a name in capitals, as in `kubectl get pod POD`."""

    def __missing__(self, key: str) -> str:
        return _Name(key)
