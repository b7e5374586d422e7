"""SQLAlchemy's dialect for Spark SQL over HiveServer2, `hive+ilum`: what Spark says otherwise than standard SQL."""

# mypy: disable-error-code="misc, untyped-decorator, import-not-found"
# ruff: noqa: N802, N815
# SQLAlchemy is in the image, not where this is checked; the names of types are its own.

import re
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import text, types
from sqlalchemy.engine import default, reflection
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql import compiler

from mage_ilum.hive import dbapi

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection
    from sqlalchemy.engine.interfaces import ExecutionContext

_TYPES: dict[str, type[types.TypeEngine[object]]] = {
    "boolean": types.BOOLEAN, "tinyint": types.SMALLINT, "smallint": types.SMALLINT, "int": types.INTEGER,
    "bigint": types.BIGINT, "float": types.FLOAT, "double": types.DOUBLE, "string": types.String,
    "varchar": types.String, "char": types.String, "date": types.DATE, "timestamp": types.TIMESTAMP,
    "timestamp_ntz": types.TIMESTAMP, "binary": types.LargeBinary,
}  # fmt: skip


class SparkIdentifiers(compiler.IdentifierPreparer):
    """Every name in back-quotes: no list of reserved words is right for all Spark versions."""

    def __init__(self, dialect: default.DefaultDialect) -> None:
        super().__init__(dialect, initial_quote="`", escape_quote="`")

    def _requires_quotes(self, value: str) -> bool:
        return True


class SparkStatements(compiler.SQLCompiler):
    """Statements as Spark takes them."""

    def visit_empty_set_expr(self, element_types: object, **kw: object) -> str:
        return "SELECT NULL WHERE FALSE"


class SparkTypes(compiler.GenericTypeCompiler):
    """Types by Spark's names."""

    def visit_INTEGER(self, type_: object, **kw: object) -> str:
        return "INT"

    def visit_FLOAT(self, type_: object, **kw: object) -> str:
        return "DOUBLE"

    visit_DOUBLE = visit_DOUBLE_PRECISION = visit_REAL = visit_FLOAT

    def visit_VARCHAR(self, type_: object, **kw: object) -> str:
        return "STRING"

    visit_CHAR = visit_NCHAR = visit_NVARCHAR = visit_TEXT = visit_CLOB = visit_TIME = visit_UUID = visit_VARCHAR

    def visit_DATETIME(self, type_: object, **kw: object) -> str:
        return "TIMESTAMP"

    visit_TIMESTAMP = visit_DATETIME

    def visit_BLOB(self, type_: object, **kw: object) -> str:
        return "BINARY"

    visit_BINARY = visit_VARBINARY = visit_BLOB


class SparkDefinitions(compiler.DDLCompiler):
    """Tables without keys: Spark's own formats have none."""

    def visit_primary_key_constraint(self, constraint: object, **kw: object) -> str:
        return ""

    visit_foreign_key_constraint = visit_unique_constraint = visit_primary_key_constraint


class HiveDialect(default.DefaultDialect):
    """Reflection and SQL for Spark; the connection is `mage_ilum.hive.dbapi`'s."""

    name = "hive"
    driver = "ilum"
    default_paramstyle = "pyformat"
    preparer = SparkIdentifiers
    statement_compiler = SparkStatements
    type_compiler_cls = SparkTypes
    ddl_compiler = SparkDefinitions
    max_identifier_length = 255
    supports_statement_cache = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_multivalues_insert = True
    supports_default_values = False
    supports_sane_rowcount = False
    supports_sane_multi_rowcount = False
    supports_alter = False
    supports_sequences = False
    supports_native_uuid = False
    postfetch_lastrowid = False
    # Each INSERT is a job of Spark: as many rows as possible go into one.
    use_insertmanyvalues = True
    use_insertmanyvalues_wo_returning = True

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        return dbapi

    def create_connect_args(self, url: "URL") -> tuple[list[object], dict[str, object]]:
        """None from the URL: `sql_engine` passes the address, in which the password stays out of sight."""
        return [], {}

    def _get_default_schema_name(self, connection: "Connection") -> str:
        database: str = connection.connection.dbapi_connection.database
        return database

    def do_execute(
        self,
        cursor: dbapi.Cursor,
        statement: str,
        parameters: dbapi.Parameters,
        context: "ExecutionContext | None" = None,
    ) -> None:
        """SQL that was passed as it is, without parameters, may hold a `%`; in what SQLAlchemy wrote it is doubled."""
        as_it_is = context is not None and context.compiled is None and not parameters
        cursor.execute(statement, None if as_it_is else parameters)

    def do_begin(self, dbapi_connection: object) -> None:
        """There are no transactions."""

    @reflection.cache
    def get_schema_names(self, connection: "Connection", **kw: object) -> list[str]:
        return [row[0] for row in connection.execute(text("SHOW DATABASES"))]

    @reflection.cache
    def get_table_names(self, connection: "Connection", schema: str | None = None, **kw: object) -> list[str]:
        views = set(self.get_view_names(connection, schema))
        return [name for name in self._listed(connection, "TABLES", schema) if name not in views]

    @reflection.cache
    def get_view_names(self, connection: "Connection", schema: str | None = None, **kw: object) -> list[str]:
        return self._listed(connection, "VIEWS", schema)

    def _listed(self, connection: "Connection", what: str, schema: str | None) -> list[str]:
        place = self.identifier_preparer.quote(schema or self.default_schema_name or "default")
        rows = connection.execute(text(f"SHOW {what} IN {place}")).fetchall()
        return [row[1] if len(row) > 1 else row[0] for row in rows]  # Hive itself names no database

    @reflection.cache
    def has_table(self, connection: "Connection", table_name: str, schema: str | None = None, **kw: object) -> bool:
        return table_name.lower() in self._listed(connection, "TABLES", schema)

    @reflection.cache
    def get_columns(
        self, connection: "Connection", table_name: str, schema: str | None = None, **kw: object
    ) -> list[dict[str, object]]:
        if not self.has_table(connection, table_name, schema):
            raise NoSuchTableError(f"{schema}.{table_name}" if schema else table_name)
        place = self.identifier_preparer.quote(schema or self.default_schema_name or "default")
        described = connection.execute(text(f"DESCRIBE {place}.{self.identifier_preparer.quote(table_name)}"))
        columns: list[dict[str, object]] = []
        for name, kind, comment in described:
            if not name or name.startswith("#"):  # partitions and details follow
                break
            columns.append({"name": name, "type": _type(kind), "nullable": True, "default": None, "comment": comment})
        return columns

    def get_pk_constraint(
        self, connection: "Connection", table_name: str, schema: str | None = None, **kw: object
    ) -> dict[str, object]:
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(
        self, connection: "Connection", table_name: str, schema: str | None = None, **kw: object
    ) -> Sequence[dict[str, object]]:
        return []

    def get_indexes(
        self, connection: "Connection", table_name: str, schema: str | None = None, **kw: object
    ) -> Sequence[dict[str, object]]:
        return []


def _type(kind: str) -> "types.TypeEngine[object]":
    """SQLAlchemy's type for a type as Spark writes it; what has none of its own arrives as text."""
    if found := re.match(r"decimal\((\d+),\s*(\d+)\)", kind):
        return types.DECIMAL(int(found[1]), int(found[2]))
    name = re.match(r"\w*", kind)
    return _TYPES.get(name[0] if name else "", types.String)()
