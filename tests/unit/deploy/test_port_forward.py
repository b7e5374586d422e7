"""What a Kubernetes API that opens no connection to a pod is told as; that it opens one is for a real cluster."""

import asyncio
import threading
from contextlib import closing

import pytest
from tests.unit.kubernetes.api_server import kubeconfig, serving
from websockets.asyncio.server import serve

from deploykit.deploy.port_forward import connect
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi


def dial(seconds=3):
    asyncio.run(connect(KubernetesApi(), namespace="mage", pod="mage-1", port=6789, seconds=seconds))


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Points the kubeconfig to a port of 127.0.0.1."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return lambda port: monkeypatch.setenv(
        "KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}"))
    )


@pytest.mark.parametrize(
    ("status", "what", "why"),
    [
        (401, "does not let you open a tunnel to pods in namespace mage", "login"),
        (403, "does not let you open a tunnel to pods in namespace mage", "`get` and `create` on `pods/portforward`"),
        (404, "opens no connection to pod mage-1 in namespace mage", "gone"),
        (500, "opens no connection to pod mage-1 in namespace mage", "500"),
    ],
)
def test_a_refusal_is_a_sentence_without_the_token(use, status, what, why):
    with serving({}, status=status) as port:
        use(port)
        with pytest.raises(UnreachableError, match=what) as raised:
            dial()
    assert why in raised.value.why
    assert "Geheim1" not in str(vars(raised.value))


def test_an_api_that_refuses_connections_is_a_sentence(use, closed_port):
    use(closed_port)
    with pytest.raises(UnreachableError, match="opens no connection to pod mage-1") as raised:
        dial()
    assert "ConnectionRefusedError" in raised.value.why


def test_an_api_that_says_nothing_is_not_waited_for_longer_than_asked(use):
    async def say_nothing(reader, writer):
        with closing(writer):
            await reader.read()

    async def scenario():
        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        use(server.sockets[0].getsockname()[1])
        with pytest.raises(UnreachableError, match="opens no connection") as raised:
            await connect(KubernetesApi(), namespace="mage", pod="mage-1", port=6789, seconds=0.2)
        server.close()
        return raised.value.why

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == "TimeoutError within 0.2 s."


def test_a_redirect_is_not_followed_for_the_login_is_not_for_others(use):
    asked = []

    async def elsewhere(reader, writer):
        asked.append(await reader.read())
        writer.close()

    async def redirect(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def scenario():
        other = await asyncio.start_server(elsewhere, "127.0.0.1", 0)
        for found in (f"ws://127.0.0.1:{other.sockets[0].getsockname()[1]}/", "https://login.example/"):
            nonlocal place
            place = found
            server = await asyncio.start_server(redirect, "127.0.0.1", 0)
            use(server.sockets[0].getsockname()[1])
            with pytest.raises(UnreachableError, match="opens no connection") as raised:
                await connect(KubernetesApi(), namespace="mage", pod="mage-1", port=6789, seconds=3)
            assert "302" in raised.value.why
            server.close()
        other.close()

    place = ""
    asyncio.run(asyncio.wait_for(scenario(), 10))
    assert asked == []


def test_closing_waits_for_nobody_who_takes_nothing(use):
    over = asyncio.Event()

    async def deaf(websocket):
        websocket.transport.pause_reading()
        await over.wait()
        websocket.transport.resume_reading()

    async def scenario():
        async with serve(deaf, "127.0.0.1", 0, subprotocols=["v4.channel.k8s.io"], close_timeout=0.1) as server:
            use(server.sockets[0].getsockname()[1])
            connection = await connect(KubernetesApi(), namespace="mage", pod="mage-1", port=6789, seconds=3)
            sending = asyncio.create_task(connection.send(b"x" * 50_000_000))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(sending), 0.5)
            await asyncio.wait_for(connection.close(0.2), 2)
            await asyncio.wait_for(asyncio.wait([sending]), 2)
            over.set()

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_the_proxy_of_the_environment_is_used_with_its_login(tmp_path, monkeypatch):
    asked = []

    async def proxy(reader, writer):
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        writer.close()

    async def scenario():
        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", f"http://me:Geheim2@127.0.0.1:{port}")
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "http://api.example:8001/k8s/c-1")))
        with pytest.raises(UnreachableError, match="opens no connection") as raised:
            await connect(KubernetesApi(), namespace="mage", pod="mage-1", port=6789, seconds=3)
        server.close()
        return raised.value

    error = asyncio.run(asyncio.wait_for(scenario(), 5))
    assert asked[0].startswith("CONNECT api.example:8001 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6R2VoZWltMg==" in asked[0]
    assert asked[1].startswith("GET /k8s/c-1/api/v1/namespaces/mage/pods/mage-1/portforward?ports=6789 HTTP/1.1\r\n")
    assert "Geheim" not in str(vars(error))


def test_a_login_that_takes_too_long_is_a_sentence_of_its_own(use, closed_port):
    use(closed_port)
    api, over = KubernetesApi(), threading.Event()
    api.connection.configuration.refresh_api_key_hook = lambda _: over.wait()
    try:
        with pytest.raises(UnreachableError, match=r"gave no login within 0\.2 s"):
            asyncio.run(connect(api, namespace="mage", pod="mage-1", port=6789, seconds=0.2))
    finally:
        over.set()
