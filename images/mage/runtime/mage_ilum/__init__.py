"""What a Mage block needs to use the Spark that Ilum runs.

Importing this package costs nothing: each name is loaded when it is first used.
"""

TYPE_CHECKING = False  # as in typing, which would cost every Python of the image its import
if TYPE_CHECKING:
    from mage_ilum.connect.address import ConnectAddress, resolve
    from mage_ilum.connect.preflight import server_version
    from mage_ilum.errors import (
        AddressError,
        ConnectionProblem,
        IncompatibleClientError,
        MageIlumError,
        NoSessionError,
        ResultTooLargeError,
        UsageError,
    )
    from mage_ilum.hive.engine import sql_engine
    from mage_ilum.hooks.returned import ReturnedSparkValueError
    from mage_ilum.http.errors import ServiceError
    from mage_ilum.ilum.allocation import dynamic_allocation
    from mage_ilum.ilum.api import JobApi
    from mage_ilum.ilum.job import JobFailedError, SparkConnectJob
    from mage_ilum.jdbc.connection import jdbc_connect
    from mage_ilum.jdbc.machine import NoJdbcDriverError
    from mage_ilum.livy.batch import LivyBatch, livy_batch
    from mage_ilum.livy.errors import BatchFailedError, LivyError, StatementError
    from mage_ilum.livy.session import LivySession, livy_session
    from mage_ilum.query.identifiers import identifier
    from mage_ilum.query.sql import sql
    from mage_ilum.results.frames import to_pandas
    from mage_ilum.sessions.session import current_session, spark_session
    from mage_ilum.tables.write import count, write_table

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
    "ConnectAddress": "connect.address",
    "JobApi": "ilum.api",
    "JobFailedError": "ilum.job",
    "LivyBatch": "livy.batch",
    "LivyError": "livy.errors",
    "LivySession": "livy.session",
    "NoJdbcDriverError": "jdbc.machine",
    "ReturnedSparkValueError": "hooks.returned",
    "ServiceError": "http.errors",
    "SparkConnectJob": "ilum.job",
    "StatementError": "livy.errors",
    "count": "tables.write",
    "current_session": "sessions.session",
    "dynamic_allocation": "ilum.allocation",
    "identifier": "query.identifiers",
    "jdbc_connect": "jdbc.connection",
    "livy_batch": "livy.batch",
    "livy_session": "livy.session",
    "resolve": "connect.address",
    "server_version": "connect.preflight",
    "spark_session": "sessions.session",
    "sql": "query.sql",
    "sql_engine": "hive.engine",
    "to_pandas": "results.frames",
    "write_table": "tables.write",
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
