"""Pods that are never ready and only listen, and a prober inside each: who reaches whom, right now."""

import contextlib
import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.kubectl import kubectl
from tests.needs import missing

AGENT = (Path(__file__).parent / "agent.py").read_text(encoding="utf-8")
LABEL = "deploykit.test/probe"
"""Its value is the container that listens."""

Probe = tuple[str, str, int]
"""Protocol, host and port."""


def put(verb: str, *objects: Mapping[str, Any]) -> None:
    """`kubectl apply` or `kubectl replace` these objects in one call."""
    kubectl(verb, "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@dataclass(frozen=True)
class ProbePod:
    """A pod with these labels that listens on these TCP ports."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: Sequence[int] = ()
    udp: Sequence[int] = ()
    in_init: bool = False
    """The agent is an init container, which never ends."""

    @property
    def container(self) -> str:
        return "init" if self.in_init else "agent"

    def manifest(self, image: str) -> dict[str, Any]:
        listeners = [f"tcp:0.0.0.0:{port}" for port in self.ports] + [f"udp:0.0.0.0:{port}" for port in self.udp]
        agent = {
            "name": self.container,
            "image": image,
            # With nothing to listen on, something that does not end.
            "command": ["python3", "-c", AGENT, "serve", *(listeners or ["udp:127.0.0.1:9999"])],
            "env": [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "resources": {"requests": {"cpu": "1m", "memory": "16Mi"}},
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "labels": {**self.labels, LABEL: self.container},
            },
            "spec": {
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": 0,
                # Never ready, so that no Service sends it users.
                "readinessGates": [{"conditionType": "deploykit.test/never"}],
                "initContainers": [agent] if self.in_init else [],
                "containers": [{**agent, "name": "agent"}],
            },
        }


def start(pods: Sequence[ProbePod], image: str) -> dict[str, str]:
    """Bring the pods up; the address of each, by its name."""
    put("apply", *(pod.manifest(image) for pod in pods))

    every = ("pods", "--all-namespaces")
    statuses = {"init": "initContainerStatuses", "agent": "containerStatuses"}
    for container in {pod.container for pod in pods}:
        running = f"--for=jsonpath={{.status.{statuses[container]}[0].state.running}}"
        kubectl("wait", *every, f"--selector={LABEL}={container}", running, "--timeout=120s", seconds=150)
    listed = json.loads(kubectl("get", *every, f"--selector={LABEL}", "--output=json"))["items"]
    return {item["metadata"]["name"]: item["status"]["podIP"] for item in listed}


class Prober:
    """One process inside a container that answers as often as it is asked."""

    def __init__(self, namespace: str, pod: str, container: str) -> None:
        command = ["kubectl", "exec", "--stdin", f"--namespace={namespace}", pod, f"--container={container}", "--"]
        self._name = f"{namespace}/{pod}"
        self._process = subprocess.Popen(
            [*command, "python3", "-c", AGENT, "probe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def __enter__(self) -> "Prober":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, probes: Mapping[str, Sequence[Probe]]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(probes).encode() + b"\n")

    def answer(self) -> dict[str, str]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], 30)
        line = self._process.stdout.readline() if ready else b""
        assert line, f"the prober in {self._name} does not answer"
        return dict(json.loads(line))


@contextlib.contextmanager
def node_listening(*addresses: str) -> Iterator[None]:
    """Addresses such as `tcp:169.254.169.254:80` that answer on the node, on an interface of their own."""
    if os.geteuid() != 0:
        missing("addresses on the cluster's node", "run the tests there, as root")
    interface = "netprobe0"
    subprocess.run(["ip", "link", "delete", interface], check=False, capture_output=True)
    subprocess.run(["ip", "link", "add", interface, "type", "bridge"], check=True)
    try:
        for host in {address.split(":")[1] for address in addresses}:
            subprocess.run(["ip", "address", "add", f"{host}/32", "dev", interface], check=True)
        subprocess.run(["ip", "link", "set", interface, "up"], check=True)
        with subprocess.Popen(["python3", "-c", AGENT, "serve", *addresses]) as listener:
            try:
                yield
            finally:
                listener.kill()
    finally:
        subprocess.run(["ip", "link", "delete", interface], check=False)
