"""What a session costs before it opens, and how soon a block knows that its server is not there, or has gone.

On a server that is named: `make bench SERVER=sc://host:15002`. What listens in its place, and the relay that takes it
away, are the tests' own.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from engine import ROOT, NotHereError
from results import RUNTIME, server_and_client
from row import Row, not_measured
from tests.spark.relay import Relay
from tests.unit.mage_ilum import servers

from mage_ilum import resolve
from mage_ilum.connect.rpc import end_session
from mage_ilum.deadline import Deadline

SESSION = Path(__file__).with_name("session_cost.py")
BLOCK = ROOT / "tests" / "spark" / "inside" / "lost_server.py"

WRONG: dict[str, tuple[Callable[[], AbstractContextManager[int]], str]] = {
    "a closed port": (servers.refused, "refused"),
    "a silent port": (servers.silent, "silent"),
    "a blackholed address": (servers.blackhole, "unreachable"),
    "a web server, which speaks HTTP/1": (servers.http1, "http1"),
}
"""What listens where a server should, and the code of the failure."""
GONE: dict[str, tuple[Callable[[Relay], None], str, float]] = {
    "lost": (Relay.cut, "lost", 15),
    "frozen": (Relay.freeze, "stuck", 30),
}
"""What becomes of the server in the middle of a query, the code of the failure, and its bar in seconds."""


def numbers() -> list[Row]:
    try:
        url, python = server_and_client()
    except NotHereError as error:
        what = "preflight of a session, and the time to a clear failure"
        return [not_measured(what, "≤ 60 ms, ≤ 5 s", str(error))]
    rows = _session(url, python)
    rows += [_wrong(python, what) for what in WRONG]
    return rows + [_gone(url, python, what) for what in GONE]


def _session(url: str, python: Path) -> list[Row]:
    with _started([str(python), str(SESSION)], url) as process:
        answer, _ = process.communicate(timeout=120)
    found: dict[str, float] = json.loads(answer)
    return [
        Row(
            what="preflight of a session: protocol, version, what an earlier try left",
            measured=f"{found['preflight'] * 1e3:.0f} ms",
            bar="≤ 60 ms",
            holds=found["preflight"] <= 0.060,
        ),
        Row(
            what="a session with one query, from its opening to its end",
            measured=f"{found['ours'] * 1e3:.0f} ms",
            bar="-",
            guide=f"{found['plain'] * 1e3:.0f} ms with PySpark alone",
        ),
    ]


def _wrong(python: Path, what: str) -> Row:
    listen, code = WRONG[what]
    with listen() as port, _started([str(python), str(BLOCK)], f"sc://127.0.0.1:{port}") as block:
        answer, _ = block.communicate(timeout=60)
    return _row(f"`spark_session()` at {what}", answer, code, 5)


def _gone(url: str, python: Path, what: str) -> Row:
    take_away, code, bar = GONE[what]
    address = resolve(url)
    with (
        Relay((address.host, address.port)) as relay,
        _started([str(python), str(BLOCK)], f"sc://127.0.0.1:{relay.port}") as block,
    ):
        assert block.stdin is not None
        assert block.stdout is not None
        first = block.stdout.readline()
        if not first.startswith("count "):  # it was told at once what is wrong
            return _row(f"a server that is to be {what}", first, code, bar)
        session_id, user_id = block.stdout.readline().split()
        try:
            block.stdin.write("go on\n")
            block.stdin.flush()
            block.stdout.readline()  # a long query is asked
            take_away(relay)
            answer, _ = block.communicate(timeout=120)
        finally:
            end_session(address, session_id, user_id, Deadline(5))
    return _row(f"a server that is {what} in the middle of a query", answer, code, bar)


def _row(what: str, answer: str, code: str, bar: float) -> Row:
    text, found = answer.split() or ("nan", "nothing")
    taken = float(text)
    measured = f"{taken:.1f} s" if taken >= 1 else f"{taken * 1e3:.0f} ms"
    return Row(
        what=f"{what}: until the block is told `{code}`",
        measured=measured if found == code else f"{measured}, and `{found}`",
        bar=f"≤ {bar:g} s",
        holds=found == code and round(taken, 1) <= bar,
    )


@contextmanager
def _started(command: list[str], url: str) -> "Iterator[subprocess.Popen[str]]":
    """The client's process, for a server at `url`; killed at the end, if it is still there."""
    environment = {**os.environ, "ILUM_SPARK_CONNECT_URL": url, "PYTHONPATH": RUNTIME}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
