"""How often PySpark tries again: seldom and soon, because the watch over the connection knows when to give up."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Milliseconds. PySpark's own settings add up to ten minutes for each call. What a server asks for is kept short too.
_SETTINGS: dict[str, float] = {
    "max_retries": 30,
    "initial_backoff": 50,
    "backoff_multiplier": 4.0,
    "max_backoff": 1000,
    "jitter": 100,
    "min_jitter_threshold": 500,
}
_LONGEST_SERVER_DELAY = 5000


def bound_retries(session: "SparkSession") -> None:
    """Have this session try again within seconds, for its whole life."""
    _set(session, _SETTINGS)


def stop_retries(session: "SparkSession") -> None:
    """Have this session try nothing again: whoever leaves does not wait for a server that is gone."""
    _set(session, {**_SETTINGS, "max_retries": 0})


def _set(session: "SparkSession", settings: dict[str, float]) -> None:
    if hasattr(session.client, "set_retry_policies"):
        from pyspark.sql.connect.client.retries import DefaultPolicy

        try:
            policy = DefaultPolicy(**settings, max_server_retry_delay=_LONGEST_SERVER_DELAY)
        except TypeError:  # Spark 4.0 does not listen to the server's wishes
            policy = DefaultPolicy(**settings)
        session.client.set_retry_policies([policy])
    else:  # Spark 3.5
        session.client._retry_policy.update(settings)
