"""The examples of the docstrings do what they say."""

import datetime
import doctest
import importlib

from case import marker

import mage_ilum

case = marker()


def run(spark, module):
    """Run a module's examples, with what a block that follows them has imported."""
    spark.sql("CREATE DATABASE IF NOT EXISTS docs")
    names = {name: getattr(mage_ilum, name) for name in ("count", "identifier", "spark_session", "sql", "to_pandas")}
    names |= {"write_table": mage_ilum.write_table, "date": datetime.date}
    failed, tried = doctest.testmod(importlib.import_module(f"mage_ilum.{module}"), extraglobs=names)
    assert (failed, tried > 0) == (0, True), f"{failed} of {tried} failed"


@case
def frames(spark):
    run(spark, "results.frames")


@case
def identifiers(spark):
    run(spark, "query.identifiers")


@case
def queries(spark):
    run(spark, "query.sql")


@case
def tables(spark):
    run(spark, "tables.write")
