"""Set texts in a YAML file without touching anything else: not a comment, not an indent, not a line end.

A round trip through a YAML library rewrites more than was asked for (indents of lists, long lines, spaces before
comments), so the scalars are replaced by the positions that the parser gives, and what came out is parsed and compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import yaml

_TEXT, NULL, _MAP = (f"tag:yaml.org,2002:{name}" for name in ("str", "null", "map"))

Path: TypeAlias = tuple[str, ...]
Edit: TypeAlias = tuple[int, int, str]
"""Characters from, to, and what comes in their place."""
Leaf: TypeAlias = tuple[Path, str, str]
"""Where a value is, its tag, and its text."""


class NotInPlaceError(Exception):
    """Why a text cannot be set without touching anything else."""


@dataclass(frozen=True, kw_only=True)
class New:
    """Keys and their values, in a mapping at `path`; they come below the last of `beside` that is there."""

    path: Path
    values: Mapping[str, str]
    beside: tuple[str, ...] = ()


def compose(text: str) -> yaml.Node | None:
    """The document as nodes with positions; raises `yaml.YAMLError`, or `NotInPlaceError` for what is too deep."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise NotInPlaceError("It is nested too deeply.") from None
    return node


def at(node: yaml.Node | None, path: Path) -> yaml.Node | None:
    """The node at a path of keys, if there is one."""
    for name in path:
        node = _entry(node, name)[1] if isinstance(node, yaml.MappingNode) else None
    return node


def edited(text: str, new: New) -> str:
    """The text with these values in it; raises `NotInPlaceError`, or `yaml.YAMLError` for what is no YAML."""
    changed, done = "", 0
    for start, end, put in sorted(_edits(text, new), key=lambda edit: edit[0]):
        changed += text[done:start] + put
        done = end
    changed += text[done:]
    try:
        _compare(text, changed, new)
    except RecursionError:
        raise NotInPlaceError("It holds itself by an alias.") from None
    return changed


def _edits(text: str, new: New) -> Iterator[Edit]:
    """What to replace where: descend to the mapping, make what is missing on the way."""
    node = compose(text)
    if node is None or node.tag == NULL:
        yield _lines(text, len(text), 0, 2, new)
        return
    above: yaml.Node | None = None
    for depth, name in enumerate(new.path):
        mapping = _mapping(node, text)
        key, node = _entry(mapping, name)
        if key is None or node is None:
            yield _insert(text, mapping, above, replace(new, path=new.path[depth:]))
            return
        if node.tag == NULL:
            yield from _fill(text, mapping, key, node, replace(new, path=new.path[depth + 1 :]))
            return
        above = key
    mapping = _mapping(node, text)
    missing = {}
    for name, value in new.values.items():
        key, node = _entry(mapping, name)
        if key is None or node is None:
            missing[name] = value
        else:
            yield _scalar(text, name, node, value)
    if missing:
        yield _insert(text, mapping, above, New(path=(), values=missing, beside=tuple(new.values)))


