"""One query in one session."""

from mage_ilum import spark_session

with spark_session() as spark:
    print(spark.range(5).count())
