"""What a Mage block needs to use the Spark that Ilum runs.

Importing this package costs nothing: each name is loaded when it is first used.
"""

TYPE_CHECKING = False  # as in typing, which would cost every Python of the image its import
if TYPE_CHECKING:
    from mage_ilum.address import ConnectAddress, resolve
    from mage_ilum.errors import (
        AddressError,
        ConnectionProblem,
        IncompatibleClientError,
        MageIlumError,
        NoSessionError,
        ResultTooLargeError,
    )
    from mage_ilum.frames import to_pandas
    from mage_ilum.hive import sql_engine
    from mage_ilum.http_errors import ServiceError
    from mage_ilum.identifiers import identifier
    from mage_ilum.ilum import JobFailedError, SparkConnectJob
    from mage_ilum.ilum_allocation import dynamic_allocation
    from mage_ilum.ilum_api import JobApi
    from mage_ilum.jdbc import jdbc_connect
    from mage_ilum.jdbc_machine import NoJdbcDriverError
    from mage_ilum.livy.batch import LivyBatch, livy_batch
    from mage_ilum.livy.errors import BatchFailedError, LivyError, StatementError
    from mage_ilum.livy.session import LivySession, livy_session
    from mage_ilum.preflight import server_version
    from mage_ilum.queries import sql
    from mage_ilum.session import current_session, spark_session
    from mage_ilum.spark_values import ReturnedSparkValueError
    from mage_ilum.tables import count, write_table
    from mage_ilum.usage import UsageError

__all__ = [
    "AddressError",
    "BatchFailedError",
    "ConnectAddress",
    "ConnectionProblem",
    "IncompatibleClientError",
    "JobApi",
    "JobFailedError",
    "LivyBatch",
    "LivyError",
    "LivySession",
    "MageIlumError",
    "NoJdbcDriverError",
    "NoSessionError",
    "ResultTooLargeError",
    "ReturnedSparkValueError",
    "ServiceError",
    "SparkConnectJob",
    "StatementError",
    "UsageError",
    "count",
    "current_session",
    "dynamic_allocation",
    "identifier",
    "jdbc_connect",
    "livy_batch",
    "livy_session",
    "resolve",
    "server_version",
    "spark_session",
    "sql",
    "sql_engine",
    "to_pandas",
    "write_table",
]

_MODULES = {
    "BatchFailedError": "livy.errors",
    "ConnectAddress": "address",
    "JobApi": "ilum_api",
    "JobFailedError": "ilum",
    "LivyBatch": "livy.batch",
    "LivyError": "livy.errors",
    "LivySession": "livy.session",
    "NoJdbcDriverError": "jdbc_machine",
    "ReturnedSparkValueError": "spark_values",
    "ServiceError": "http_errors",
    "SparkConnectJob": "ilum",
    "StatementError": "livy.errors",
    "UsageError": "usage",
    "count": "tables",
    "current_session": "session",
    "dynamic_allocation": "ilum_allocation",
    "identifier": "identifiers",
    "jdbc_connect": "jdbc",
    "livy_batch": "livy.batch",
    "livy_session": "livy.session",
    "resolve": "address",
    "server_version": "preflight",
    "spark_session": "session",
    "sql": "queries",
    "sql_engine": "hive",
    "to_pandas": "frames",
    "write_table": "tables",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
