"""`deploykit detect` as a process: what it prints, and with which code it ends."""

import json
import subprocess
import sys

import pytest
from tests.unit.mage_ilum import servers

VERSION_ANSWER = bytes((8 << 3 | 2, 7, 1 << 3 | 2, 5)) + b"4.1.1"
SECRET = "s3cr3t-t0ken"


def detect(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "deploykit", "detect", *arguments],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_nothing_to_ask_is_wrong_usage():
    done = detect()
    assert (done.returncode, done.stdout) == (2, "")
    assert "deploykit detect --namespace ilum" in done.stderr


@pytest.mark.parametrize("address", ["spark:15002", "sc://spark:0", f"sc://spark;token={SECRET}"])
def test_a_bad_address_is_wrong_usage_and_keeps_its_secret(address):
    done = detect(address)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("timeout", ["0", "-1", "soon"])
def test_a_bad_timeout_is_wrong_usage(timeout):
    assert detect("sc://127.0.0.1", "--timeout", timeout).returncode == 2


def test_a_server_that_is_not_there_ends_with_4():
    with servers.refused() as port:
        done = detect(f"sc://127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "refused the connection" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_address_and_the_token_come_from_the_environment_too():
    def answer(request, context):
        sent = ("authorization", f"Bearer {SECRET}") in context.invocation_metadata()
        return VERSION_ANSWER if sent else b""

    with servers.grpc_server(answer) as port:
        done = detect("-o", "json", DEPLOYKIT_SERVER=f"sc://localhost:{port}", SPARK_CONNECT_AUTHENTICATE_TOKEN=SECRET)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "version": "4.1.1",
        "confidence": "certain",
        "evidence": [
            {
                "source": "server",
                "version": "4.1.1",
                "where": f"sc://localhost:{port}",
                "confidence": "certain",
                "server": f"sc://localhost:{port}",
            }
        ],
        "disagreements": [],
        "not_asked": [],
    }


def test_a_version_that_is_none_is_incompatible():
    with servers.grpc_server(lambda *_: bytes((8 << 3 | 2, 8, 1 << 3 | 2, 6)) + b"banana") as port:
        done = detect(f"sc://127.0.0.1:{port}")
    assert done.returncode == 3
    assert "'banana'" in done.stderr


def test_no_kubeconfig_is_wrong_usage(tmp_path):
    done = detect("--namespace", "ilum", KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode == 2
    assert "kubeconfig" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("listener", "sentence"),
    [
        (servers.refused, "The Kubernetes API does not answer at"),
        (servers.silent, "The Kubernetes API does not answer at"),
        (servers.closing, "There is no TLS connection to the Kubernetes API at"),
        (servers.http1, "There is no TLS connection to the Kubernetes API at"),
    ],
)
def test_a_kubernetes_api_that_does_not_answer_ends_with_4(tmp_path, listener, sentence):
    with listener() as port:
        cluster = {"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}"}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        kubeconfig = tmp_path / "config"
        kubeconfig.write_text(
            json.dumps({"clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {}}]})
        )
        done = detect("--namespace", "ilum", "--context", "x", "--timeout", "1", KUBECONFIG=str(kubeconfig))
    assert done.returncode == 4, done.stderr
    assert f"{sentence} https://127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_costs_neither_pyspark_nor_the_kubernetes_client():
    script = """\
import sys
from deploykit.cli.main import run
code = run(["detect", sys.argv[1]])
print(code, sorted({"pyspark", "kubernetes", "rich", "requests"} & set(sys.modules)))
"""
    with servers.grpc_server(lambda *_: VERSION_ANSWER) as port:
        done = subprocess.run(
            [sys.executable, "-c", script, f"sc://127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    assert done.stdout.splitlines()[-1] == "0 []"
