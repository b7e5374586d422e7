"""An API server that cannot be asked is an error with a sentence, in a few seconds."""

import base64
import os
import socket
import ssl
import threading
import time

import pytest
import trustme
import yaml
from tests.unit.kubernetes.api_server import PODS, kubeconfig, serving
from tests.unit.mage_ilum import servers

from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import SECONDS, KubernetesApi

PATH = "/api/v1/namespaces/ilum/pods"


def pods(**options):
    return KubernetesApi(**options).list_objects("pods", "ilum")


@pytest.fixture
def leads_to(tmp_path, monkeypatch):
    """Have KUBECONFIG lead to a server at a port of the loopback address."""

    def write(port, scheme="http", **cluster):
        path = kubeconfig(tmp_path / "kubeconfig", f"{scheme}://127.0.0.1:{port}", **cluster)
        monkeypatch.setenv("KUBECONFIG", str(path))

    return write


def test_objects_come_as_the_api_says_them_over_several_pages(leads_to):
    with serving({PATH: PODS}, page=2) as port:
        leads_to(port)
        assert pods() == PODS["items"]


def test_a_missing_kubeconfig_is_named_and_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="No usable kubeconfig") as raised:
        KubernetesApi()
    assert str(tmp_path / "none") in raised.value.what
    assert "KUBECONFIG" in raised.value.fix


def test_a_context_that_is_not_there_is_named(leads_to):
    leads_to(1)
    with pytest.raises(UsageError, match="'elsewhere'"):
        KubernetesApi("elsewhere")


@pytest.mark.parametrize(
    "text",
    [
        "users: [{name: me, user: {token: Geheim1}}\ncontexts: ]",
        "users: Geheim1",
        "[Geheim1]",
        "Geheim1",
        "",
        "current-context: here\ncontexts: [{name: here}]\nclusters: {}\nusers: [Geheim1]",
        "\x00Geheim1",
    ],
)
def test_a_malformed_kubeconfig_is_named_and_none_of_it_is_repeated(tmp_path, monkeypatch, text):
    path = tmp_path / "broken"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(UsageError, match="No usable kubeconfig") as raised:
        KubernetesApi()
    error = raised.value
    assert str(path) in error.what
    assert error.why
    assert "Geheim1" not in error.what + error.why + error.fix


def test_a_certificate_that_is_not_base64_is_a_malformed_kubeconfig(leads_to):
    leads_to(1, "https", **{"certificate-authority-data": "a"})
    with pytest.raises(UsageError, match="No usable kubeconfig"):
        KubernetesApi()


def test_a_kubeconfig_comes_before_the_pod_that_this_runs_in(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube" / "config", "http://127.0.0.1:1")
    assert KubernetesApi().host == "http://127.0.0.1:1"


def test_in_a_pod_without_a_kubeconfig_the_pods_own_cluster_is_meant(tmp_path, monkeypatch):
    from kubernetes.config import incluster_config

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for name, text in (("TOKEN", "Geheim1"), ("CERT", "certificates")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name))
    assert KubernetesApi().host == "https://192.0.2.1:443"


@pytest.mark.parametrize("listener", [servers.refused, servers.closing, servers.blackhole])
def test_an_api_server_that_does_not_answer_is_unreachable(leads_to, listener):
    with listener() as port:
        leads_to(port)
        with pytest.raises(UnreachableError, match=f"does not answer at http://127.0.0.1:{port}"):
            pods(timeout=0.5)


def test_a_limit_of_minutes_is_said_as_it_was_typed(leads_to):
    with servers.closing() as port:
        leads_to(port)
        with pytest.raises(UnreachableError) as raised:
            pods(timeout=120)
    assert raised.value.why.endswith("within 120 s.")


def test_a_silent_api_server_is_given_up_in_time(leads_to):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        leads_to(silent.getsockname()[1])
        start = time.monotonic()
        with pytest.raises(UnreachableError, match="does not answer"):
            pods()
        assert time.monotonic() - start < SECONDS + 1


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "does not accept the kubeconfig's login"), (403, "needs the right `list` on `pods`"), (500, "answered 500")],
)
def test_a_refusal_says_what_is_missing(leads_to, status, words):
    with serving({}, status=status) as port:
        leads_to(port)
        with pytest.raises(UnreachableError) as raised:
            pods()
    assert words in raised.value.what + raised.value.why
    assert "kubectl" in raised.value.fix
    assert "Geheim1" not in str(vars(raised.value))


@pytest.mark.parametrize("answer", ["<html>Sign in</html>", '"a text"', '{"kind": "Status"}', '{"items": null}'])
def test_what_is_not_the_api_is_said(leads_to, answer):
    with serving({PATH: answer}) as port:
        leads_to(port)
        with pytest.raises(UnreachableError, match="is not the Kubernetes API"):
            pods()


def test_a_certificate_that_is_not_trusted_is_no_missing_right(leads_to):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving({PATH: PODS}, tls=context) as port:
        leads_to(port, "https")
        with pytest.raises(UnreachableError, match="no TLS connection") as raised:
            pods()
    assert "certificate" in raised.value.why.lower()
    assert "certificate-authority" in raised.value.fix


def test_the_kubeconfigs_own_ca_is_trusted(leads_to, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    data = base64.b64encode(authority.cert_pem.bytes()).decode()
    with serving({PATH: PODS}, tls=context) as port:
        leads_to(port, "https", **{"certificate-authority-data": data})
        assert pods() == PODS["items"]


@pytest.fixture
def over():
    """Set at the end of the test: what waits for it hangs meanwhile."""
    event = threading.Event()
    yield event
    event.set()


def test_a_name_that_nobody_looks_up_is_given_up_in_time(leads_to, monkeypatch, over):
    leads_to(1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait())  # as with a VPN that is down
    with pytest.raises(UnreachableError, match="does not answer") as raised:
        pods(timeout=0.2)
    assert raised.value.why == "TimeoutError within 0.2 s."


def test_an_answer_that_trickles_is_given_up_in_time(leads_to):
    with servers.trickling() as port:
        leads_to(port)
        with pytest.raises(UnreachableError, match="does not answer") as raised:
            pods(timeout=0.3)
    assert raised.value.why == "TimeoutError within 0.3 s."


def with_program(tmp_path, monkeypatch, *command):
    """A kubeconfig that has a program make the login."""
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": command[0], "args": list(command[1:])}
    content["users"][0]["user"] = {"exec": program}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))


def test_a_login_that_waits_for_a_person_is_given_up_and_says_what_to_type(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "browser")
    with_program(tmp_path, monkeypatch, "cat", str(tmp_path / "browser"))
    try:
        with pytest.raises(UnreachableError, match=r"gave no login within 0\.3 s") as raised:
            KubernetesApi("here", timeout=0.3)
    finally:
        with (tmp_path / "browser").open("w"):  # which ends the program
            pass
    assert "browser" in raised.value.why
    assert "kubectl --context here get ns" in raised.value.fix
    assert "--timeout" in raised.value.fix


def test_a_login_that_is_made_anew_has_the_request_s_limit(leads_to, over):
    with serving({PATH: PODS}) as port:
        leads_to(port)
        api = KubernetesApi(timeout=0.3)
        api.connection.configuration.refresh_api_key_hook = lambda _: over.wait()
        with pytest.raises(UnreachableError, match=r"gave no login within 0\.3 s"):
            api.list_objects("pods", "ilum")
