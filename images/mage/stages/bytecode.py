"""Compiles every module under a folder; the same sources give the same bytes. Usage: bytecode.py ROOT [FOLDER]

ROOT stands for `/` of the image, FOLDER is a path in it. Bytecode with an unchecked hash is used as it is: no source
file is looked at, and no date matters.

What Python itself writes differs from run to run: it marks each object that anything in memory refers to just then,
such as a name that another module uses too, and writes sets in an order that depends on hashes. Here it is anew.
"""

import os
import sys
from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[import-not-found] # there is no public one
from importlib.util import cache_from_source, source_hash
from pathlib import Path

HEAD = 16  # bytes: magic number, flags, hash of the source
MARK = 0x80
CODE, NUMBER, REFERENCE, SET, SLICE = b"clr>:"
# A code object is so many numbers, objects, the number of its first line, and objects again.
NUMBERS, BEFORE, AFTER = (5, 8, 2) if sys.version_info >= (3, 11) else (6, 8, 1)
COUNTED = {**dict.fromkeys(b"saAtu", 4), **dict.fromkeys(b"zZ", 1)}  # bytes and text, after their length
FIXED = {**dict.fromkeys(b"0NFTS.", 0), **dict.fromkeys(b"ir", 4), ord("g"): 8, ord("y"): 16}
GROUPS = {**dict.fromkeys(b"(>", 4), ord(")"): 1}  # tuples and sets, after the number of their elements


class Object:
    """One marshalled object: its kind, its own bytes, and the objects in it, with bytes between them."""

    def __init__(self, kind: int) -> None:
        self.kind, self.own, self.parts = kind, b"", []  # type: int, bytes, List[Object]
        self.between, self.uses, self.number = b"", 0, -1


class Reader:
    """What `marshal` wrote, as objects."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0
        self.marked: list[Object] = []

    def read(self) -> Object:
        """The next object; one that was there before is the same one."""
        kind = self.take(1)[0]
        found = Object(kind & ~MARK)
        if kind & MARK:
            self.marked.append(found)
        kind = found.kind
        if kind == REFERENCE:
            found = self.marked[int.from_bytes(self.take(4), "little")]
        elif kind in COUNTED:
            size = self.take(COUNTED[kind])
            found.own = size + self.take(int.from_bytes(size, "little"))
            found.kind = one_character(kind, found.own)
        elif kind in FIXED:
            found.own = self.take(FIXED[kind])
        elif kind in GROUPS:
            found.own = self.take(GROUPS[kind])
            found.parts = self.several(int.from_bytes(found.own, "little"))
        elif kind == CODE:
            found.own = self.take(4 * NUMBERS)
            found.parts = self.several(BEFORE)
            found.between = self.take(4)
            found.parts += self.several(AFTER)
        elif kind == NUMBER:
            size = self.take(4)
            found.own = size + self.take(2 * abs(int.from_bytes(size, "little", signed=True)))
        elif kind == SLICE:
            found.parts = self.several(3)
        else:
            raise TypeError("a code object holds a " + repr(chr(kind)))
        found.uses += 1
        return found

    def several(self, count: int) -> list[Object]:
        return [self.read() for _ in range(count)]

    def take(self, size: int) -> bytes:
        self.position += size
        return self.data[self.position - size : self.position]


def one_character(kind: int, own: bytes) -> int:
    """Python has each text of one character once; whether it counts as a name depends on who else uses it."""
    if kind in b"zZ" and len(own) == 2:
        return ord("Z") if own[1:].isalnum() or own[1:] == b"_" else ord("z")
    return ord("u") if kind in b"tu" and len(own) == 6 else kind


class Writer:
    """Writes objects so that only those are marked that are referred to later, and sets in one order."""

    def __init__(self) -> None:
        self.out, self.numbers = bytearray(), 0

    def write(self, found: Object) -> None:
        if found.number >= 0:
            self.out += bytes([REFERENCE]) + found.number.to_bytes(4, "little")
            return
        if found.uses > 1:
            found.number, self.numbers = self.numbers, self.numbers + 1
        self.out.append(found.kind | (MARK if found.uses > 1 else 0))
        self.out += found.own
        parts = sorted(found.parts, key=plain) if found.kind == SET else found.parts
        for number, part in enumerate(parts):
            if number == BEFORE and found.kind == CODE:
                self.out += found.between
            self.write(part)


def plain(found: Object) -> tuple[int, bytes, list]:  # type: ignore[type-arg] # a list of the same
    """Something to sort by that is the same everywhere."""
    return found.kind, found.own, [plain(part) for part in found.parts]


def compiled(text: bytes, path: str) -> bytes:
    """The bytecode file of a module's source, which is at `path` in the image."""
    code = compile(text, path, "exec", dont_inherit=True)
    data = bytes(_code_to_hash_pyc(code, source_hash(text), False))
    writer = Writer()
    writer.write(Reader(data[HEAD:]).read())
    return data[:HEAD] + bytes(writer.out)


def compile_all(root: Path, sources: list[Path]) -> None:
    """Files that are no Python of this version, such as templates, are left out."""
    for source in sources:
        text = source.read_bytes()
        try:
            data = compiled(text, "/" + source.relative_to(root).as_posix())
        except (SyntaxError, ValueError):
            continue
        target = Path(cache_from_source(str(source)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)


def main(root: Path, folder: str) -> None:
    """With a process for each processor."""
    sources = sorted((root / folder).rglob("*.py"))
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = min(processors, len(sources) // 20 + 1)
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            try:
                compile_all(root, sources[number::count])
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        children.append(child)
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), (sys.argv[2:] or [""])[0])
