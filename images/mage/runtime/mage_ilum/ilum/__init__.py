"""Spark Connect jobs on Ilum's REST API."""

from mage_ilum.ilum.allocation import dynamic_allocation
from mage_ilum.ilum.api import JobApi
from mage_ilum.ilum.job import JobFailedError, SparkConnectJob

__all__ = ["JobApi", "JobFailedError", "SparkConnectJob", "dynamic_allocation"]
