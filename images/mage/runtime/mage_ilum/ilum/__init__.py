"""Spark Connect jobs on Ilum's REST API."""

from mage_ilum.ilum.allocation import dynamic_allocation
from mage_ilum.ilum.api import JobApi
from mage_ilum.ilum.job import SparkConnectJob

__all__ = ["JobApi", "SparkConnectJob", "dynamic_allocation"]
