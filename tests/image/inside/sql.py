"""Runs in an image: what `sql_engine()` does against a real server, whose address is in ILUM_SQL_URL."""

import datetime
import doctest
import time
from decimal import Decimal

import pandas as pd
from sqlalchemy import MetaData, Table, bindparam, inspect, select, text
from sqlalchemy.exc import NoSuchTableError, OperationalError

from mage_ilum import sql_engine
from mage_ilum.hive import engine as hive

HOSTILE = [
    "'; DROP TABLE sales.orders; --", "\\", "\\'", "it's", "a\nb\r\t\0\x1a", "%s %(x)s %%", "`", "ü€😀", "--", "/*",
    ":name", "${env:HOME}", "${spark.app.name}", "\\u0041", "\\101", "\\%", "\\_",
]  # fmt: skip
VALUES = [
    None, True, False, 0, -5, 1 << 40, 1.5, -1e-7, 1e20, float("inf"), Decimal("-12.345"), b"\x00\xff",
    datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 1, 2, 3, 4),
]  # fmt: skip
ENDLESS = "SELECT count(*) FROM range(100000000000) a CROSS JOIN range(10000000000) b WHERE hash(a.id, b.id) = 42"

assert doctest.testmod(hive, raise_on_error=True).attempted

engine = sql_engine(query_timeout=60)
with engine.connect() as connection:
    parameters = {f"v{number}": value for number, value in enumerate([*HOSTILE, *VALUES])}
    got = connection.execute(text(f"SELECT {', '.join(f':{name}' for name in parameters)}"), parameters).one()
    for found, value in zip(got, parameters.values(), strict=True):
        assert (type(found), found) == (type(value), value), (found, value)
    assert connection.execute(text("SELECT 10-:value"), {"value": -5}).scalar() == 15
    inside = text("SELECT count(*) FROM range(10) WHERE id NOT IN :ids").bindparams(bindparam("ids", expanding=True))
    assert [connection.execute(inside, {"ids": ids}).scalar() for ids in ([1, 3], [])] == [8, 10]
    assert connection.exec_driver_sql("SELECT 'a%' LIKE 'a%'").scalar() is True
    row = connection.execute(
        text("SELECT array(1, 2) AS a, CAST(NULL AS INT) AS n, CAST(1.5 AS DECIMAL(10, 2)) AS d")
    ).one()
    assert row._asdict() == {"a": "[1,2]", "n": None, "d": Decimal("1.50")}
    connection.execute(text("CREATE DATABASE IF NOT EXISTS sales"))
    for name in ("orders", "copies"):
        connection.execute(text(f"DROP TABLE IF EXISTS sales.{name}"))
    connection.execute(
        text("CREATE TABLE sales.orders (id INT, `at` TIMESTAMP, day DATE) USING parquet PARTITIONED BY (day)")
    )
    connection.execute(text("INSERT INTO sales.orders VALUES (1, TIMESTAMP'2026-01-01 10:00:00', DATE'2026-01-01')"))
    many = pd.read_sql(text("SELECT id, CAST(id AS STRING) AS name FROM range(25000)"), connection)
    assert (len(many), many.id.sum(), many.name.iloc[-1]) == (25000, 312487500, "24999")

# Reflection, and a statement that SQLAlchemy writes.
seen = inspect(engine)
assert "sales" in seen.get_schema_names()
assert seen.get_table_names(schema="sales") == ["orders"]
assert [column["name"] for column in seen.get_columns("orders", schema="sales")] == ["id", "at", "day"]
try:
    seen.get_columns("nothing", schema="sales")
    raise AssertionError("a table that is not there has columns")
except NoSuchTableError:
    pass
orders = Table("orders", MetaData(), autoload_with=engine, schema="sales")
with engine.connect() as connection:
    query = select(orders.c.id, orders.c["at"]).where(orders.c.day == datetime.date(2026, 1, 1)).limit(5)
    assert connection.execute(query).all() == [(1, datetime.datetime(2026, 1, 1, 10))]

# A frame of pandas, there and back.
frame = pd.DataFrame({"n": range(300), "s": ["it's"] * 300, "f": [0.5] * 300, "ok": [True] * 300, "none": [None] * 300})
frame.to_sql("copies", engine, schema="sales", index=False)
back = pd.read_sql_table("copies", engine, schema="sales").sort_values("n", ignore_index=True)
assert back[["n", "s", "f", "ok"]].equals(frame[["n", "s", "f", "ok"]]), back.head()
assert back.none.isna().all()


def failure(query: str, seconds: float) -> str:
    """What a query that must fail says."""
    with sql_engine(query_timeout=seconds).connect() as connection:
        try:
            connection.execute(text(query))
        except OperationalError as error:
            return str(error)
    raise AssertionError(f"{query} did not fail")


wrong = failure("SELECT * FROM sales.nothing", 60)
assert "[TABLE_OR_VIEW_NOT_FOUND]" in wrong, wrong
assert "org.apache" not in wrong, wrong

# A query that has no end: its block gets an error in time, and the server its cores back.
began = time.monotonic()
late = failure(ENDLESS, 3)
took = time.monotonic() - began
assert "did not end within 3 s and was cancelled" in late, late
assert took < 8, took
with sql_engine(query_timeout=30).connect() as connection:
    assert connection.execute(text("SELECT sum(id) FROM range(1000)")).scalar() == 499500
print(f"fine after {took:.1f} s")
