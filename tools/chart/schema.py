"""The JSON Schema of the chart's values, by which Helm refuses a misspelt key or a value that makes no sense."""

from collections.abc import Iterator

from source import STANDS_ALONE, Json, Key, SourceError

# bool comes before int, which it is a subclass of.
TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))


def of(root: Key, definitions: Json) -> Json:
    """The schema of the file, with the definitions; raises `SourceError` for a hint that refers to none of them."""
    used = {name for definition in definitions.values() for name in _references(definition)}
    for key in (root, *root.walk()):
        for name in _references([key.hint, key.extras]):
            if name not in definitions:
                raise SourceError(key.line, f"there is no definition `{name}`")
            used.add(name)
    if unused := sorted(definitions.keys() - used):
        raise SourceError(root.line, f"no hint refers to the definition `{unused[0]}`")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Made by `make chart` from values.yaml.",
        "title": "Values of the mage-ilum chart",
        **_of(root),
        "$defs": _expanded(definitions),
    }


def _of(key: Key) -> Json:
    described: Json = {"description": key.description} if key.description else {}
    inferred: Json = {} if STANDS_ALONE & key.hint.keys() else {"type": _type(key)}
    if key.keys:
        properties = {name: _expanded(fragment) for name, fragment in key.extras.items()}
        properties |= {child.path[-1]: _of(child) for child in key.keys}
        inferred |= {"additionalProperties": False, "properties": properties}
        # `helm upgrade --reuse-values` leaves out one that the chart before did not know.
        if sections := [child.path[-1] for child in key.keys if child.keys]:
            inferred["required"] = sections
    hint: Json = _expanded(key.hint)
    return described | inferred | hint


def _type(key: Key) -> str:
    for python, name in TYPES:
        if isinstance(key.default, python):
            return name
    raise SourceError(key.line, f"the default of {'.'.join(key.path)} shows no type: a hint has to say it")


def _references(fragment: object) -> Iterator[str]:
    """The definitions that a piece of schema names."""
    if isinstance(fragment, dict):
        if "$ref" in fragment:
            yield fragment["$ref"]
        fragment = list(fragment.values())
    if isinstance(fragment, list):
        for part in fragment:
            yield from _references(part)


def _expanded(fragment: Json) -> Json:
    """The same, with each definition named as JSON Schema does."""
    return {name: f"#/$defs/{part}" if name == "$ref" else _deeper(part) for name, part in fragment.items()}


def _deeper(part: object) -> object:
    if isinstance(part, dict):
        return _expanded(part)
    return [_deeper(each) for each in part] if isinstance(part, list) else part
