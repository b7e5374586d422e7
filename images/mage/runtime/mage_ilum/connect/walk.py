"""The way from here to a Spark Connect server as steps: what was passed, where it ended, what was not looked at."""

import time
from collections.abc import Callable
from typing import Literal

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.connect.compatibility import Verdict, check_client, verdict
from mage_ilum.connect.preflight import server_version
from mage_ilum.connect.problems import LAYERS as LAYER_OF
from mage_ilum.connect.proxy import proxy_variable
from mage_ilum.connect.steps import LAYERS, Step, Walk
from mage_ilum.errors import AddressError, ConnectionProblem, IncompatibleClientError, MageIlumError

Tell = Callable[[Step], None]
"""Told of each step as soon as it is known."""


def walk_to_server(url: str | None, timeout: float, tell: Tell = lambda step: None) -> Walk:
    """From the address to the server's version, in `timeout` seconds in all; `url` as `resolve` takes it.

    Ends with the first step that failed, and never raises for what is wrong out there.
    """
    steps = _Steps(tell)
    try:
        address = resolve(url)
    except AddressError as error:
        steps.fail("address", error)
        return Walk(steps=steps.taken)
    steps.take(_address_step(address))
    steps.unseen = _unseen(address)
    server = ""
    try:
        server = server_version(address, timeout, steps.passed)
        steps.passed("grpc", "gRPC answers")
        steps.passed("spark-connect", f"Spark {server}")
        steps.passed("token", "accepted" if address.token else "none sent, none wanted")
    except ConnectionProblem as error:
        layer = LAYER_OF[error.code]
        if LAYERS.index(layer) > LAYERS.index("grpc"):
            steps.passed("grpc", "gRPC answers")
            steps.unseen = "not-seen", "the server does not say so before the token is right"
        steps.fail(layer, error)
    except IncompatibleClientError as error:
        steps.fail("grpc", error)
    return Walk(steps=steps.taken, address=str(address), server=server)


def version_step(client: str, server: str) -> Step:
    """Whether a PySpark `client` may talk to a Spark `server`."""
    answer = verdict(client, server)
    try:
        if answer == "newer-client":
            check_client(client, server)
    except IncompatibleClientError as error:
        return failed_step("version", error)
    outcome: Literal["ok", "warned"] = "ok" if answer in ("same", "patch") else "warned"
    return Step(
        name="version", outcome=outcome, code=answer, sentence=f"PySpark {client}, Spark {server}: {_MEANING[answer]}"
    )


def failed_step(name: str, error: MageIlumError, seconds: float = 0.0) -> Step:
    """An error as the step that it ends."""
    return Step(
        name=name,
        outcome="failed",
        code=error.code,
        sentence=error.what,
        why=error.why,
        fix=error.fix,
        seconds=seconds,
        exit_code=error.exit_code,
    )


def complete(walk: Walk) -> Walk:
    """With every layer in its place: those that nobody looked at are skipped, and say after what."""
    by_name = {step.name: step for step in walk.steps}
    reason = f"not looked at: {walk.failure.name} comes first" if walk.failure else "not looked at"
    steps = (by_name.get(name) or _skipped(name, "not-reached", reason) for name in LAYERS)
    return Walk(steps=tuple(steps), address=walk.address, server=walk.server, client=walk.client, python=walk.python)


class _Steps:
    """Takes down steps in their order, with the time that each took."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._since = time.monotonic()
        self.taken: tuple[Step, ...] = ()
        self.unseen = "not-seen", ""  # code and reason of a layer that was passed over

    def take(self, step: Step) -> None:
        known = {taken.name for taken in self.taken}
        before = LAYERS[: LAYERS.index(step.name)]
        for new in (*(_skipped(name, *self.unseen) for name in before if name not in known), step):
            self.taken += (new,)
            self._tell(new)

    def passed(self, layer: str, seen: str) -> None:
        if all(step.name != layer for step in self.taken):  # the same port may be tried with a second greeting
            self.take(Step(name=layer, outcome="ok", code="ok", sentence=seen, seconds=self._lap()))

    def fail(self, layer: str, error: MageIlumError) -> None:
        """gRPC judges a certificate after its server spoke: what was passed from this layer on is taken back."""
        self.taken = tuple(step for step in self.taken if LAYERS.index(step.name) < LAYERS.index(layer))
        self.take(failed_step(layer, error, self._lap()))

    def _lap(self) -> float:
        since, self._since = self._since, time.monotonic()
        return self._since - since


def _unseen(address: ConnectAddress) -> tuple[str, str]:
    proxy = proxy_variable(address.host)
    if proxy is not None:
        return "proxy-in-use", f"gRPC goes through the proxy that {proxy} names, which alone sees this"
    return ("not-seen", "not seen on its own") if address.tls else ("plain", "none: the address asks for none")


def _skipped(name: str, code: str, reason: str) -> Step:
    return Step(name=name, outcome="skipped", code=code, sentence=reason)


def _address_step(address: ConnectAddress) -> Step:
    if address.tls and address.parameters.get("use_ssl", "").lower() == "false":
        return Step(
            name="address",
            outcome="warned",
            code="token-without-tls",
            sentence=f"{address} says use_ssl=false, and PySpark uses TLS all the same: there is a token",
        )
    return Step(name="address", outcome="ok", code="ok", sentence=str(address))


_MEANING: dict[Verdict, str] = {
    "same": "the same version",
    "patch": "the same line, and its patches understand each other",
    "older-client": "an older client works, without what is new in the server",
    "unknown": "one of these is no version such as 4.1.1, so nothing was compared",
}
