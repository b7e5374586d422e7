"""Runs in an image that was built `--with jdbc`: what `jdbc_connect()` does against a real server (ILUM_SQL_URL)."""

import datetime
import doctest
import os
import time
from collections.abc import Callable
from decimal import Decimal

from mage_ilum import MageIlumError, jdbc_connect
from mage_ilum.jdbc import connection as jdbc

VALUES = [
    "it's ${env:HOME} \\ ? -- %s", "'; DROP TABLE x; --", None, True, -5, 1 << 40, 1.5, Decimal("-12.345"), b"\x00\xff",
    datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 1, 2, 3, 4),
]  # fmt: skip
ENDLESS = "SELECT count(*) FROM range(100000000000) a CROSS JOIN range(10000000000) b WHERE hash(a.id, b.id) = 42"


def failure(action: Callable[[], object]) -> MageIlumError:
    """The error of what must fail."""
    try:
        action()
    except MageIlumError as error:
        return error
    raise AssertionError("it did not fail")


assert doctest.testmod(jdbc, raise_on_error=True).attempted

with jdbc_connect(query_timeout=60) as connection:
    cursor = connection.cursor()
    parameters = {f"v{number}": value for number, value in enumerate(VALUES)}
    cursor.execute(f"SELECT array(1) AS a, {', '.join(f'%({name})s' for name in parameters)}", parameters)
    [(array, *got)] = cursor.fetchall()
    assert array == "[1]"
    for found, value in zip(got, VALUES, strict=True):
        assert (type(found), found) == (type(value), value), (found, value)
    assert cursor.description[0][:2] == ("a", "array")
    cursor.execute("SELECT id FROM range(12000)")
    assert (cursor.fetchone(), len(cursor.fetchmany(10)), len(cursor.fetchall())) == ((0,), 10, 11989)
    wrong = failure(lambda: cursor.execute("SELECT * FROM nothing"))
    assert str(wrong).startswith("[TABLE_OR_VIEW_NOT_FOUND]"), wrong
    wrong = failure(lambda: cursor.execute("SELECT session_timeout"))
    assert (wrong.code, "session_timeout" in wrong.what) == ("query-failed", True), wrong

# The driver's own address; a password in it is never shown.
own = os.environ["ILUM_SQL_URL"].replace("hive://", "jdbc:hive2://")
with jdbc_connect(f"{own};user=ana;password=s3cr3t", query_timeout=3) as connection:
    cursor = connection.cursor()
    began = time.monotonic()
    late = failure(lambda: cursor.execute(ENDLESS))
    assert late.code == "query-timeout", late
    assert time.monotonic() - began < 8
nowhere = failure(lambda: jdbc_connect(f"{own.rpartition('/')[0]}/nothing;user=ana;password=s3cr3t"))
assert "SCHEMA_NOT_FOUND" in str(nowhere), nowhere
assert "s3cr3t" not in str(nowhere), nowhere
print("fine")
