"""Steps by the catalogue, with the values of their sentences as one mapping."""

from collections.abc import Mapping
from dataclasses import replace

from deploykit.check import model
from deploykit.check.model import Step


def failed(code: str, values: Mapping[str, str], *, name: str = "", where: str = "here") -> Step:
    """A failed step; without a name it has the catalogue's layer."""
    return model.failed(code, name=name, where=where, **values)


def passed(name: str, code: str, values: Mapping[str, str], *, where: str) -> Step:
    """All is well, and why."""
    step = failed(code, values, name=name, where=where)
    return replace(step, outcome="ok", why="", fix="", exit_code=0)


def warned(name: str, code: str, values: Mapping[str, str], *, where: str) -> Step:
    """It works, and something is to be said: no failure, whatever the code's exit code."""
    return replace(failed(code, values, name=name, where=where), outcome="warned", exit_code=0)
