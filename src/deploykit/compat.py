"""How a client fits a server, and whether Python UDFs run."""

from dataclasses import dataclass
from enum import StrEnum

from deploykit.catalog import Catalog
from deploykit.errors import IncompatibleError
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


def client_for(
    server: SparkVersion, asked: str | None, known: Catalog, *, where: str = "", because: str = "", fix: str = ""
) -> SparkVersion:
    """The client that is asked for, else the server's own version; raises `IncompatibleError` for a newer one.

    `where` the server is, `because` of what it decides, and `fix` say more of a refusal.
    """
    client = known.spark(asked, "--client") if asked else SparkVersion.parse(server.release)
    verdict = compare(client, server)
    if verdict is Verdict.NEWER_CLIENT:
        raise IncompatibleError(
            f"A client of Spark {client} is newer than the server, Spark {server}{where and f' at {where}'}.",
            why=f"{because}{verdict.sentence[0].upper()}{verdict.sentence[1:]}.",
            fix=fix or f"--client {server.release}, or leave --client out",
        )
    return client


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
