"""Reads `values.yaml`: each key with its default, the comment above it, and what that comment says for the schema.

A comment line `# @ {…}` is a hint, a piece of JSON Schema as a YAML flow mapping; `# @extra NAME: {…}` is a key that is
accepted beside those of the section below it. Every other comment line directly above a key describes the key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Json = dict[str, Any]

HINT = re.compile(r" *# ?@(?P<extra>extra)? *(?P<text>.*)")
STANDS_ALONE = {"$ref", "type", "anyOf", "oneOf"}
"""A hint with one of these is the whole schema of its key; any other refines what the default shows."""


class SourceError(Exception):
    """Something in `values.yaml` that no schema can be made of: the line, counted from 1, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"values.yaml:{line}: {why}")


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of `values.yaml`; the file as a whole is the key with an empty path."""

    path: tuple[str, ...]
    line: int
    default: object
    description: str
    hint: Json
    extras: dict[str, Json]
    keys: tuple["Key", ...]
    """The keys of a section; none for a key whose value is given as a whole."""

    def walk(self) -> Iterator["Key"]:
        """The keys below this one, in the order of the file."""
        for key in self.keys:
            yield key
            yield from key.walk()


class _File:
    """The lines of the file, and which of its hints have found their key."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.unused = {number for number, line in enumerate(self.lines) if HINT.fullmatch(line)}

    def comment_above(self, mark: yaml.Mark) -> list[int]:
        """The numbers of the comment lines directly above a key and indented as it is."""
        start = " " * mark.column + "#"
        number = mark.line
        if self.lines[number][: mark.column].strip():
            return []
        while number and self.lines[number - 1].startswith(start):
            number -= 1
        return list(range(number, mark.line))

    def said(self, numbers: list[int]) -> tuple[str, Json, dict[str, Json]]:
        """What these comment lines say: description, hint, extra keys."""
        prose: list[str] = []
        hint: Json = {}
        extras: dict[str, Json] = {}
        for number in numbers:
            match = HINT.fullmatch(self.lines[number])
            if match is None:
                prose.append(self.lines[number].strip().removeprefix("#").strip())
                continue
            self.unused.discard(number)
            (extras if match["extra"] else hint).update(_mapping(match["text"], number + 1))
        return " ".join(filter(None, prose)), hint, extras


def _mapping(text: str, line: int) -> Json:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SourceError(line, f"this hint is no YAML: {text}") from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise SourceError(line, f"this hint is no mapping: {text}")
    return found


def _keys(file: _File, node: yaml.MappingNode, defaults: Json, parent: tuple[str, ...]) -> Iterator[Key]:
    for name, value in node.value:
        default = defaults[name.value]
        path = (*parent, name.value)
        description, hint, extras = file.said(file.comment_above(name.start_mark))
        section = isinstance(default, dict) and default and not STANDS_ALONE & hint.keys()
        if extras and not section:
            raise SourceError(name.start_mark.line + 1, f"{'.'.join(path)} is no section, so it has no `@extra` keys")
        yield Key(
            path=path,
            line=name.start_mark.line + 1,
            default=default,
            description=description,
            hint=hint,
            extras=extras,
            keys=tuple(_keys(file, value, default, path)) if section else (),
        )


def read(text: str) -> Key:
    """The whole file; raises `SourceError` for a hint that stands above no key or is not YAML.

    An `# @extra` line at the margin that is above no key is for the top level.
    """
    file = _File(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise SourceError(1, "the file is no mapping")
    keys = tuple(_keys(file, root, yaml.safe_load(text), ()))
    _, hint, extras = file.said(sorted(number for number in file.unused if file.lines[number].startswith("# @extra")))
    for number in sorted(file.unused):
        raise SourceError(number + 1, "this hint is above no key of a section")
    return Key(path=(), line=1, default={}, description="", hint=hint, extras=extras, keys=keys)
