"""`deploykit open`: the page of a pod on a real cluster, as a browser on the same machine meets it."""

import json
import os
import signal
import socket
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.opened import get, opened
from tests.cluster.page import BIG
from tests.cluster.release import until
from tests.needs import Cluster

from deploykit.cli.main import run

NAMESPACE = "opn-page"
SOURCE = (Path(__file__).parent / "page.py").read_text(encoding="utf-8")


class Pages:
    """The namespace, and the pods in it that look like Mage's."""

    def __init__(self, image: str) -> None:
        self._image = image

    def kubectl(self, *arguments: str, text: str | None = None) -> str:
        return kubectl("--namespace", NAMESPACE, *arguments, text=text, seconds=90)

    def add(self, name: str, release: str = "mage", *, listens: bool = True) -> None:
        own = {"name": "mage-ilum", "instance": release, "component": "server"}
        container = {
            "name": "mage",
            "image": self._image,
            "command": ["python3", "-c", SOURCE] if listens else ["sleep", "infinity"],
            "env": [{"name": "MAGE_BASE_PATH", "value": "base"}],
            "readinessProbe": {"tcpSocket": {"port": 6789}, "periodSeconds": 1} if listens else None,
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {f"app.kubernetes.io/{key}": value for key, value in own.items()}},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
        }
        self.kubectl("apply", "--filename=-", text=json.dumps(pod))
        self.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")

    def remove(self, name: str) -> None:
        self.kubectl("delete", "pod", name, "--wait")


@pytest.fixture(scope="module")
def pages(needs_cluster: Cluster, image: str) -> Iterator[Pages]:
    found = Pages(image)
    create_namespace(NAMESPACE)
    found.add("first")
    yield found
    found.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_the_page_downloads_and_what_stays_open_pass_by_many_connections_at_once(pages):
    with opened(NAMESPACE) as (_, url):
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/base")
        root = url.removesuffix("/base")
        host, port = root.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as stays:
            stays.sendall(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
            assert stays.recv(1000).startswith(b"HTTP/1.1 101 ")
            with ThreadPoolExecutor(20) as pool:
                paths = [f"{root}/big", *[url] * 19]
                assert set(pool.map(get, paths)) == {BIG, b"first"}
            stays.sendall(b"still here")
            assert stays.recv(1000) == b"still here"


def test_ctrl_c_ends_it_at_once_without_a_traceback_while_connections_are_open(pages):
    with opened(NAMESPACE, "--output", "json") as (process, brace):
        assert brace == "{"
        shown = json.loads("{" + "".join(process.stdout.readline() for _ in range(5)))
        assert {key: shown[key] for key in ("namespace", "release", "pod")} == {
            "namespace": NAMESPACE,
            "release": "mage",
            "pod": "first",
        }
        host, port = shown["url"].removeprefix("http://").split("/")[0].split(":")
        with socket.create_connection((host, int(port)), timeout=10) as stays:
            stays.sendall(b"GET / HTTP/1.1\r\nUpgrade: echo\r\n\r\n")
            assert stays.recv(1000).startswith(b"HTTP/1.1 101 ")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=5) == 130
        assert process.stderr.read().splitlines()[1:] == ["", "Stopped."]


def test_several_releases_are_named_and_none_is_chosen(pages, capsys):
    pages.add("other", release="other")
    try:
        assert run(["open", "--namespace", NAMESPACE, "--port", "0"]) == 2
        assert "2 releases of Mage run in namespace opn-page: mage, other" in capsys.readouterr().err
        with opened(NAMESPACE, "--release", "other") as (_, url):
            assert get(url) == b"other"
    finally:
        pages.remove("other")


def test_a_release_that_is_not_there_is_unreachable(pages, capsys):
    assert run(["open", "--namespace", NAMESPACE, "--release", "nobody", "--port", "0"]) == 4
    assert "no release of Mage called nobody in namespace opn-page" in capsys.readouterr().err


def test_a_pod_in_which_nothing_listens_is_unreachable_within_3_seconds(pages, capsys):
    pages.add("deaf", release="deaf", listens=False)
    began = time.monotonic()
    assert run(["open", "--namespace", NAMESPACE, "--release", "deaf", "--port", "0"]) == 4
    assert time.monotonic() - began < 3
    said = capsys.readouterr()
    assert "Mage's page in pod deaf does not answer" in said.err
    assert "Nothing in it listens on port 6789 yet" in said.err
    assert said.out == ""
    pages.remove("deaf")


def test_a_login_without_the_right_is_told_which_right(pages, capsys, tmp_path, monkeypatch):
    pages.kubectl("create", "serviceaccount", "reader")
    pages.kubectl("create", "role", "reader", "--verb=list", "--resource=pods")
    pages.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={NAMESPACE}:reader")
    settings = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    token = pages.kubectl("create", "token", "reader").strip()
    settings["users"] = [{"name": user["name"], "user": {"token": token}} for user in settings["users"]]
    (tmp_path / "reader").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "reader"))
    assert run(["open", "--namespace", NAMESPACE, "--port", "0"]) == 4
    said = capsys.readouterr().err
    assert "does not let you open a tunnel to pods in namespace opn-page" in said
    assert "pods/portforward" in said
    assert token not in said


def test_a_replaced_pod_is_found_again_and_said(pages):  # the last one: the others want the first pod
    with opened(NAMESPACE) as (process, url):
        assert get(url) == b"first"
        pages.remove("first")
        with pytest.raises((urllib.error.URLError, OSError)):
            get(url)
        pages.add("second")
        assert until(10, lambda: answer(url), "the new pod to answer") == b"second"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[1]
        assert "Mage is away for now" in said
        assert "Mage is in pod second now." in said


def answer(url: str) -> bytes:
    try:
        return get(url)
    except OSError:
        return b""
