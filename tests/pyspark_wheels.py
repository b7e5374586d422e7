"""PySpark as the images get it: the wheel that deploykit packs from the published sdist."""

from tests.needs import missing

from deploykit import catalog
from deploykit.cli.output import Lines
from deploykit.errors import DeploykitError
from deploykit.image import wheelhouse
from deploykit.image.index import Target


def wheel(version: str, *, jars: bool) -> wheelhouse.Wheel:
    """It is in the user's cache, by its hash."""
    known = catalog.load()
    spark = known.spark(version)
    target = Target(python="3.10", machine="x86_64", glibc="2.36")
    try:
        return wheelhouse.pyspark(spark, known.line(spark), target, jars=jars, progress=Lines())
    except DeploykitError as error:
        missing(f"PySpark {version}", error.what)
