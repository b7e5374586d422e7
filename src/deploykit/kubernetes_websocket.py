"""A WebSocket to the Kubernetes API, for what it streams: ports of pods, and commands in them.

Not `kubernetes.stream`: it replaces a method of its client for the time of a call, and when connections open at once,
as a browser's do, the client stays broken; it reads an answer into memory whatever the browser takes, knows no time
limit, and takes the words of a command that could not be started for its exit code.
"""

import asyncio
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.typing import Subprotocol

from deploykit.kubernetes_api import KubernetesApi
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_PROTOCOL = Subprotocol("v4.channel.k8s.io")
CLOSE_SECONDS = 1.0


class _Connect(websocket_connect):
    """Without redirects: the login is for this server alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def connect(api: KubernetesApi, path: str, *, seconds: float) -> ClientConnection:
    """Open it within some seconds, at a path with its query; each message has its channel's number as its first byte.

    Raises `InvalidStatus` where the API server refuses, `WebSocketException` or `OSError` where it does not answer, and
    `UnreachableError` where the login takes too long.
    """
    configuration, server = api.connection.configuration, urlsplit(api.host)
    limit = Deadline(seconds)
    login = await asyncio.to_thread(api.login, seconds)  # may run the kubeconfig's program for a new token
    proxy = getattr(api.connection.rest_client.pool_manager, "proxy", None)  # as for everything else
    return await _Connect(
        f"{'wss' if server.scheme == 'https' else 'ws'}://{server.netloc}{server.path.rstrip('/')}{path}",
        subprotocols=[_PROTOCOL],
        additional_headers=login,
        proxy=None if proxy is None else proxy.url,
        compression=None,
        ping_interval=None,
        open_timeout=limit.left,
        close_timeout=CLOSE_SECONDS,
        ssl=_tls(configuration) if server.scheme == "https" else None,
        server_hostname=(configuration.tls_server_name or server.hostname) if server.scheme == "https" else None,
    )


def _tls(configuration: "Configuration") -> ssl.SSLContext:
    """The client's own trust, and its certificate."""
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if not configuration.verify_ssl or configuration.assert_hostname is False:
        context.check_hostname = False
    if not configuration.verify_ssl:
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
