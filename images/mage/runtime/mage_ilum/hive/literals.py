"""Python values as literals of Spark SQL: HiveServer2's protocol has no parameters, so the client writes them.

Each type has one form that nothing in the value can end; a value of any other type is refused, never written by `str`.
"""

import datetime
import math
import numbers
import uuid
from decimal import Decimal
from functools import singledispatch

# A `$` too: Spark puts variables, the driver's environment among them, in the place of `${env:NAME}`, also in a string.
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z", "$": "\\u0024"}
)


@singledispatch
def literal(value: object) -> str:
    r"""The literal that is this value; raises `TypeError` for a type that has none.

    >>> print(literal("it's"), literal(None), literal(datetime.date(2026, 1, 31)), literal([1, -2]))
    'it\'s' NULL DATE '2026-01-31' (1, (-2))
    """
    raise TypeError(f"a value of type {type(value).__name__} cannot be bound")


@literal.register
def _none(value: None) -> str:
    return "NULL"


@literal.register
def _boolean(value: bool) -> str:
    return "TRUE" if value else "FALSE"


@literal.register(numbers.Integral)
def _integer(value: int) -> str:
    return _signed(str(int(value)))


@literal.register(numbers.Real)
def _double(value: float) -> str:
    number = float(value)
    return _signed(f"{number!r}D") if math.isfinite(number) else f"CAST('{number}' AS DOUBLE)"


@literal.register
def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"the decimal {value} cannot be bound")
    return _signed(f"{value:f}BD")


@literal.register
def _string(value: str) -> str:
    return f"'{value.translate(_ESCAPES)}'"


@literal.register
def _uuid(value: uuid.UUID) -> str:
    return f"'{value}'"


@literal.register(bytes)
@literal.register(bytearray)
def _binary(value: bytes) -> str:
    return f"X'{value.hex()}'"


@literal.register
def _date(value: datetime.date) -> str:
    return f"DATE '{value.isoformat()}'"


@literal.register
def _timestamp(value: datetime.datetime) -> str:
    """In the session's time zone where the value has none. pandas' NaT is a datetime that equals nothing."""
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'" if value == value else "NULL"  # noqa: PLR0124  NaT is not itself


@literal.register(list)
@literal.register(tuple)
@literal.register(set)
@literal.register(frozenset)
def _list(value: "list[object]") -> str:
    """What follows `IN`; an empty one holds nothing, which SQL has no list for."""
    return f"({', '.join(map(literal, value))})" if value else "(SELECT NULL WHERE FALSE)"


def _signed(text: str) -> str:
    """A negative number in brackets: behind a minus it would begin a comment."""
    return f"({text})" if text.startswith("-") else text
