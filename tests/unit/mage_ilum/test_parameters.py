"""Python values become literals that Spark binds."""

import enum
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mage_ilum.errors import UsageError
from mage_ilum.query.parameters import Parameters


class Country(str, enum.Enum):  # noqa: UP042  people have both
    PL = "pl"


@pytest.mark.parametrize(
    "value",
    [
        *("it's", "", ":x", True, 0, -(2**63), 2**63 - 1, 1.5, math.inf, None),
        *(Decimal("1.50"), Decimal("-0.00"), date(2026, 1, 31), datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_plain_value_is_bound_as_it_is(value):
    made = Parameters.of({"x": value})
    assert made.arguments == {"x": value}
    assert type(made.arguments["x"]) is type(value)
    assert made.texts == {}


def test_a_value_of_a_subclass_becomes_plain():
    made = Parameters.of({"x": Country.PL, "y": enum.IntEnum("N", "ONE").ONE})
    assert [(type(value), value) for value in made.arguments.values()] == [(str, "pl"), (int, 1)]


@pytest.mark.parametrize("many", [["a", "b"], ("a", "b")])
def test_a_list_is_bound_item_by_item(many):
    made = Parameters.of({"x": many})
    assert made.arguments == {"item_x_0": "a", "item_x_1": "b"}
    assert made.texts == {"x": ":item_x_0, :item_x_1"}


def test_a_set_is_a_list_too():
    assert sorted(Parameters.of({"x": {1, 2}}).arguments.values()) == [1, 2]
    assert list(Parameters.of({"x": frozenset({1})}).arguments.values()) == [1]


def test_an_empty_list_is_an_empty_relation():
    made = Parameters.of({"x": []})
    assert (made.arguments, made.texts) == ({}, {"x": "SELECT NULL WHERE FALSE"})


def test_the_names_of_items_are_nobody_elses():
    made = Parameters.of({"x": ["a"], "item_x_0": "b"})
    assert made.arguments == {"items_x_0": "a", "item_x_0": "b"}


def test_a_time_without_a_zone_is_left_to_the_session():
    made = Parameters.of({"x": datetime(2026, 1, 31, 12, 0, 0, 5), "y": [datetime(999, 1, 1), None]})
    assert made.arguments == {
        "x": "2026-01-31 12:00:00.000005",
        "item_y_0": "0999-01-01 00:00:00.000000",
        "item_y_1": None,
    }
    assert made.texts == {"x": "CAST(:x AS TIMESTAMP)", "y": "CAST(:item_y_0 AS TIMESTAMP), :item_y_1"}


def test_a_decimal_has_no_exponent():
    (value,) = Parameters.of({"x": Decimal("1E+3")}).arguments.values()
    assert str(value) == "1000"


@pytest.mark.parametrize(
    "value",
    [
        *(2**63, -(2**63) - 1, Decimal("NaN"), Decimal("Infinity"), Decimal("1E+38"), Decimal("1E-39"), "\ud800"),
        *(b"bytes", timedelta(1), object(), {"a": 1}, [["nested"]], [object()], 1j),
    ],
)
def test_what_sql_has_no_literal_for_is_refused_by_name(value):
    with pytest.raises(UsageError, match=r"value of :amount .* cannot be bound") as caught:
        Parameters.of({"amount": value})
    assert caught.value.code == "bad-value"
    assert caught.value.fix
