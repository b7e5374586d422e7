"""The work-around for a PySpark that is newer than its server: settings that the server does not know yet.

Without them `createDataFrame` fails, with SQL_CONF_NOT_FOUND or on `int('3221225472b')`. pandas on Spark stays broken.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What PySpark 4.0 to 4.2 reads in createDataFrame and later Sparks added, with the defaults that Spark gave it.
_DEFAULTS = {
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
    "spark.sql.execution.pandas.inferPandasDictAsMap": "false",
    "spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled": "false",
    "spark.sql.session.localRelationBatchOfChunksSizeBytes": str(1 << 30),
    "spark.sql.session.localRelationChunkSizeBytes": str(16 << 20),
    "spark.sql.session.localRelationChunkSizeRows": "10000",
    "spark.sql.session.localRelationSizeLimit": str(3 << 30),
}


def supply_settings(session: "SparkSession") -> None:
    """Set for this session what its server lacks; what the server has set stays."""
    values = session.client.get_config_with_defaults(*_DEFAULTS.items())
    for name, value in zip(_DEFAULTS, values, strict=True):
        # Spark 4.1 writes a size with its unit, and a newer client reads a number.
        session.conf.set(name, value.removesuffix("b") if value and value[0].isdigit() else value)
