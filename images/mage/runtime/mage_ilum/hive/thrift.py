"""Thrift's binary protocol, as far as HiveServer2 needs it: structs are dicts by field number.

To write, a value carries its type: `i32(1)`, `text("x")`, `struct({1: i32(1)})`. What is read is plain Python; a list
of numbers is read at once, a map as a list of keys and values in turn.
"""

import struct as packing
from collections.abc import Mapping
from typing import Protocol, Union

Value = Union[bool, int, float, bytes, list["Value"], "Struct"]
Struct = dict[int, Value]

_VERSION = 0x80010000
_CALL, _EXCEPTION = 1, 3
_STOP, _BOOL, _BYTE, _DOUBLE, _I16, _I32, _I64 = 0, 2, 3, 4, 6, 8, 10
_STRING, _STRUCT, _MAP, _SET, _LIST = 11, 12, 13, 14, 15
_FORMATS = {_BOOL: "?", _BYTE: "b", _DOUBLE: "d", _I16: "h", _I32: "i", _I64: "q"}
_MAX_SIZE = 1 << 30  # one string or list; more is a stream that lost its way


class Typed(tuple[int, bytes]):
    """A value as it is written: its type and its bytes."""

    __slots__ = ()


class ThriftError(Exception):
    """What was read is not Thrift."""


class RefusedError(ThriftError):
    """The server speaks Thrift, and could not do what was asked: it does not know the method, most often."""


class Reader(Protocol):
    """Where a reply comes from."""

    def read(self, size: int) -> bytes:
        """Just so many bytes."""


def flag(value: bool) -> Typed:
    """A bool."""
    return Typed((_BOOL, packing.pack(">?", value)))


def i16(value: int) -> Typed:
    """An integer of 16 bits."""
    return Typed((_I16, packing.pack(">h", value)))


def i32(value: int) -> Typed:
    """An integer of 32 bits, or a member of an enumeration."""
    return Typed((_I32, packing.pack(">i", value)))


def i64(value: int) -> Typed:
    """An integer of 64 bits."""
    return Typed((_I64, packing.pack(">q", value)))


def text(value: str | bytes) -> Typed:
    """A string, or bytes."""
    data = value.encode() if isinstance(value, str) else value
    return Typed((_STRING, packing.pack(">i", len(data)) + data))


def texts(values: Mapping[str, str]) -> Typed:
    """A map from strings to strings."""
    pairs = b"".join(text(key)[1] + text(value)[1] for key, value in values.items())
    return Typed((_MAP, packing.pack(">bbi", _STRING, _STRING, len(values)) + pairs))


def struct(fields: Mapping[int, Typed]) -> Typed:
    """A struct, by field number."""
    written = b"".join(packing.pack(">bh", kind, number) + data for number, (kind, data) in fields.items())
    return Typed((_STRUCT, written + bytes((_STOP,))))


def call(method: str, request: Typed) -> bytes:
    """The message that calls a method with one argument."""
    return packing.pack(">I", _VERSION | _CALL) + text(method)[1] + packing.pack(">i", 0) + struct({1: request})[1]


def reply(reader: Reader) -> Struct:
    """The result in the reply to a call; raises `ThriftError`."""
    (version,) = packing.unpack(">I", reader.read(4))
    if version & 0xFFFF0000 != _VERSION:
        raise ThriftError("it is not Thrift")
    _string(reader)
    reader.read(4)
    fields = _struct(reader)
    if version & 0xFF == _EXCEPTION:
        raise RefusedError(as_text(fields.get(1)) or "a Thrift exception")
    return fields_of(fields.get(0))


def fields_of(value: Value | None) -> Struct:
    """A value that is a struct; empty where it is not there."""
    return value if isinstance(value, dict) else {}


def items_of(value: Value | None) -> list[Value]:
    """A value that is a list; empty where it is not there."""
    return value if isinstance(value, list) else []


def as_text(value: Value | None) -> str:
    """A value that is a string; empty where it is not there."""
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _struct(reader: Reader) -> Struct:
    fields: Struct = {}
    while (kind := reader.read(1)[0]) != _STOP:
        (number,) = packing.unpack(">h", reader.read(2))
        fields[number] = _value(reader, kind)
    return fields


def _value(reader: Reader, kind: int) -> Value:
    if kind in _FORMATS:
        layout = ">" + _FORMATS[kind]
        value: Value = packing.unpack(layout, reader.read(packing.calcsize(layout)))[0]
        return value
    if kind == _STRING:
        return _string(reader)
    if kind == _STRUCT:
        return _struct(reader)
    if kind in (_LIST, _SET):
        element, count = packing.unpack(">bi", reader.read(5))
        return _list(reader, element, count)
    if kind == _MAP:
        key, value_kind, count = packing.unpack(">bbi", reader.read(6))
        return [_value(reader, kind) for _ in range(count) for kind in (key, value_kind)]
    raise ThriftError(f"a value of the unknown type {kind}")


def _list(reader: Reader, element: int, count: int) -> list[Value]:
    if not 0 <= count <= _MAX_SIZE:
        raise ThriftError(f"a list of {count} values")
    if element in _FORMATS:
        layout = f">{count}{_FORMATS[element]}"
        return list(packing.unpack(layout, reader.read(packing.calcsize(layout))))
    if element == _STRING:
        return [_string(reader) for _ in range(count)]
    return [_value(reader, element) for _ in range(count)]


def _string(reader: Reader) -> bytes:
    (size,) = packing.unpack(">i", reader.read(4))
    if not 0 <= size <= _MAX_SIZE:
        raise ThriftError(f"a string of {size} bytes")
    return reader.read(size)
