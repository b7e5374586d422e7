"""Livy's REST API as its documentation tells it, and as the sources of 0.7 fill it in.

A batch goes through its `course`, one step at each look. Statements really run: Python here, SQL in SQLite.
"""

import ast
import contextlib
import io
import sqlite3
import traceback
from dataclasses import dataclass, field

from tests.unit.mage_ilum.doubles.service import Answer, Asked, Service

Step = tuple[str, list[str]]

SUCCESS: list[Step] = [
    ("starting", []),
    ("running", ["Starting"]),
    ("success", ["Starting", "Rows written: 42"]),
]
ENDLESS: list[Step] = [("starting", []), ("running", ["Starting"])]


class Forever(BaseException):
    """Raised by a statement that shall never end."""


def forever() -> None:
    raise Forever


@dataclass
class Livy(Service):
    """Keeps the last `retained` lines of a batch's log, as Livy keeps 200 of each part; `names` are a session's own."""

    course: list[Step] = field(default_factory=lambda: list(SUCCESS))
    session_course: list[str] = field(default_factory=lambda: ["starting", "idle"])
    retained: int = 200
    names: dict[str, object] = field(default_factory=dict)
    batches: dict[int, dict[str, object]] = field(default_factory=dict)
    sessions: dict[int, dict[str, object]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        if asked.method != "GET" and "X-Requested-By" not in asked.headers:
            return 400, {"msg": "Missing Required Header for CSRF protection."}
        kind, *rest = asked.path.strip("/").split("/")
        kept = {"batches": self.batches, "sessions": self.sessions}.get(kind)
        if kept is None:
            return 404, "<html>Not Found</html>"
        if not rest:
            return self._create(kind, asked) if asked.method == "POST" else self._list(kept, asked)
        if int(rest[0]) not in kept:
            return 404, {"msg": f"Session '{rest[0]}' not found."}
        if asked.method == "DELETE":
            del kept[int(rest[0])]
            return 200, {"msg": "deleted"}
        return self._one(kind, kept[int(rest[0])], rest[1:], asked)

    def _one(self, kind: str, one: dict[str, object], rest: list[str], asked: Asked) -> Answer:
        if rest[:1] == ["statements"]:
            return self._statement(one, rest[1:], asked)
        return 200, self._log(one, asked) if rest == ["log"] else self._look(kind, one)

    def _create(self, kind: str, asked: Asked) -> Answer:
        request = asked.json
        kept = self.batches if kind == "batches" else self.sessions
        if kind == "batches" and not request.get("file"):
            return 400, {"msg": "requirement failed: File is required."}
        if any(one["name"] == request.get("name") for one in kept.values()):
            return 400, {"msg": f"Duplicate session name: {request['name']}"}
        number = len(self.asked)
        looks = [(state, []) for state in self.session_course] if kind == "sessions" else list(self.course)
        kept[number] = {"id": number, "name": request.get("name"), "course": looks, "statements": []}
        kept[number]["scope"] = {"forever": forever, **self.names}
        return 201, self._look(kind, kept[number])

    def _list(self, kept: dict[int, dict[str, object]], asked: Asked) -> Answer:
        begin, size = int(asked.query.get("from", 0)), int(asked.query.get("size", 100))
        views = [{"id": one["id"], "name": one["name"], "state": one["course"][0][0]} for one in kept.values()]
        return 200, {"from": begin, "total": len(views), "sessions": views[begin : begin + size]}

    def _look(self, kind: str, one: dict[str, object]) -> dict[str, object]:
        course = one["course"]
        state, log = course[0]
        if len(course) > 1:
            one["course"] = course[1:]
        one["lines"] = log
        app = "spark-0a1b" if kind == "batches" and state != "starting" else None
        return {"id": one["id"], "name": one["name"], "appId": app, "state": state, "log": log[-10:], "appInfo": {}}

    def _log(self, one: dict[str, object], asked: Asked) -> dict[str, object]:
        lines = ["stdout: ", *one["lines"][-self.retained :], "\nstderr: "]
        size = int(asked.query.get("size", 100))
        begin = max(0, len(lines) - size)
        return {"id": one["id"], "from": begin, "total": len(lines), "log": lines[begin:]}

    def _statement(self, one: dict[str, object], rest: list[str], asked: Asked) -> Answer:
        statements = one["statements"]
        if asked.method == "POST" and not rest:
            code, kind = asked.json["code"], asked.json["kind"]
            output = run_sql(code) if kind == "sql" else run_python(code, one["scope"])
            statements.append({"id": len(statements), "code": code, "state": "waiting", "output": None, "then": output})
            return 201, statements[-1]
        statement = statements[int(rest[0])]
        if rest[1:] == ["cancel"]:
            statement["state"] = "cancelled"
            return 200, {"msg": "canceled"}
        if statement["then"] is None:
            statement["state"] = "running"
        elif statement["state"] != "cancelled":
            statement.update(state="available", output=statement["then"])
        return 200, statement


def run_python(code: str, scope: dict[str, object]) -> dict[str, object] | None:
    """The output as Livy's Python shell makes it: what is printed or displayed, or what a magic gives."""
    try:
        lines = code.split("\n")
        normal = "\n".join(line for line in lines if not line.startswith("%"))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            *first, last = ast.parse(normal).body or [ast.Pass(lineno=1, col_offset=0)]
            exec(compile(ast.Module(first, []), "<stdin>", "exec"), scope)
            exec(compile(ast.Interactive([last]), "<stdin>", "single"), scope)
        if lines[-1].startswith("%json "):
            return {"status": "ok", "data": {"application/json": scope[lines[-1].split()[1]]}}
        if lines[-1].startswith("%table "):
            rows = scope[lines[-1].split()[1]]
            headers = [{"name": str(number), "type": "INT_TYPE"} for number in range(len(rows[0]))]
            return {
                "status": "ok",
                "data": {"application/vnd.livy.table.v1+json": {"headers": headers, "data": rows}},
            }
        return {"status": "ok", "data": {"text/plain": said.getvalue().rstrip()}}
    except Forever:
        return None
    except Exception as error:
        told = traceback.format_exception(error)
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": told}


def run_sql(query: str) -> dict[str, object]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        rows = connection.execute(query)
        fields = [
            {"name": column[0], "type": "integer", "nullable": True, "metadata": {}} for column in rows.description
        ]
        data = {"schema": {"type": "struct", "fields": fields}, "data": [list(row) for row in rows]}
    return {"status": "ok", "data": {"application/json": data}}
