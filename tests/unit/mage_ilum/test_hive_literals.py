"""Values as literals of Spark SQL. That Spark reads them back as they were is tested in tests/image/test_jdbc.py."""

import datetime
import re
import uuid
from decimal import Decimal

import pytest

from mage_ilum.hive.dbapi import ProgrammingError, bound
from mage_ilum.hive.literals import literal

HOSTILE = ["'", "''", "\\'", "\\", "a\nb", "x'; DROP TABLE t; --", "${env:HOME}", "/*", "\0", "%s", "%(x)s", "😀'"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_ends_where_its_literal_ends_and_holds_no_variable(value):
    text = literal(value)
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", text), "one string of Spark's grammar, and nothing behind it"
    assert "${" not in text
    assert not {"\n", "\0"} & set(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "TRUE"),
        (-1, "(-1)"),
        (1.5, "1.5D"),
        (-1e-7, "(-1e-07D)"),
        (float("nan"), "CAST('nan' AS DOUBLE)"),
        (Decimal("1E+3"), "1000BD"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, 6), "TIMESTAMP '2026-01-02 03:04:05.000006'"),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), "TIMESTAMP '2026-01-02 00:00:00+00:00'"),  # noqa: UP017
        (b"\x00\xff", "X'00ff'"),
        (uuid.UUID(int=0), "'00000000-0000-0000-0000-000000000000'"),
        (["a", None], "('a', NULL)"),
        ([], "(SELECT NULL WHERE FALSE)"),
    ],
)
def test_each_type_has_its_own_form(value, expected):
    assert literal(value) == expected


@pytest.mark.parametrize("value", [object(), {"a": 1}, Decimal("NaN"), datetime.time(1), 1j, [object()]])
def test_a_type_without_a_literal_is_refused(value):
    with pytest.raises(TypeError, match="cannot be bound"):
        literal(value)


def test_parameters_arebound_by_name_and_by_place():
    assert bound("SELECT %(a)s, '%%'", {"a": "it's"}) == "SELECT 'it\\'s', '%'"
    assert bound("SELECT %s, %s", (1, "%s")) == "SELECT 1, '%s'"


@pytest.mark.parametrize("parameters", [{}, [], {"a": 1}])
def test_with_parameters_a_doubled_percent_sign_is_one(parameters):
    assert bound("SELECT 'a%%'", parameters) == "SELECT 'a%'"


@pytest.mark.parametrize("parameters", [None, ()])
def test_without_parameters_a_statement_stays_as_it_is(parameters):
    assert bound("SELECT 'a%'", parameters) == "SELECT 'a%'"


@pytest.mark.parametrize(("statement", "parameters"), [("%(a)s", {}), ("%s", (1, 2)), ("%(a)s", {"a": object()})])
def test_parameters_that_do_not_fit_are_refused(statement, parameters):
    with pytest.raises(ProgrammingError, match="do not fit"):
        bound(statement, parameters)
