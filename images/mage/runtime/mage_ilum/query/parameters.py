"""Python values as Spark's SQL parameters: what is bound under which name, and what stands for it in the query."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from mage_ilum.errors import UsageError

Scalar: TypeAlias = "str | int | float | bool | Decimal | date | datetime | None"
Value: TypeAlias = "Scalar | Sequence[Scalar] | AbstractSet[Scalar]"

_BIGINT = 2**63
_DECIMAL_DIGITS = 38


@dataclass
class Parameters:
    """What Spark binds, and the text that takes the place of the placeholders that need another one."""

    arguments: dict[str, Scalar] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> "Parameters":
        """Raises `UsageError` for a value that SQL has no literal for."""
        made = cls()
        stem = _unused("item", values)
        for name, value in values.items():
            if isinstance(value, (list, tuple, set, frozenset)):
                made.texts[name] = made._list(name, value, f"{stem}_{name}")
            else:
                made._bind(name, name, value)
        return made

    def _list(self, name: str, values: Iterable[Scalar], stem: str) -> str:
        """`:item_days_0, :item_days_1`: `IN (:days)` takes a list of expressions, on every Spark line."""
        texts = []
        for index, value in enumerate(values):
            key = f"{stem}_{index}"
            self._bind(name, key, value)
            texts.append(self.texts.pop(key, f":{key}"))
        # No rows: so IN is false and NOT IN is true for every value, as they are for an empty list.
        return ", ".join(texts) or "SELECT NULL WHERE FALSE"

    def _bind(self, name: str, key: str, value: object) -> None:
        bound = _plain(name, value)
        if isinstance(bound, datetime) and bound.tzinfo is None:
            # PySpark would take the time zone of this machine; Spark's own cast takes that of the session.
            self.arguments[key] = bound.isoformat(" ", "microseconds")
            self.texts[key] = f"CAST(:{key} AS TIMESTAMP)"
        else:
            self.arguments[key] = bound


def _plain(name: str, value: object) -> Scalar:
    """The value as a plain Python one; numpy's scalars, such as those of a frame's column, have such a form."""
    numpy = sys.modules.get("numpy")  # who has a value of its has imported it
    if numpy and isinstance(value, (numpy.number, numpy.bool_)) and not isinstance(value, numpy.timedelta64):
        value = value.item()
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, str):
        return _text(name, str.__str__(value))
    if isinstance(value, int):
        if not -_BIGINT <= value < _BIGINT:
            raise _unbindable(name, "is an integer beyond BIGINT's 64 bits", "Pass it as a Decimal.")
        return int(value)
    if isinstance(value, Decimal):
        return _decimal(name, value)
    if isinstance(value, date) and type(value).__name__ != "NaTType":  # pandas' NaT is a datetime
        return value
    raise _unbindable(
        name,
        f"is a {type(value).__name__}",
        "Pass a str, int, float, bool, Decimal, date, datetime or None, or a list, tuple or set of these.",
    )


def _text(name: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _unbindable(name, "has half a surrogate pair, which UTF-8 cannot hold", "Clean the text first.") from None
    return value


def _decimal(name: str, value: Decimal) -> Decimal:
    if not value.is_finite():
        raise _unbindable(name, f"is the decimal {value}", "Pass None, or a float: DOUBLE has NaN and Infinity.")
    plain = format(value, "f")  # Spark reads an exponent as a negative scale, and then has no type for it
    if (
        len(plain.strip("-").replace(".", "").lstrip("0")) > _DECIMAL_DIGITS
        or len(plain.partition(".")[2]) > _DECIMAL_DIGITS
    ):
        raise _unbindable(name, f"has more than the {_DECIMAL_DIGITS} digits of a DECIMAL", "Round it first.")
    return Decimal(plain)


def _unused(stem: str, names: Iterable[str]) -> str:
    """The stem, or one like it, with which no name begins."""
    while any(name.startswith(f"{stem}_") for name in names):
        stem += "s"
    return stem


def _unbindable(name: str, trouble: str, fix: str) -> UsageError:
    return UsageError(f"The value of :{name} {trouble}; it cannot be bound.", code="bad-value", fix=fix)
