"""A process that ends without stopping its session, as the guide's second block does."""

import mage_ilum.hooks.start

mage_ilum.hooks.start.install()

import os  # noqa: E402

from pyspark.sql import SparkSession  # noqa: E402  the hook comes first, as at the start of every Python in the image

spark = SparkSession.builder.remote(os.environ["ILUM_SPARK_CONNECT_URL"]).getOrCreate()
print(spark.range(3).count(), flush=True)
