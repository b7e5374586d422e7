"""Writing tables on Spark."""
