"""One TCP connection to a port of a pod, through the Kubernetes API, over a WebSocket."""

import asyncio

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus, WebSocketException

from deploykit import kubernetes_websocket
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi
from deploykit.kubernetes_websocket import CLOSE_SECONDS

_DATA, _ERROR = 0, 1  # the channels of the first and only port


class PortForward:
    """An open connection; sending and receiving may go on at once."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._greeted: set[int] = set()

    async def send(self, data: bytes) -> None:
        """Send all of it, as fast as the pod takes it; raises `OSError` when the connection has ended."""
        try:
            await self._websocket.send(bytes((_DATA,)) + data)
        except ConnectionClosed:
            raise BrokenPipeError from None

    async def receive(self) -> bytes:
        """Some bytes, or `b""` at the end; raises `OSError`, a `ConnectionRefusedError` where nothing listens there."""
        while message := await self._message():
            channel, data = message[0], message[1:]
            if channel not in self._greeted:  # the first message of each channel repeats the port's number
                self._greeted.add(channel)
            elif channel == _ERROR:
                raise ConnectionRefusedError(data.decode(errors="replace").strip())
            elif channel == _DATA and data:
                return data
        return b""

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """End the connection, within some seconds after all that was sent; a `receive` that waits then ends too."""
        try:
            async with asyncio.timeout(seconds):
                await self._websocket.close()
        except TimeoutError:  # the other side takes nothing
            self._websocket.transport.abort()

    async def _message(self) -> bytes:
        """The next one, or `b""` at the end."""
        try:
            return await self._websocket.recv(decode=False)
        except ConnectionClosedOK:
            return b""
        except ConnectionClosed:
            raise ConnectionResetError from None


async def connect(api: KubernetesApi, *, namespace: str, pod: str, port: int, seconds: float) -> PortForward:
    """Open a connection to a port of a pod within some seconds.

    Raises `UnreachableError` when the pod is gone, or the API server does not answer or does not allow it.
    """
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
    try:
        websocket = await kubernetes_websocket.connect(api, path, seconds=seconds)
    except InvalidStatus as error:
        raise _refused(error.response.status_code, api.host, namespace, pod) from None
    except (WebSocketException, OSError) as error:  # a TimeoutError too
        raise UnreachableError(
            f"The Kubernetes API at {api.host} opens no connection to pod {pod}.",
            why=f"{type(error).__name__} within {seconds:.1f} s.",
            fix="check the VPN and the cluster, and whether a proxy on the way lets WebSockets through",
        ) from None
    return PortForward(websocket)


def _refused(status: int, host: str, namespace: str, pod: str) -> UnreachableError:
    if status in (401, 403):
        return UnreachableError(
            f"The Kubernetes API at {host} does not let you open a tunnel to pods in namespace {namespace}.",
            why="It does not accept the kubeconfig's login, or the login has ended."
            if status == 401
            else "That needs the rights `get` and `create` on `pods/portforward` there.",
            fix=f"kubectl auth can-i get pods/portforward --namespace {namespace}",
        )
    return UnreachableError(
        f"The Kubernetes API at {host} opens no connection to pod {pod} in namespace {namespace}.",
        why="That pod is gone." if status == 404 else f"It answered {status}." if status else "It answered no HTTP.",
        fix=f"kubectl --namespace {namespace} get pods",
    )
