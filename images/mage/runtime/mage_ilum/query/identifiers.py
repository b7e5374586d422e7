"""Names of tables and columns that come from a variable: checked, then quoted."""

import re

from mage_ilum.errors import UsageError

# What the catalogs of Spark, Hive and Iceberg have in common, and the dash that people use.
_PART = re.compile(r"[\w-]{1,255}")
_MOST_PARTS = 3


def identifier(name: str) -> str:
    """A column, `table`, `db.table` or `catalog.db.table` in the quoted form that goes into the text of a query.

    Each part has 1 to 255 letters, digits, `_` or `-`; quotes come from here, so leave yours out. Raises `UsageError`
    for anything else. (A placeholder such as `:table` stands for a value, never for a name.)

    >>> identifier("production.logs")
    '`production`.`logs`'
    """
    parts = name.split(".") if isinstance(name, str) else []
    if not 1 <= len(parts) <= _MOST_PARTS or not all(_PART.fullmatch(part) for part in parts):
        raise UsageError(
            f"{name!r:.300} is no name of a table or a column.",
            code="bad-identifier",
            why="A name has up to three parts with dots between them, each of letters, digits, _ or -.",
            fix="Pass the bare name, such as production.logs, without quotes, blanks or SQL.",
        )
    return ".".join(f"`{part}`" for part in parts)
