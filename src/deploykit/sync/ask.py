"""Which Spark an environment's servers run: asked until they answer, for as long as one is willing to wait."""

import time
from dataclasses import dataclass, replace

from deploykit import catalog
from deploykit.detect.evidence import Detection
from deploykit.errors import UnreachableError
from deploykit.planning import detected
from deploykit.progress import Progress
from deploykit.sync.environment import Environment
from deploykit.versions import SparkVersion
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.errors import AddressError


@dataclass(frozen=True, kw_only=True)
class Server:
    """The Spark that decides. `detection` is None where the request names the version."""

    version: SparkVersion
    where: str
    detection: Detection | None

    @property
    def confidence(self) -> str:
        """How sure the version is; `asked` where a person named it."""
        return "asked" if self.detection is None else str(self.detection.confidence)

    def facts(self) -> dict[str, str]:
        """As JSON has it."""
        return {"version": str(self.version), "where": self.where, "confidence": self.confidence}


def server(environment: Environment, *, max_wait: float, progress: Progress) -> Server:
    """The server's version; asked again for `max_wait` seconds where nothing answers, as while it restarts."""
    if environment.request.spark:
        version = catalog.load().spark(environment.request.spark)
        return Server(version=version, where="--spark", detection=None)
    deadline = time.monotonic() + max_wait
    pause = 1.0
    while True:
        try:
            found = _detect(environment)
            return Server(version=found.version, where=found.decisive.where, detection=found)
        except UnreachableError as error:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            progress.step(f"{error.what} Asking again, for {left:.0f} s at most")
            time.sleep(min(pause, left))
            pause = min(2 * pause, 10.0)


def _detect(environment: Environment) -> Detection:
    request = environment.request
    if request.server:
        first, *others = [_with_token(url, environment.token) for url in (request.server, *request.sharing)]
        request = replace(request, server=first, sharing=tuple(others))
    found = detected(request)
    assert found is not None
    return found


def _with_token(address: str, token: str) -> str:
    """The address with the environment's token, unless it has one of its own; one that is none stays for `detect`."""
    try:
        return ConnectAddress.parse(address).with_parameters(token=token).url if token else address
    except AddressError:
        return address
