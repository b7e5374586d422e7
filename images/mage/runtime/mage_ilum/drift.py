"""Has the server moved away from the client in this image? Compares versions alone, and asks Spark no query."""

from collections.abc import Set
from dataclasses import dataclass

from mage_ilum.connect.address import resolve
from mage_ilum.connect.compatibility import verdict
from mage_ilum.connect.preflight import server_version
from mage_ilum.errors import ConnectionProblem, MageIlumError
from mage_ilum.sessions.session import client_version

ACCEPTABLE = ("patch", "older-client")
"""Verdicts of which a user may say that they are no drift: both work. A newer client does not."""

DRIFT = 5
"""The exit code, as `deploykit sync --check` has it."""


@dataclass(frozen=True)
class Comparison:
    """What came of it, without a secret. No drift, and nothing compared, are both exit code 0."""

    sentence: str
    exit_code: int

    @property
    def line(self) -> str:
        """The sentence in one line, also where it repeats several lines of a server's."""
        return " ".join(self.sentence.split())


def compare(url: str | None, accepted: Set[str]) -> Comparison:
    """Compare the PySpark here with the server at `url`, or at `ILUM_SPARK_CONNECT_URL`.

    A server that does not answer is no drift: nothing is compared then, and the line says why. A bad address is an
    error, with exit code 2, and so is an image without PySpark, with 3.
    """
    try:
        client = client_version()  # takes seconds, in which a new pod's policies come into force
        server = server_version(resolve(url))
    except ConnectionProblem as problem:
        return Comparison(f"Nothing was compared: {problem.what}", 0)
    except MageIlumError as error:
        return Comparison(error.what, error.exit_code)
    answer = verdict(client, server)
    versions = f"PySpark {client} in the image, Spark {server} on the server ({answer})"
    if answer == "unknown":
        return Comparison(f"Nothing was compared: one of these is no version: {versions}.", 0)
    if answer == "same" or answer in accepted:
        return Comparison(f"No drift: {versions}.", 0)
    return Comparison(f"Drift: {versions}. Build the image that fits: deploykit image --spark {server}", DRIFT)
