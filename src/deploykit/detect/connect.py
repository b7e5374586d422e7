"""Ask a live Spark Connect server, over bare gRPC and without PySpark."""

import os

from deploykit.detect.evidence import Confidence, Evidence
from deploykit.errors import IncompatibleError, UnreachableError, UsageError
from deploykit.versions import SparkVersion
from mage_ilum.connect.address import resolve
from mage_ilum.connect.preflight import server_version
from mage_ilum.errors import AddressError, ConnectionProblem


def ask(url: str, timeout: float) -> Evidence:
    """What the server says about itself, within `timeout` seconds.

    Raises `UsageError` for a bad address and `UnreachableError` where no Spark Connect server answers.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC's own log lines tell less than our sentence
    try:
        address = resolve(url)
        answer = server_version(address, timeout)
    except AddressError as error:
        raise UsageError(error.what, why=error.why, fix=error.fix) from None
    except ConnectionProblem as error:
        raise UnreachableError(error.what, why=error.why, fix=error.fix) from None
    try:
        version = SparkVersion.parse(answer)
    except ValueError:
        raise IncompatibleError(
            f"The server at {address} calls its version {answer!r}, which is no Spark version such as 4.1.1.",
            fix="Name the version that it is compatible with: --spark X.Y.Z",
        ) from None
    where = f"sc://{address.endpoint}"
    return Evidence(source="server", version=version, where=where, confidence=Confidence.CERTAIN, server=where)
