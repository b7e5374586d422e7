"""Mage as pods that wait to be asked, and Spark drivers with one fault each, for test_check.py."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.cluster.kubectl import create_namespace, kubectl
from tests.cluster.probes import put
from tests.cluster.release import DEFAULT_DENY

MAGE, SPARK = "chk-mage", "chk-spark"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
RELEASE = {"app.kubernetes.io/name": "mage-ilum", "app.kubernetes.io/instance": "mage"}
SERVER = {**RELEASE, "app.kubernetes.io/component": "server"}

LISTEN = """
import socket, sys, threading
def serve(port):
    listener = socket.create_server(("", port))
    while True:
        listener.accept()[0].sendall(b"HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n")
for port in sys.argv[1:]:
    threading.Thread(target=serve, args=[int(port)]).start()
"""
FULL = """
import socket, time
listener = socket.create_server(("", 15002), backlog=0)
waiting = [socket.socket() for _ in range(4)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", 15002))
time.sleep(3600)
"""
NO_CLASS = ["--master", "local[1]", "--class", "org.apache.spark.sql.connect.NoServer", "spark-internal"]
GATES = [{"conditionType": "deploykit.test/never"}]
RUNNING = ("good", "closed", "full", "unready", "runs")
ENDED = ("crashed", "no-class")
_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def pod(
    namespace: str, name: str, labels: Mapping[str, str], image: str, command: Sequence[str], **spec: object
) -> dict[str, Any]:
    """A pod with one container that fits restricted Pod Security and has no grace period."""
    container = {
        "name": "mage" if namespace == MAGE else "spark-kubernetes-driver",
        "image": image,
        "command": list(command),
        "securityContext": _SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": "Never",
            "containers": [container],
            **spec,
        },
    }


def driver(name: str, image: str, command: Sequence[str], **labels: str) -> dict[str, Any]:
    """A Spark driver, as its labels say."""
    own = {"spark-role": "driver", "spark-app-name": name, "spark-app-selector": f"spark-{name}", **labels}
    return pod(SPARK, name, own, image, command)


def _submitting(name: str, image: str, arguments: Sequence[str]) -> dict[str, Any]:
    """A driver that Spark's own image starts, as Ilum has it do."""
    made = driver(name, image, [])
    made["spec"]["securityContext"].pop("runAsUser")
    [container] = made["spec"]["containers"]
    del container["command"]
    container["args"] = ["driver", *arguments]
    container["env"] = [{"name": "SPARK_DRIVER_BIND_ADDRESS", "value": "127.0.0.1"}]
    return made


def service(name: str, selector: Mapping[str, str], *, target: int = 15002, headless: bool = False) -> dict[str, Any]:
    """A Service with port 15002."""
    spec = {"selector": dict(selector), "ports": [{"port": 15002, "targetPort": target}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": SPARK},
        "spec": {**spec, **({"clusterIP": "None"} if headless else {})},
    }


def policy(
    namespace: str, name: str, labels: Mapping[str, str], **rules: Sequence[Mapping[str, object]]
) -> dict[str, Any]:
    """A NetworkPolicy of `egress` or `ingress` rules."""
    types = [direction.capitalize() for direction in rules]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": dict(labels)}, "policyTypes": types, **rules},
    }


DNS = {
    "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}
PORT = {
    "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"spark-role": "driver"}}}],
    "ports": [{"port": 15002}],
}
EVERYTHING = {"ports": [{"protocol": protocol} for protocol in ("TCP", "UDP")]}


@contextmanager
def running(image: str, spark_image: str) -> Iterator[None]:
    """The namespaces with everything in them; they are deleted afterwards."""
    try:
        create_namespace(MAGE, RESTRICTED)
        create_namespace(SPARK)
        kubectl("apply", f"--namespace={MAGE}", "--filename=-", text=DEFAULT_DENY)
        put("apply", *_objects(image, spark_image))
        for namespace, phase, names in (
            (SPARK, "Running", RUNNING),
            (SPARK, "Failed", ENDED),
            (MAGE, "Running", ["mage-1"]),
        ):
            reached = (f"--for=jsonpath={{.status.phase}}={phase}", *(f"pod/{name}" for name in names))
            kubectl("wait", f"--namespace={namespace}", *reached, "--timeout=120s", seconds=150)
        yield
    finally:
        kubectl("delete", "namespace", MAGE, SPARK, "--ignore-not-found", "--wait=false")


def _objects(image: str, spark_image: str) -> list[dict[str, Any]]:
    python = ["python3", "-c"]
    nobody = {"spark-app-name": "nobody"}
    return [
        *(
            policy(MAGE, f"mage-{kind}", {**RELEASE, "app.kubernetes.io/component": kind}, egress=[EVERYTHING])
            for kind in ("server", "test", "drift-check")
        ),
        policy(MAGE, "mage-worker", {**RELEASE, "app.kubernetes.io/component": "worker"}, egress=[PORT]),
        pod(MAGE, "mage-1", SERVER, image, ["sleep", "3600"]),
        driver("good", image, [*python, LISTEN, "15002", "4040"]),
        driver("second", image, [*python, LISTEN, "15002"], team="two"),
        driver("closed", image, [*python, LISTEN, "4040"]),
        driver("full", image, [*python, FULL]),
        driver("crashed", image, [*python, "raise SystemExit('java.lang.OutOfMemoryError: Java heap space')"]),
        driver("pulling", "registry.invalid/spark:none", ["true"]),
        pod(SPARK, "unready", {"spark-app-name": "unready"}, image, [*python, LISTEN, "15002"], readinessGates=GATES),
        driver("runs", image, ["sleep", "3600"], **{"spark-role": "executor"}),
        _submitting("no-class", spark_image, NO_CLASS),
        *(
            service(name, {"spark-app-name": name})
            for name in ("good", "closed", "full", "crashed", "pulling", "no-class", "unready", "runs")
        ),
        service("empty", nobody),
        service("headless", nobody, headless=True),
        service("web", {"spark-app-name": "good"}, target=4040),
        service("crowd", {"spark-role": "driver"}),
    ]
