"""PySpark as the images get it: the wheel that deploykit packs from the published sdist."""

from pathlib import Path

from deploykit import catalog
from deploykit.cli.output import Lines
from deploykit.image import wheelhouse
from deploykit.image.index import Target
from deploykit.versions import SparkVersion


def wheel(version: str, folder: Path, *, jars: bool) -> Path:
    """A link in `folder` to the wheel in the user's cache, by the name that installers want."""
    spark = SparkVersion.parse(version)
    target = Target(python="3.10", machine="x86_64", glibc="2.36")
    found = wheelhouse.pyspark(spark, catalog.load().lines[spark.line], target, jars=jars, progress=Lines())
    link = folder / found.file
    link.symlink_to(found.path)
    return link
