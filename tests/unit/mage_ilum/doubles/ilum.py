"""Ilum's REST API for jobs, as its OpenAPI description tells it; a job's server listens while the job runs."""

import contextlib
import socket
import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field

import grpc
from tests.unit.mage_ilum import servers
from tests.unit.mage_ilum.doubles.service import Answer, Asked, Service

VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"


@contextlib.contextmanager
def spark_connect(port: int = 0) -> Iterator[int]:
    """A gRPC server that knows its Spark version, and no more."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: VERSION_ANSWER)
    service, method = servers.ANALYZE_PLAN.strip("/").split("/")
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield bound
    finally:
        server.stop(grace=None).wait()


@contextlib.contextmanager
def reserved() -> Iterator[int]:
    """A port that refuses connections until a gRPC server takes it: gRPC shares ports."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@dataclass
class Ilum(Service):
    """`server` makes what a job's `appId` tells the port of."""

    jobs: dict[str, dict[str, object]] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    state: str = "BUSY"
    """What a new job becomes."""
    error: str = ""
    server: Callable[[], contextlib.AbstractContextManager[int]] = spark_connect
    running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    def __exit__(self, *error: object) -> None:
        super().__exit__(None, None, None)
        self.running.close()

    def answer(self, asked: Asked) -> Answer:
        match asked.method, *asked.path.removeprefix("/api/v1/").split("/"):
            case "POST", "job", "submit":
                return self._submit(asked.form)
            case "GET", "job":
                found = [job for job in self.jobs.values() if asked.query.get("search", "") in job["jobName"]]
                return 200, {"content": found[: int(asked.query.get("size", 10))], "totalElements": len(found)}
            case method, "job", identity, *rest if identity in self.jobs:
                return 200, self._job(method, identity, rest)
        return 404, {"message": f"{asked.path} not found"}

    def _job(self, method: str, identity: str, rest: list[str]) -> dict[str, object] | None:
        if method == "GET":
            return self.jobs[identity]
        if method == "DELETE":
            del self.jobs[identity]
        elif rest == ["stop"]:
            self.jobs[identity]["state"] = "CANCELED"
        return None

    def _submit(self, form: dict[str, str]) -> Answer:
        self.forms.append(form)
        if not {"name", "clusterName"} <= form.keys():
            return 409, {"message": "name and clusterName are required"}
        identity = uuid.uuid4().hex
        port = self.running.enter_context(self.server())
        job = {"jobId": identity, "jobName": form["name"], "state": self.state, "error": self.error, "appId": str(port)}
        self.jobs[identity] = job
        return 200, {"jobId": identity}
