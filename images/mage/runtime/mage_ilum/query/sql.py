"""SQL with values from Python: they are bound on the server and never become part of the query's text."""

from typing import TYPE_CHECKING

from mage_ilum.errors import UsageError
from mage_ilum.query.parameters import Parameters, Value
from mage_ilum.query.placeholders import placeholders, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import DataFrame


def sql(query: str, /, **values: Value) -> "DataFrame":
    """Run `query` on the current session, with `values` for its placeholders `:name`; gives a Spark DataFrame.

    A value is bound as a literal of its type, whatever characters it has: str STRING, int INT or BIGINT, float DOUBLE,
    bool BOOLEAN, Decimal DECIMAL, date DATE, None NULL. A datetime with a time zone is that instant; one without is
    what `TIMESTAMP'…'` is in a query, a time of the session's time zone. Both are a TIMESTAMP: for a DATE column pass
    `.date()`. A list, tuple or set fills `IN (:days)`; an empty one matches nothing. A table or a column is no value:
    put `identifier(name)` into the text.

    Raises `UsageError` where a placeholder has no value, a value no placeholder, or a value no SQL type; and
    `MageIlumError` where no session is open.

    >>> with spark_session():
    ...     found = sql("SELECT :day AS day, id FROM range(9) WHERE id IN (:ids)", day=date(2026, 1, 31), ids=[2, 3])
    ...     to_pandas(found).id.tolist()
    [2, 3]
    """
    from mage_ilum.sessions.session import current_session

    used = {found.name for found in placeholders(query)}
    if missing := used - values.keys():
        raise UsageError(
            f"The query has {_names(missing)}, and no value was given.",
            code="missing-value",
            why="Each placeholder of a query needs a value; a colon in a string or a comment is none.",
            fix=f"Pass it by name: sql(query, {min(missing)}=...).",
        )
    if unused := values.keys() - used:
        raise UsageError(
            f"The query has no {_names(unused)}.",
            code="unused-value",
            why="A value takes the place of a placeholder outside of quotes: write = :name, not = ':name'.",
            fix="Check the spelling, or leave the value out.",
        )
    parameters = Parameters.of(values)
    # With no values there is nothing to bind, and Spark takes the text as it is.
    return current_session().sql(replace(query, parameters.texts), parameters.arguments or None)


def _names(names: "Iterable[str]") -> str:
    return ", ".join(f":{name}" for name in sorted(names))
