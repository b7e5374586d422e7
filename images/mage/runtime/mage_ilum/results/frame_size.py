"""How much memory an Arrow table takes as a pandas frame, estimated from its types and lengths alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# What CPython takes for one value of a column of objects, in bytes, without its content; 8 of them are the reference.
_STRING = 8 + 49
_BINARY = 8 + 33
_DATE = 8 + 32
_DECIMAL = 8 + 104
_NUMBER = 8 + 32
_ARRAY = 8 + 112
_DICT = 8 + 232


def pandas_bytes(table: "pa.Table") -> int:
    """About what `frame.memory_usage(deep=True)` will add up to, without the index.

    Too much where strings repeat, which pandas then shares; too little for text beyond the Basic Multilingual Plane.
    """
    return sum(_column_bytes(chunk) for column in table.columns for chunk in column.chunks)


def _column_bytes(array: "pa.Array") -> int:
    import pyarrow.types as t

    rows, kind = len(array), array.type
    if (t.is_boolean(kind) or t.is_integer(kind)) and array.null_count:
        return rows * 8
    if t.is_primitive(kind) and not t.is_date(kind):
        return rows * max(int(kind.bit_width) // 8, 1)
    return _object_bytes(array)


def _object_bytes(array: "pa.Array") -> int:
    """Of values that are Python objects, each with a reference to it."""
    import pyarrow.types as t

    kind, each, content = array.type, _NUMBER, 0
    if t.is_string(kind) or t.is_large_string(kind):
        each, content = _STRING, array.nbytes
    elif t.is_binary(kind) or t.is_large_binary(kind):
        each, content = _BINARY, array.nbytes
    elif t.is_date(kind):
        each = _DATE
    elif t.is_decimal(kind):
        each = _DECIMAL
    elif t.is_map(kind):
        each, content = _DICT, _object_bytes(array.keys) + _object_bytes(array.items)
    elif t.is_list(kind) or t.is_large_list(kind):
        each, content = _ARRAY, _column_bytes(array.flatten())
    elif t.is_struct(kind):
        each, content = _DICT, sum(_object_bytes(part) for part in array.flatten())
    return len(array) * each + int(content)
