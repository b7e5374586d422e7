"""`python -m mage_ilum.check [sc://host:port]`: can this pod use Spark? Prints what it finds, layer by layer.

Exit codes: 0 it can, 2 bad address, 3 the client does not fit the server, 4 no server answers, or not in time.
`-o json` prints the steps for programs, as `deploykit check` does: see `mage_ilum.connect.steps`.
With `--drift` it compares versions alone: see `mage_ilum.drift`.
"""

import argparse
import json
import platform
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mage_ilum.connect.compatibility import installed_version, unusable
from mage_ilum.connect.steps import Step, Walk
from mage_ilum.connect.walk import Tell, complete, failed_step, version_step, walk_to_server
from mage_ilum.drift import ACCEPTABLE, Comparison, compare
from mage_ilum.errors import ConnectionProblem, IncompatibleClientError, MageIlumError
from mage_ilum.sessions.session import spark_session

_CONNECT_SECONDS = 3.0
_QUERY_SECONDS = 60


def main(arguments: list[str]) -> int:
    """Check the address given, or that of `ILUM_SPARK_CONNECT_URL`; returns the exit code."""
    chosen = options(arguments)
    if chosen.drift:
        return _report(compare(chosen.address, frozenset(chosen.accept)), chosen.termination_message)
    as_json = chosen.output == "json"
    walk = check(
        chosen.address, timeout=chosen.timeout, query_seconds=chosen.query_seconds, tell=_quiet if as_json else _say
    )
    if as_json:
        sys.stdout.write(json.dumps(complete(walk).to_json()) + "\n")
    return walk.exit_code


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m mage_ilum.check", description="Can this pod use Spark?")
    parser.add_argument("address", nargs="?", help="sc://host:port; ILUM_SPARK_CONNECT_URL unless given")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="how to print the steps")
    parser.add_argument(
        "--timeout", type=float, default=_CONNECT_SECONDS, metavar="SECONDS", help="for the way to the server"
    )
    parser.add_argument(
        "--query-seconds", type=int, default=_QUERY_SECONDS, metavar="N", help="for the query; 0 asks none"
    )
    parser.add_argument("--drift", action="store_true", help="compare client and server alone; exit 5 when they differ")
    parser.add_argument(
        "--accept", type=_accepted, default=(), metavar="VERDICT,...", help=f"no drift: {', '.join(ACCEPTABLE)}"
    )
    parser.add_argument("--termination-message", type=Path, metavar="FILE", help="where --drift writes its line too")
    return parser.parse_args(arguments)


def _accepted(text: str) -> tuple[str, ...]:
    words = tuple(filter(None, text.split(",")))
    for word in words:
        if word not in ACCEPTABLE:
            raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(ACCEPTABLE)}")
    return words


def _report(comparison: Comparison, message: Path | None) -> int:
    """Say the one line, where Kubernetes looks for it too."""
    stream = sys.stderr if comparison.exit_code else sys.stdout
    stream.write(f"{comparison.line}\n")
    if message is not None:
        try:
            message.write_text(f"{comparison.line}\n", encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"{message} cannot be written: {error.strerror}.\n")
    return comparison.exit_code


def check(url: str | None, *, timeout: float, query_seconds: int, tell: Tell) -> Walk:
    """The whole way, with the PySpark that is here; `url` is that of `ILUM_SPARK_CONNECT_URL` unless given."""
    walk = replace(walk_to_server(url, timeout, tell), python=platform.python_version())
    if walk.failure:
        return walk
    try:
        client = installed_version()
    except IncompatibleClientError as error:
        return _with(walk, failed_step("version", error), tell)
    walk = replace(_with(walk, version_step(client, walk.server), tell), client=client)
    if walk.failure:
        return walk
    major, minor, _ = platform.python_version_tuple()
    why = f"Python UDFs work only where the executors run Python {major}.{minor}, as this process does"
    walk = _with(walk, Step(name="python", outcome="skipped", code="python-unknown", sentence=why), tell)
    return _with(walk, query_step(url, query_seconds), tell) if query_seconds else walk


def query_step(url: str | None, seconds: int) -> Step:
    """One query, which needs executors: `seconds` for it, beside those for the session."""
    begin = time.monotonic()
    try:
        with warnings.catch_warnings(), limit(seconds):
            warnings.simplefilter("ignore")  # the verdict has said it
            with spark_session(url) as spark:
                answer = f"spark.range(1000).count() = {spark.range(1000).count()}"
    except MageIlumError as error:
        return failed_step("query", error, time.monotonic() - begin)
    except ImportError as error:
        return failed_step("query", unusable(error), time.monotonic() - begin)
    except Exception as error:  # whatever PySpark raises, whose classes differ from line to line
        return failed_step("query", _query_failed(error), time.monotonic() - begin)
    return Step(name="query", outcome="ok", code="ok", sentence=answer, seconds=time.monotonic() - begin)


def _query_failed(error: Exception) -> ConnectionProblem:
    said = (str(error).strip().splitlines() or [""])[0][:300]
    return ConnectionProblem(
        f"The query failed: {type(error).__name__}: {said}", code="query-failed", fix="Look at the driver's log."
    )


def _with(walk: Walk, step: Step, tell: Tell) -> Walk:
    tell(step)
    return replace(walk, steps=(*walk.steps, step))


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """End whatever the main thread waits for: a query waits for ever where the driver gets no executors."""

    def end(*_: object) -> None:
        raise ConnectionProblem(
            f"The query was not answered within {seconds} s.",
            code="query-silent",
            why="The driver answers, but its executors do not come up, are cut off from it, or are busy.",
            fix="Look for `Initial job has not accepted any resources` in the driver's log, and at the executor pods: "
            "they need CPU and memory, and the driver's ports 7078 and 7079.",
        )

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _say(step: Step) -> None:
    """In one stream: a pod's log mixes two in any order."""
    if step.outcome == "skipped" and step.code != "python-unknown":
        return
    lines = [f"{step.name:<13} {step.sentence}"]
    lines += [f"  {word}: {text}" for word, text in (("Why", step.why), ("Try", step.fix)) if text]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _quiet(step: Step) -> None:
    """Programs read the whole at the end."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
