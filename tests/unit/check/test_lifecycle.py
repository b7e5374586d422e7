"""Pods for one command, beside an API server that has its moments, and beside another check."""

import http.server
import json
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from tests.unit.kubernetes.api_server import kubeconfig

from deploykit.check.inside import lifecycle
from deploykit.check.inside.lifecycle import run_pods
from deploykit.check.inside.said import Said
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi

PODS = "/api/v1/namespaces/mage/pods"
CREATE, LIST, LOG, DELETE = f"POST {PODS}", f"GET {PODS}", f"GET {PODS}/probe-1/log", f"DELETE {PODS}/probe-1"
ASKED = {"server": {"metadata": {"name": "probe-1", "namespace": "mage"}}}
DONE = {"state": {"terminated": {"exitCode": 0}}}
BUSY, AWAY = (429, {"message": "slow down"}), (503, {"message": "not now"})


def pod(name: str = "probe-1", *, phase: str = "Succeeded", minutes: float = 0, **state: object) -> dict[str, object]:
    made = datetime.now(UTC) - timedelta(minutes=minutes)
    return {
        "metadata": {"name": name, "namespace": "mage", "creationTimestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "spec": {"activeDeadlineSeconds": 60},
        "status": {"phase": phase, "containerStatuses": [{"name": "probe", **(state or DONE)}]},
    }


def listed(*pods: Mapping[str, object]) -> tuple[int, object]:
    return 200, {"metadata": {}, "items": list(pods)}


NORMAL = {
    CREATE: [(201, {})],
    LIST: [listed(), listed(pod())],
    LOG: [(200, "said")],
    DELETE: [(200, {})],
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a pod where the API server answers each question so, and so again; returns what was said and was asked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def run(changes, *, seconds=3.0, start=3.0):
        with answering(NORMAL | changes) as (port, asked):
            monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")))
            try:
                return run_pods(KubernetesApi(), ASKED, seconds, start=start)["server"], asked
            finally:
                assert DELETE in asked, "the pod is removed whatever happens"

    return run


@contextmanager
def answering(answers: Mapping[str, list[tuple[int, object]]]) -> Iterator[tuple[int, list[str]]]:
    """The port of an API server with these answers, one after the other and the last for ever, and what it is asked."""
    asked: list[str] = []
    given: defaultdict[str, int] = defaultdict(int)

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = f"{self.command} {urlsplit(self.path).path}"
            asked.append(call)
            each = answers.get(call, [(404, {})])
            status, body = each[min(given[call], len(each) - 1)]
            given[call] += 1
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that the library calls

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def test_what_a_pod_prints_and_how_it_ends_is_what_it_says(run):
    said, _ = run({})
    assert (said.out, said.exit_code, said.problem) == ("said", 0, "")


def test_an_api_server_that_is_busy_for_a_moment_fails_nothing(run):
    said, asked = run({LIST: [AWAY, BUSY, AWAY, listed(pod())], LOG: [AWAY, BUSY, (200, "said")]})
    assert (said.out, said.exit_code, said.problem) == ("said", 0, "")
    assert (asked.count(LIST), asked.count(LOG)) == (6, 3)


def test_a_log_that_may_not_be_read_is_a_missing_right_and_no_empty_log(run):
    said, asked = run({LOG: [(403, {"message": "no"})]})
    assert (said.problem, said.exit_code) == ("forbidden", None)
    assert "`get` on `pods/log`" in said.reason
    assert asked.count(LOG) == 1


def test_a_log_that_is_never_told_is_no_empty_log_either(run):
    said, _ = run({LOG: [AWAY]})
    assert (said.problem, said.exit_code) == ("unheard", None)
    assert "answered 503" in said.reason


def test_an_api_server_that_never_comes_back_is_told_when_time_is_over(run):
    said, _ = run({LIST: [AWAY]}, seconds=0.2, start=0.2)
    assert said.problem == "unheard"
    assert "answered 503" in said.reason


def test_a_right_that_is_missing_does_not_come_while_it_is_waited_for(run):
    with pytest.raises(UnreachableError, match="does not let you list pods"):
        run({LIST: [listed(), (403, {})]})


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((403, {"message": 'pods is forbidden: User "me" cannot create resource "pods"'}), "forbidden"),
        ((403, {"message": "exceeded quota: small"}), "not-started"),
        ((422, {"message": "image is invalid"}), "not-started"),
        ((401, {"message": "Unauthorized"}), "forbidden"),
        ((503, {"message": "not now"}), "unheard"),
    ],
)
def test_a_pod_that_is_not_made_says_in_the_api_server_s_words_why(run, answer, problem):
    said, _ = run({CREATE: [answer]})
    assert said == Said(problem=problem, reason=answer[1]["message"])


def test_the_pods_of_a_check_that_was_killed_are_removed_and_those_of_one_that_goes_on_stay(run):
    left, young, running = pod("left", minutes=3), pod("young", minutes=1), pod("running", phase="Running", minutes=3)
    _, asked = run({LIST: [listed(left, young, running), listed(pod())]})
    assert [call for call in asked if call.startswith("DELETE")] == [f"DELETE {PODS}/left", DELETE]


def test_a_pod_that_may_take_minutes_is_looked_at_each_second(run, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(lifecycle.time, "sleep", pauses.append)
    run({}, start=300)
    assert pauses == [1.0]


def test_a_signal_ends_it_as_ctrl_c_does_and_one_that_nohup_ignores_does_not():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with lifecycle._signals_as_interrupts():
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
