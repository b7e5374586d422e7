"""What can go wrong between a block and Spark: what happened, why, and what to do next. Never holds a secret."""

from typing import ClassVar


class MageIlumError(Exception):
    """Something that the author of a block, or whoever runs Ilum, can act on.

    `code` is short and stable, for programs; `what` is one sentence; `why` gives the cause; `fix` says what to change.

    >>> from mage_ilum import spark_session
    >>> try:
    ...     with spark_session("spark-connect-server") as spark:
    ...         spark.range(3).count()
    ... except MageIlumError as error:
    ...     print(error.what)
    'spark-connect-server' is no Spark Connect address: it does not start with sc://.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, code: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  Why: {self.why}")
        if self.fix:
            lines.append(f"  Try: {self.fix}")
        return "\n".join(lines)


class AddressError(MageIlumError, ValueError):
    """A Spark Connect address that cannot be read.

    >>> from mage_ilum import resolve
    >>> try:
    ...     resolve("http://spark-connect-server:15002")
    ... except AddressError as error:
    ...     print(error.code)
    no-scheme
    """

    exit_code = 2


class IncompatibleClientError(MageIlumError):
    """The PySpark here does not fit the server's Spark.

    >>> from mage_ilum.connect.compatibility import check_client
    >>> try:
    ...     check_client("4.2.0", "4.1.1")
    ... except IncompatibleClientError as error:
    ...     print(error.what)
    PySpark 4.2.0 is newer than the server's Spark 4.1.1.
    """

    exit_code = 3


class ConnectionProblem(MageIlumError):  # noqa: N818  it describes the network's state, not only a failure of ours
    """A server did not answer as it has to: Spark Connect's, Ilum SQL's, by JDBC too, or whose a check's query is.

    `code` says how: a key of `connect.problems.PROBLEMS` or `hive.problems.PROBLEMS`, or one of JDBC or the check.

    >>> from mage_ilum import spark_session
    >>> try:
    ...     with spark_session("sc://127.0.0.1:1") as spark:
    ...         spark.range(3).count()
    ... except ConnectionProblem as error:
    ...     print(error.code)
    refused
    """

    exit_code = 4


class ResultTooLargeError(MageIlumError):
    """A result is larger than the block allowed.

    >>> from mage_ilum import spark_session, to_pandas
    >>> with spark_session() as spark:
    ...     try:
    ...         frame = to_pandas(spark.range(1000), max_rows=100)
    ...     except ResultTooLargeError as error:
    ...         print(error.code)
    too-many-rows
    """


class NoSessionError(MageIlumError):
    """Something needs the current session, and there is none.

    >>> from mage_ilum import sql
    >>> try:
    ...     sql("SELECT :n", n=1)
    ... except NoSessionError as error:
    ...     print(error.fix)
    Open one around it: with spark_session() as spark: ...
    """


class UsageError(MageIlumError, ValueError):
    """A call that cannot be carried out as it was written: a query, a value, a name or a frame that does not fit it.

    `code` says which way. Nothing has been sent to Spark then.

    >>> from mage_ilum import identifier
    >>> try:
    ...     identifier("production.logs; DROP TABLE production.logs")
    ... except UsageError as error:
    ...     print(error.code)
    bad-identifier
    """

    exit_code = 2
