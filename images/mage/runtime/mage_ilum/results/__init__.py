"""Results of Spark as pandas frames."""
