"""How a command in a running pod ended, as the Kubernetes API tells it; that one runs is for a real cluster."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.kubernetes.api_server import kubeconfig, serving
from websockets.asyncio.server import serve

from deploykit.check.inside.exec import execute
from deploykit.kubernetes_api import KubernetesApi

PLACE = ("mage", "mage-1", "main")
SUCCESS = {"status": "Success"}
FAILED = {
    "status": "Failure", "reason": "NonZeroExitCode", "message": "command terminated with non-zero exit code",
    "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
}  # fmt: skip
NOT_STARTED = {
    "status": "Failure", "reason": "InternalError",
    "message": 'exec: "python3": executable file not found in $PATH',
    "details": {"causes": [{"message": "error executing command in container"}]},
}  # fmt: skip


@pytest.fixture
def use(tmp_path, monkeypatch):
    """Points the kubeconfig to a port of 127.0.0.1."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return lambda port: monkeypatch.setenv(
        "KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}"))
    )


@pytest.fixture
def ended(use):
    """Execute a command against an API server that sends these messages, and hangs up unless it is told not to."""

    def ended(*messages, command=("true",), seconds=5.0, stays=False):
        asked = []

        async def answer(websocket):
            asked.append(websocket.request.path)
            for channel, data in messages:
                await websocket.send(
                    bytes((channel,)) + (data if isinstance(data, bytes) else json.dumps(data).encode())
                )
            if stays:
                await websocket.wait_closed()

        async def scenario():
            async with serve(answer, "127.0.0.1", 0, subprotocols=["v4.channel.k8s.io"]) as server:
                use(server.sockets[0].getsockname()[1])
                return await asyncio.to_thread(execute, KubernetesApi(), PLACE, command, seconds)

        return asyncio.run(scenario()), asked

    return ended


def test_what_it_printed_is_put_together_and_its_end_is_told(ended):
    said, [path] = ended(
        (1, b"one "), (2, b"trouble"), (1, "zwei ä".encode()), (3, SUCCESS), command=("sh", "-c", "a b&c")
    )
    assert (said.out, said.error, said.exit_code, said.problem) == ("one zwei ä", "trouble", 0, "")
    asked = urlsplit(path)
    assert asked.path == "/api/v1/namespaces/mage/pods/mage-1/exec"
    assert parse_qs(asked.query) == {
        "container": ["main"], "stdout": ["true"], "stderr": ["true"], "command": ["sh", "-c", "a b&c"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "exit_code", "problem", "reason"),
    [
        (FAILED, 3, "", ""),
        (NOT_STARTED, None, "silent", 'exec: "python3": executable file not found in $PATH'),
        ({"status": "Failure", "message": "gone"}, None, "silent", "gone"),
        (b"no JSON", None, "silent", "The connection ended before the command did."),
    ],
)
def test_a_command_that_failed_and_one_that_was_never_started_are_told_apart(ended, status, exit_code, problem, reason):
    said, _ = ended((3, status))
    assert (said.exit_code, said.problem, said.reason) == (exit_code, problem, reason)


def test_a_connection_that_breaks_is_no_success(ended):
    said, _ = ended((1, b"half"))
    assert (said.out, said.exit_code, said.problem) == ("half", None, "silent")


def test_a_command_that_does_not_end_in_time_is_silent_and_what_it_printed_is_kept(ended):
    said, _ = ended((1, b"half"), seconds=0.5, stays=True)
    assert (said.out, said.problem, said.reason) == ("half", "silent", "")
    assert said.seconds < 2


def test_a_server_that_does_not_hang_up_after_the_status_costs_time_and_no_answer(ended):
    said, _ = ended((3, SUCCESS), seconds=0.5, stays=True)
    assert (said.exit_code, said.problem) == (0, "")


@pytest.mark.parametrize(("status", "problem"), [(403, "forbidden"), (404, "silent"), (500, "silent")])
def test_an_api_server_that_refuses_is_told_by_its_status(use, status, problem):
    with serving({}, status=status) as port:
        use(port)
        said = execute(KubernetesApi(), PLACE, ("true",), 3.0)
    assert said.problem == problem
    assert said.reason.startswith(f"the API server answered {status} ")


def test_an_api_server_that_is_away_is_silent(use, closed_port):
    use(closed_port)
    said = execute(KubernetesApi(), PLACE, ("true",), 3.0)
    assert (said.problem, said.reason) == ("silent", "ConnectionRefusedError.")
