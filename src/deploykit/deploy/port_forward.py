"""One TCP connection to a port of a pod, through the Kubernetes API, over a WebSocket.

Not `kubernetes.stream.portforward`: it replaces a method of its client for the time of a call, and when connections
open at once, as a browser's do, the client stays broken; it reads an answer into memory whatever the browser takes, and
it knows no time limit.
"""

import asyncio
import base64
import ssl
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from deploykit.deploy.websocket import HandshakeError, WebSocket, read_head
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_DATA, _ERROR = 0, 1  # the channels of the first and only port: a byte before each message
_PROTOCOL = "v4.channel.k8s.io"


class PortForward:
    """An open connection; sending and receiving may go on at once."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._greeted: set[int] = set()

    async def send(self, data: bytes) -> None:
        """Send all of it, as fast as the pod takes it; raises `OSError` when the connection has ended."""
        await self._websocket.send(bytes((_DATA,)) + data)

    async def receive(self) -> bytes:
        """Some bytes, or `b""` at the end; raises `OSError`, a `ConnectionRefusedError` where nothing listens there."""
        while message := await self._websocket.receive():
            channel, data = message[0], message[1:]
            if channel not in self._greeted:  # the first message of each channel repeats the port's number
                self._greeted.add(channel)
            elif channel == _ERROR:
                raise ConnectionRefusedError(data.decode(errors="replace").strip())
            elif channel == _DATA and data:
                return data
        return b""

    def close(self) -> None:
        """End the connection; a `receive` that waits then ends too."""
        self._websocket.close()


async def connect(api: KubernetesApi, *, namespace: str, pod: str, port: int, seconds: float) -> PortForward:
    """Open a connection to a port of a pod within some seconds.

    Raises `UnreachableError` when the pod is gone, or the API server does not answer or does not allow it.
    """
    configuration = api.connection.configuration
    server = urlsplit(configuration.host)
    limit = Deadline(seconds)
    login = await asyncio.to_thread(api.login, seconds)  # may run the kubeconfig's program for a new token
    try:
        async with asyncio.timeout(limit.left):
            reader, writer = await _open(api, configuration, server)
            try:
                websocket = await WebSocket.upgrade(
                    reader,
                    writer,
                    host=server.netloc,
                    path=f"{server.path.rstrip('/')}/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}",
                    headers={"Sec-WebSocket-Protocol": _PROTOCOL, **login},
                )
            except BaseException:
                writer.transport.abort()
                raise
    except HandshakeError as error:
        raise _refused(error.status, api.host, namespace, pod) from None
    except OSError as error:  # a TimeoutError too
        raise UnreachableError(
            f"The Kubernetes API at {api.host} opens no connection to pod {pod}.",
            why=f"{type(error).__name__} within {seconds:.1f} s.",
            fix="check the VPN and the cluster, and whether a proxy on the way lets WebSockets through",
        ) from None
    return PortForward(websocket)


async def _open(
    api: KubernetesApi, configuration: "Configuration", server: SplitResult
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the API server, by the proxy that the client uses for everything else, and with its trust."""
    host, port = server.hostname or "", server.port or (443 if server.scheme == "https" else 80)
    tls = _tls(configuration) if server.scheme == "https" else None
    name = (configuration.tls_server_name or host) if tls else None
    proxy = getattr(api.connection.rest_client.pool_manager, "proxy", None)
    if proxy is None:
        return await asyncio.open_connection(host, port, ssl=tls, server_hostname=name)
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port or 80)
    try:
        login = f"Proxy-Authorization: Basic {base64.b64encode(proxy.auth.encode()).decode()}\r\n" if proxy.auth else ""
        writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n".encode("latin-1"))
        status, _ = await read_head(reader)
        if status != 200:
            raise ConnectionRefusedError(f"The proxy answered {status}")
        if tls:
            await writer.start_tls(tls, server_hostname=name)
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


def _tls(configuration: "Configuration") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not configuration.verify_ssl or configuration.assert_hostname is False:
        context.check_hostname = False
    if not configuration.verify_ssl:
        context.verify_mode = ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        context.load_verify_locations(cafile=configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


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
