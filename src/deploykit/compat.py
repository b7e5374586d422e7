"""How a client fits a server, and whether Python UDFs run."""

from dataclasses import dataclass
from enum import StrEnum

from deploykit.versions import SparkVersion
from mage_ilum.connect.compatibility import verdict


class Verdict(StrEnum):
    """How a client fits a server. `impossible` is an `IncompatibleError`, raised where the clash is found."""

    SAME = "same"
    PATCH = "patch"
    OLDER_CLIENT = "older-client"
    NEWER_CLIENT = "newer-client"

    @property
    def sentence(self) -> str:
        """What it means for the person who runs pipelines."""
        return _SENTENCES[self]


_SENTENCES = {
    Verdict.SAME: "client and server are of the same version",
    Verdict.PATCH: "client and server are of the same Spark line; patches of a line understand each other",
    Verdict.OLDER_CLIENT: "an older client works with a newer server; what is new in the server is out of its reach",
    Verdict.NEWER_CLIENT: "a newer client breaks on an older server: createDataFrame fails",
}


def compare(client: SparkVersion, server: SparkVersion) -> Verdict:
    """The verdict for two versions; the same function warns inside the image."""
    return Verdict(verdict(client.release, server.release))


@dataclass(frozen=True, kw_only=True)
class UdfVerdict:
    """Whether Python UDFs run: `None` where nobody said which Python the executors have."""

    works: bool | None
    sentence: str


def udfs(client_python: str, executor_python: str | None) -> UdfVerdict:
    """Python UDFs need the same Python minor version in Mage and on the executors; all else does not."""
    client = _minor(client_python)
    if executor_python is None:
        return UdfVerdict(works=None, sentence=f"work only where the executors run Python {client}, as the image does")
    if _minor(executor_python) == client:
        return UdfVerdict(works=True, sentence=f"work: image and executors run Python {client}")
    return UdfVerdict(
        works=False,
        sentence=f"do not work, all else does: Python {client} here, {_minor(executor_python)} on the executors",
    )


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
