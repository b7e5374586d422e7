"""Spark settings for a server that grows and shrinks with its load."""

from mage_ilum.errors import UsageError


def dynamic_allocation(minimum: int, maximum: int) -> dict[str, str]:
    """Settings for between `minimum` and `maximum` executors, as the load asks for; for Spark on Kubernetes.

    There is no shuffle service on Kubernetes: executors that hold shuffle data are kept until it is not needed.
    Raises `UsageError` unless 0 <= minimum <= maximum and maximum > 0.

    >>> dynamic_allocation(1, 8)["spark.dynamicAllocation.maxExecutors"]
    '8'
    """
    if not 0 <= minimum <= maximum or maximum == 0:
        raise UsageError(
            f"No server can have between {minimum} and {maximum} executors.",
            code="bad-allocation",
            fix="Give the smaller number first, as in dynamic_allocation(1, 8).",
        )
    return {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.minExecutors": str(minimum),
        "spark.dynamicAllocation.maxExecutors": str(maximum),
    }
