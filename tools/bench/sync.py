"""`deploykit sync`: what it costs when nothing changed, when Spark moved, and on a machine that has never run it.

Between deploykit, the engine and the registry stands the tests' proxy, which counts requests and bytes. The server only
says its version: that is all that a sync asks of it.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from engine import DEPLOYKIT, NotHereError, on_a_fresh_base, place
from row import Row, megabytes, not_measured, process, seconds
from tests.sync.registry_proxy import RegistryProxy

FIRST, PATCH, LINE = "4.1.1", "4.1.2", "4.2.0"
RUNS = 11


@dataclass
class Server:
    """Says that it runs `version`."""

    version: str
    port: int = field(default=0, init=False)

    def answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        text = self.version.encode()
        return bytes((8 << 3 | 2, len(text) + 2, 1 << 3 | 2, len(text))) + text  # AnalyzePlanResponse.spark_version


@contextmanager
def serving(version: str) -> Iterator[Server]:
    found = Server(version)
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(found.answer)
    service = grpc.method_handlers_generic_handler("spark.connect.SparkConnectService", {"AnalyzePlan": method})
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([service])
    found.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield found
    server.stop(grace=None).wait()


@dataclass(frozen=True)
class Project:
    """A checkout with a `deploykit.toml`, and the proxy that it pushes through."""

    folder: Path
    proxy: RegistryProxy
    environment: dict[str, str]

    def sync(self) -> dict[str, object]:
        """Run it; returns what it says of its one environment."""
        finished = subprocess.run(
            [DEPLOYKIT, "sync", "-o", "json"],
            cwd=self.folder,
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=1800,
        )
        [found] = json.loads(finished.stdout)
        return dict(found)

    def moved(self, what: str) -> Row:
        """The row of a sync that has something to do."""
        self.proxy.heal()
        before = _fetched()
        found, taken = seconds(self.sync)
        pushed, fetched = sum(call.up for call in self.proxy.calls), _fetched() - before
        done = f"{'built' if found['built'] else 'found'} Spark {found['spark']}"
        return Row(
            f"sync, {what}",
            f"{taken:.1f} s: {done}, {megabytes(pushed)} pushed, {megabytes(fetched)} fetched",
            bar="-",
        )

    def nothing_to_do(self) -> list[Row]:
        self.proxy.heal()
        self.sync()
        requests = [str(call) for call in self.proxy.calls]
        moved = sum(call.up + call.down for call in self.proxy.calls)
        command = [DEPLOYKIT, "sync", "-o", "json"]
        with_all = process(command, runs=RUNS, environment=self.environment, folder=self.folder)
        start_up = process([DEPLOYKIT, "--help"], runs=RUNS)
        return [
            Row(
                "sync, nothing to do, after start-up",
                f"{with_all - start_up:.2f} s ({with_all:.2f} s in all)",
                bar="< 1 s",
                holds=with_all - start_up < 1,
            ),
            Row(
                "  what it asks of the registry, and bytes of bodies",
                f"{', '.join(requests)}; {moved} bytes",
                bar="1 request, beside its token",
                holds=requests == ["deploykit HEAD manifest by digest"],
            ),
        ]


def numbers() -> list[Row]:
    try:
        where = on_a_fresh_base(place())
    except NotHereError as error:
        return [not_measured("sync", "< 1 s when there is nothing to do", str(error))]
    host, _, name = where.repository.partition("/")
    with RegistryProxy(host, login=False) as proxy, serving(FIRST) as server, tempfile.TemporaryDirectory() as folder:
        # By the proxy's name: layers of the base are then mounted by the registry, and not sent once more.
        base = f"{proxy.host}/{where.base.partition('/')[2]}"
        settings = {
            "repository": f"{proxy.host}/{name}",
            "base": base,
            "server": f"sc://127.0.0.1:{server.port}",
            "values": "values.yaml",
        }
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        (Path(folder) / "deploykit.toml").write_text(text, encoding="utf-8")
        own = {
            name: value for name, value in os.environ.items() if name not in ("DEPLOYKIT_BASE", "DEPLOYKIT_REPOSITORY")
        }
        project = Project(Path(folder), proxy, {**own, "DEPLOYKIT_CACHE": str(Path(folder) / "cache")})
        rows = [project.moved("empty caches")]
        rows += project.nothing_to_do()
        server.version = PATCH
        rows.append(project.moved("a Spark patch, wheel not cached"))
        server.version = LINE
        rows.append(project.moved("a Spark line, wheel not cached"))
        server.version = FIRST
        rows.append(project.moved("back to the first"))
    return rows


def _fetched() -> int:
    """Bytes that this machine has received from elsewhere: what other programs fetch is counted too."""
    routes = [line.split() for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()]
    outside = {device for device, destination, *_ in routes if destination == "00000000"}
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()[2:]
    devices = dict(line.split(":", 1) for line in lines)
    return sum(int(text.split()[0]) for name, text in devices.items() if name.strip() in outside)
