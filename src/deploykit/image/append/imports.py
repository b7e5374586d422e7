"""What a module imports when it is imported, read from its source: without what may fail, is late or is for types."""

import ast
from collections.abc import Iterator

_NOT_LOOKED_INTO = ast.Try | ast.If | ast.FunctionDef | ast.AsyncFunctionDef


def imported(source: bytes, module: str, *, is_package: bool) -> set[str]:
    """Full names, such as `google.protobuf.any_pb2`; of `from a import b` both `a` and `a.b`, which may be no module.

    What a `try` guards, a function does when it is called, or an `if` decides, is not looked at.
    """
    package = module if is_package else module.rpartition(".")[0]
    found: set[str] = set()
    for node in _at_once(ast.parse(source).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names if alias.name != "*")}
    return found - {""}


def _at_once(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.With | ast.ClassDef):
            yield from _at_once(node.body)
        elif not isinstance(node, _NOT_LOOKED_INTO):
            yield node
