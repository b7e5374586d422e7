"""Spark versions in image references."""

import pytest

from deploykit.detect.image_tags import spark_version


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("ilum/spark:4.1.1", "4.1.1"),
        ("ilum/spark:3.5.3-delta", "3.5.3-delta"),
        ("registry.example:5000/team/spark:3.5.7", "3.5.7"),
        ("apache/spark:v3.5.1", "3.5.1"),
        ("apache/spark:4.0.0-scala2.13-java17-python3-ubuntu", "4.0.0"),
        ("bitnami/spark:3.5.1-debian-12-r5", "3.5.1"),
        ("datamechanics/spark:3.1.1-hadoop-3.2.0-java-11-scala-2.12-python-3.8-latest", "3.1.1"),
        ("team/spark:hadoop3.3.4-spark3.5.1-java17", "3.5.1"),
        ("team/etl:7.0.1-spark-4.0.2", "4.0.2"),
        ("team/etl:scala2.12.18_pyspark-3.5.0", "3.5.0"),
        ("ilum/spark:4.1.1@sha256:" + "a" * 64, "4.1.1"),
    ],
)
def test_the_version_of_spark_is_picked_out(reference, expected):
    assert str(spark_version(reference)) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "ilum/spark",
        "ilum/spark:latest",
        "ilum/spark:4",
        "ilum/spark:4.1",
        "ilum/core:6.7.0",
        "team/etl:3.5.1",
        "team/spark-job:1.2.3",
        "team/spark:20260102.11.3",
        "team/spark:4.1.1.2",
        "registry.example:5000/spark@sha256:" + "a" * 64,
        "registry-4.1.1.example:5000/spark",
        "",
    ],
)
def test_what_does_not_name_it_is_not_guessed(reference):
    assert spark_version(reference) is None
