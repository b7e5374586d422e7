"""The walk from the machine that the command runs on: with the image's own code, as far as it goes without PySpark."""

import os
from dataclasses import dataclass, replace
from importlib.util import find_spec

from deploykit.check.model import Decide, Step, Walk, decided, skipped
from deploykit.check.python_versions import python_step
from mage_ilum.connect.compatibility import verdict
from mage_ilum.connect.walk import complete, version_step, walk_to_server
from mage_ilum.errors import IncompatibleClientError

_QUERY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is to talk to the server: the `client` that an image carries, its Python, and that of the executors."""

    client: str | None = None
    python: str | None = None
    executor_python: str | None = None


def walk(url: str | None, expected: Expected, *, timeout: float, decide: Decide | None = None) -> Walk:
    """Every layer from here to the server at `url`, or at `ILUM_SPARK_CONNECT_URL`, in `timeout` seconds.

    `decide` is asked about a failure that looks the same from outside whatever its cause. A query follows where the
    PySpark in question is beside, for which it may take a minute: it waits for executors.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's own log lines tell less than our sentences
    found = walk_to_server(url, timeout)
    if found.failure is None:
        found = _versions(found, expected)
    if found.failure is None:
        found = _add(found, _query(url, found.client, found.server))
    return decided(complete(found), decide)


def _versions(found: Walk, expected: Expected) -> Walk:
    client = expected.client or ""
    step = version_step(client, found.server) if client else _which_image(found.server)
    found = replace(_add(found, step), client=client, python=expected.python or "")
    return found if found.failure else _add(found, python_step(expected.python, expected.executor_python))


def _which_image(server: str) -> Step:
    step = skipped("version", "client-unknown")
    fitting = f"Spark {server} answers; no client to compare with was named"
    return replace(step, sentence=fitting, fix=f"An image for it: deploykit image --spark {server}")


def _query(url: str | None, client: str, server: str) -> Step:
    """By the PySpark that is beside, where it can stand for the image's: else it would be judged in its place."""
    if find_spec("pyspark") is None:
        return skipped("query", "no-pyspark")
    from mage_ilum.check import query_step
    from mage_ilum.sessions.session import client_version

    try:
        here = client_version()
    except IncompatibleClientError as error:
        return _not_asked(error.what)
    if client and here != client:
        return _not_asked(f"PySpark {here} is beside deploykit, and the image has {client}")
    if not client and verdict(here, server) == "newer-client":
        return _not_asked(f"PySpark {here} is beside deploykit, too new for this server, and no image was named")
    step = query_step(url, _QUERY_SECONDS)
    return _not_asked(step.sentence) if step.code == "pyspark-unusable" else step


def _not_asked(because: str) -> Step:
    return skipped("query", "other-pyspark", because=because.rstrip("."))


def _add(found: Walk, step: Step) -> Walk:
    return replace(found, steps=(*found.steps, step))
