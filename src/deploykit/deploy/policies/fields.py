"""Fields of Kubernetes JSON objects, with an error that names the field."""

from collections.abc import Iterator, Mapping, Sequence

from deploykit.kubernetes_api import Item


class InvalidFieldError(Exception):
    """A field that the API server would refuse; the text says which, and why."""


def invalid(path: str, why: str) -> InvalidFieldError:
    """The error for a field."""
    return InvalidFieldError(f"{path} {why}")


def mapping(value: object, path: str) -> Item:
    """An object; what is missing is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(path, "is no object")
    return value


def items(value: object, path: str) -> Iterator[tuple[Item, str]]:
    """The objects of a list, each with its path; what is missing is an empty list."""
    for number, one in enumerate(sequence(value, path)):
        yield mapping(one, f"{path}[{number}]"), f"{path}[{number}]"


def sequence(value: object, path: str) -> Sequence[object]:
    """A list; what is missing is an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise invalid(path, "is no list")
    return value


def text(value: object, path: str) -> str:
    """A text; what is missing is an empty one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(path, f"is no text: {value!r}")
    return value


def labels(value: object, path: str) -> dict[str, str]:
    """Labels, whose values are texts: YAML reads an unquoted `1` or `true` as something else."""
    return {str(key): text(one, f"{path}.{key}") for key, one in mapping(value, path).items()}


def port_number(value: object, path: str) -> int:
    """The number of a port."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65535:
        raise invalid(path, f"is no port number from 1 to 65535: {value!r}")
    return value


def port(value: object, path: str) -> int | str:
    """The number or name of a port."""
    return value if isinstance(value, str) and value else port_number(value, path)