def _entry(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    found = [(key, value) for key, value in mapping.value if isinstance(key, yaml.ScalarNode) and key.value == name]
    if len(found) > 1:
        raise NotInPlaceError(f"The key {name} is there twice.")
    for key, value in found:
        if value.start_mark.index < key.end_mark.index:
            raise NotInPlaceError(f"{name} is an alias of what is written elsewhere.")
        return key, value
    return None, None


def _mapping(node: yaml.Node | None, text: str) -> yaml.MappingNode:
    if not isinstance(node, yaml.MappingNode):
        raise NotInPlaceError("What should be a mapping is none.")
    if text[node.start_mark.index] in "&!":
        raise NotInPlaceError("The mapping has an anchor or a tag, so that others may mean it too.")
    return node


def _scalar(text: str, name: str, value: yaml.Node, wanted: str) -> Edit:
    start, end = value.start_mark.index, value.end_mark.index
    old = text[start:end]
    if not isinstance(value, yaml.ScalarNode) or value.style in ("|", ">") or old[:1] in ("&", "!"):
        raise NotInPlaceError(f"{name} is not a plain text on one line.")
    if value.style in ("'", '"'):
        return start, end, f"{value.style}{wanted}{value.style}"
    return start, end, f"{'' if old else ' '}{_plain(wanted)}"


def _insert(text: str, mapping: yaml.MappingNode, above: yaml.Node | None, new: New) -> Edit:
    """New keys in a mapping: behind the others in a flow, else on lines of their own, below a sibling or the parent."""
    if any(key.value == "<<" for key, _ in mapping.value):
        raise NotInPlaceError("The mapping takes keys from another one by `<<`.")
    if mapping.flow_style:
        return _insert_flow(mapping, new)
    indent = mapping.value[0][0].start_mark.column
    step = indent - above.start_mark.column if above is not None else _step(mapping)
    if above is None:
        return _lines(text, mapping.end_mark.index, indent, step, new)
    siblings = [value for key, value in mapping.value if not new.path and key.value in new.beside]
    return _lines(text, _line_end(text, [above, *siblings][-1].end_mark.index), indent, step, new)


def _insert_flow(mapping: yaml.MappingNode, new: New) -> Edit:
    quote = '"' if mapping.value and getattr(mapping.value[0][0], "style", "") == '"' else ""

    def flow(path: Path) -> str:
        if path:
            return f"{quote}{path[0]}{quote}: {{{flow(path[1:])}}}"
        values = {key: f'"{value}"' if quote else _plain(value) for key, value in new.values.items()}
        return ", ".join(f"{quote}{key}{quote}: {value}" for key, value in values.items())

    if mapping.value:
        end = mapping.value[-1][1].end_mark.index
        return end, end, f", {flow(new.path)}"
    return mapping.start_mark.index, mapping.end_mark.index, f"{{{flow(new.path)}}}"


def _fill(text: str, parent: yaml.MappingNode, key: yaml.Node, node: yaml.Node, new: New) -> Iterator[Edit]:
    """A key without a value, or with `null`: a mapping comes below it."""
    start, end = node.start_mark.index, node.end_mark.index
    if parent.flow_style or text[start : start + 1] in ("&", "!"):
        raise NotInPlaceError(f"{key.value} has no value, in a place where none can be put.")
    if start < end:
        yield start, end, ""
    column = key.start_mark.column
    step = column or _step(parent)
    yield _lines(text, _line_end(text, end), column + step, step, new)


def _lines(text: str, where: int, indent: int, step: int, new: New) -> Edit:
    """Lines of a block mapping at the end of a line, with the line ends that the file has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{' ' * (indent + step * depth)}{name}:" for depth, name in enumerate(new.path)]
    deep = " " * (indent + step * len(new.path))
    block = newline.join([*lines, *(f"{deep}{key}: {_plain(value)}" for key, value in new.values.items())])
    begins = where == 0 or text[where - 1] == "\n"
    return where, where, block + newline if begins else newline + block


def _plain(value: str) -> str:
    """The text as YAML writes it: quoted where it would be a number otherwise."""
    return str(yaml.safe_dump(value, width=1000)).removesuffix("...\n").strip()


def _line_end(text: str, where: int) -> int:
    """Where the line of a position ends; its line end is left behind what is inserted there."""
    end = text.find("\n", where)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1] == "\r" else end


def _step(mapping: yaml.MappingNode) -> int:
    """By how much the file indents, by its first nested mapping."""
    own: int = mapping.value[0][0].start_mark.column
    for _, value in mapping.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.start_mark.column > own:
            return int(value.start_mark.column) - own
    return 2


def _compare(before: str, after: str, new: New) -> None:
    """Raise unless the two differ in nothing but the new values, as a parser reads them."""
    old, changed = compose(before), compose(after)
    if [*_rest(old, new)] != [*_rest(changed, new)]:
        raise NotInPlaceError("Another place of the file would change with it.")
    written = {(path, tag): value for path, tag, value in _leaves(changed)}
    if any(written.get(((*new.path, key), _TEXT)) != value for key, value in new.values.items()):
        raise NotInPlaceError("What is written there would not be read back.")


def _rest(node: yaml.Node | None, new: New) -> Iterator[Leaf]:
    """All but the new values, and but what is empty on the way to them."""
    for path, tag, value in _leaves(node):
        ours = path[:-1] == new.path and path[-1] in new.values
        way = path == new.path[: len(path)]
        if not ours and not (way and tag in (NULL, _MAP)):
            yield path, tag, value


def _leaves(node: yaml.Node | None, path: Path = ()) -> Iterator[Leaf]:
    """What a document holds, in order, with every alias written out."""
    if node is None:
        yield path, NULL, ""
    elif isinstance(node, yaml.ScalarNode) or not node.value:
        yield path, node.tag, node.value or ""
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _leaves(value, (*path, key.value if isinstance(key, yaml.ScalarNode) else repr([*_leaves(key)])))
    else:
        for number, item in enumerate(node.value):
            yield from _leaves(item, (*path, f"[{number}]"))
