"""The way to Mage's page: whichever pod serves it now, also after it was replaced."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from deploykit.deploy import mage_pods, port_forward
from deploykit.deploy.mage_pods import MagePod
from deploykit.deploy.port_forward import PortForward
from deploykit.errors import DeploykitError, UnreachableError
from deploykit.kubernetes_api import KubernetesApi
from mage_ilum.deadline import Deadline

_FRESH = 1.0
"""Seconds for which a pod that was found is not looked up again: a page opens many connections at once."""


class MagePage:
    """Opens connections to Mage's page; `say` is told when its pod is another, or away."""

    def __init__(
        self, api: KubernetesApi, *, namespace: str, release: str | None, seconds: float, say: Callable[[str], None]
    ) -> None:
        """`seconds` is the limit for opening one connection."""
        self._api = api
        self._namespace = namespace
        self._release = release
        self._seconds = seconds
        self._say = say
        self._said = ""
        self._lock = asyncio.Lock()
        self._found: MagePod | None = None
        self._looked = 0.0

    async def find(self) -> MagePod:
        """The pod that serves the page now; raises `UsageError` and `UnreachableError` as `mage_pods.choose` does."""
        async with self._lock:
            if self._found is None or time.monotonic() - self._looked > _FRESH:
                self._found, before = None, self._found
                pods = await asyncio.to_thread(mage_pods.serving, self._api, self._namespace)
                self._found = mage_pods.choose(pods, namespace=self._namespace, release=self._release, before=before)
                self._looked = time.monotonic()
                self._release = self._found.release
            return self._found

    async def check(self, end: Deadline) -> MagePod:
        """The pod, once its page has answered; raises `UnreachableError` when it has not before `end`."""
        pod = await self.find()
        connection = await self._connect(pod, end.left)
        try:
            async with asyncio.timeout(end.left):
                with suppress(BrokenPipeError):  # what was received before the end says why
                    await connection.send(f"GET {pod.base_path}/api/status HTTP/1.0\r\nHost: mage\r\n\r\n".encode())
                answer = await connection.receive()
        except TimeoutError:
            raise _silent(pod, f"It says nothing within {end.seconds:g} s.") from None
        except ConnectionRefusedError:
            raise _silent(pod, f"Nothing in it listens on port {mage_pods.PORT} yet.") from None
        except OSError as error:
            raise _silent(pod, f"{type(error).__name__} on the way to it.") from None
        finally:
            await connection.close(end.left)
        if not answer.startswith(b"HTTP/"):
            raise _silent(pod, f"What answers on port {mage_pods.PORT} speaks no HTTP.")
        self._said = pod.name
        return pod

    async def dial(self) -> PortForward | None:
        """A connection to the page, `None` while there is none to be had; what is in the way is said once."""
        try:
            pod = await self.find()
            connection = await self._connect(pod, self._seconds)
        except DeploykitError as error:
            self._found = None
            self._tell(error.what, f"Mage is away for now: {error.what}")
            return None
        self._tell(pod.name, f"Mage is in pod {pod.name} now.")
        return connection

    def _tell(self, about: str, text: str) -> None:
        if self._said != about:
            self._said = about
            self._say(text)

    async def _connect(self, pod: MagePod, seconds: float) -> PortForward:
        return await port_forward.connect(
            self._api, namespace=self._namespace, pod=pod.name, port=mage_pods.PORT, seconds=seconds
        )


def _silent(pod: MagePod, why: str) -> UnreachableError:
    return UnreachableError(
        f"Mage's page in pod {pod.name} does not answer.",
        why=why,
        fix="wait until Mage is up, or give it more time with --timeout",
    )
