"""Pods that probe each other, in groups of two namespaces with two pods each, for test_policy_evaluator.py."""

import ipaddress
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from kubernetes import client, config
from kubernetes.stream import stream
from tests.cluster.release import until
from tests.unit.deploy.policies.worlds import NAMESPACE_LABELS, POD_LABELS, Json, Vocabulary, labels

PORTS = (7001, 7002)
PROTOCOLS = ("TCP", "UDP")
SENTINEL = "pol-sentinel"
_PROBER = Path(__file__).with_name("policy_prober.py").read_text(encoding="utf-8")

Probe = tuple[str, int, str]
"""Address, port and protocol."""


@dataclass
class ProbingPod:
    """A pod that answers at every port and tries connections when it is told to."""

    namespace: str
    name: str
    address: str = ""
    process: Any = None
    labels: Json = field(default_factory=dict)

    def ask(self, probes: Sequence[Probe], seconds: float) -> None:
        """Have it try connections, all at once, each for so many seconds."""
        self.process.write_stdin(json.dumps({"probes": probes, "seconds": seconds}) + "\n")

    def answers(self, seconds: float) -> list[bool]:
        """Which of them were answered."""
        line = self.process.readline_stdout(timeout=seconds + 20)
        assert line, f"the prober in {self.namespace}/{self.name} said nothing: {self.process.read_stderr(timeout=1)}"
        return list(json.loads(line))


@dataclass
class Pods:
    """The groups, and the cluster that they are on."""

    core: Any
    networking: Any
    groups: list[list[ProbingPod]] = field(default_factory=list)
    sentinel: list[ProbingPod] = field(default_factory=list)

    @property
    def all(self) -> list[ProbingPod]:
        return [*(pod for group in self.groups for pod in group), *self.sentinel]

    def vocabulary(self, group: Sequence[ProbingPod]) -> Vocabulary:
        """What policies may name so that it matters to a group."""
        own = [ipaddress.ip_network(pod.address) for pod in group]
        wider = [net.supernet(new_prefix=length) for net in own for length in (30, 24)]
        return Vocabulary(
            pod_labels=POD_LABELS,
            namespace_labels=NAMESPACE_LABELS,
            numbers=(7000, *PORTS),
            names=("web", "dns"),
            protocols=PROTOCOLS,
            blocks=sorted({"0.0.0.0/0", *map(str, (*own, *wider))}),
        )

    def apply(self, policies: Iterable[Json]) -> None:
        """Have exactly these policies in the groups' namespaces, and wait until the cluster enforces them.

        A policy of the sentinel's namespace changes last: when its effect shows, all others were seen too.
        """
        for namespace in sorted({pod.namespace for group in self.groups for pod in group}):
            self.networking.delete_collection_namespaced_network_policy(namespace)
        for policy in policies:
            self.networking.create_namespaced_network_policy(policy["metadata"]["namespace"], policy)
        source, target = self.sentinel
        [before] = self.networking.list_namespaced_network_policy(SENTINEL).items or [None]
        port = PORTS[0] if before is None or before.spec.ingress[0].ports[0].port == PORTS[1] else PORTS[1]
        spec = {"podSelector": {}, "ingress": [{"ports": [{"port": port}]}]}
        body = {"metadata": {"name": "sentinel"}, "spec": spec}
        if before is None:
            self.networking.create_namespaced_network_policy(SENTINEL, body)
        else:
            self.networking.replace_namespaced_network_policy("sentinel", SENTINEL, body)
        probes = [(target.address, number, "TCP") for number in PORTS]
        wanted = [number == port for number in PORTS]

        deadline = time.monotonic() + 20
        while True:
            source.ask(probes, 0.15)
            if source.answers(0.15) == wanted:
                return
            assert time.monotonic() < deadline, "the policies are not enforced within 20 s"


def probe(asked: Mapping[int, tuple[ProbingPod, Sequence[Probe]]], seconds: float) -> dict[int, list[bool]]:
    """Have pods try connections, all at the same time."""
    for pod, probes in asked.values():
        pod.ask(probes, seconds)
    return {key: pod.answers(seconds) for key, (pod, _) in asked.items()}


@contextmanager
def running(kubeconfig: Path, image: str, *, groups: int) -> Iterator[Pods]:
    """The pods, each with a prober; the namespaces are deleted afterwards."""
    connection = config.new_client_from_config(str(kubeconfig))
    pods = Pods(client.CoreV1Api(connection), client.NetworkingV1Api(connection))
    random = Random(0)
    namespaces = {f"pol-{number}-{half}": labels(random, NAMESPACE_LABELS) for number in range(groups) for half in "ab"}
    _delete(pods, [*namespaces, SENTINEL])
    try:
        for name, own in {**namespaces, SENTINEL: {}}.items():
            pods.core.create_namespace({"metadata": {"name": name, "labels": own}})
        pods.groups = [
            [_create(pods, random, image, f"pol-{number}-{half}", f"pod-{one}") for half in "ab" for one in (1, 2)]
            for number in range(groups)
        ]
        pods.sentinel = [_create(pods, random, image, SENTINEL, name) for name in ("source", "target")]
        _start_probers(pods)
        yield pods
    finally:
        for pod in pods.all:
            if pod.process is not None:
                pod.process.close()
        for name in (*namespaces, SENTINEL):
            _delete_namespace(pods, name)


def _create(pods: Pods, random: Random, image: str, namespace: str, name: str) -> ProbingPod:
    named = [
        {"name": port, "protocol": protocol, "containerPort": random.choice(PORTS)}
        for port, protocol in (("web", "TCP"), ("dns", "UDP"))
    ]
    container = {
        "name": "prober",
        "image": image,
        "command": ["python3", "-c", _PROBER, "serve", *map(str, PORTS)],
        "ports": named,
    }
    spec = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    own = labels(random, POD_LABELS)
    body = {"metadata": {"name": name, "labels": own}, "spec": spec}

    def created() -> bool:  # a new namespace has its ServiceAccount a moment later
        try:
            pods.core.create_namespaced_pod(namespace, body)
        except client.ApiException as error:
            if error.status == 403:
                return False
            raise
        return True

    until(20, created, f"namespace {namespace} to have its ServiceAccount")
    return ProbingPod(namespace, name, labels=own)


def _start_probers(pods: Pods) -> None:
    def addresses() -> dict[tuple[str, str], str]:
        found = {
            (item.metadata.namespace, item.metadata.name): item.status.pod_ip
            for namespace in {pod.namespace for pod in pods.all}
            for item in pods.core.list_namespaced_pod(namespace).items
            if item.status.phase == "Running" and item.status.pod_ip
        }
        return found if len(found) == len(pods.all) else {}

    ready = until(180, addresses, "all pods to run")
    assert isinstance(ready, dict)
    for pod in pods.all:
        pod.address = ready[pod.namespace, pod.name]
        pod.process = stream(
            pods.core.connect_get_namespaced_pod_exec,
            pod.name,
            pod.namespace,
            command=["python3", "-c", _PROBER, "probe"],
            stdin=True,
            stdout=True,
            stderr=True,
            _preload_content=False,
        )


def _delete(pods: Pods, namespaces: Sequence[str]) -> None:
    for name in namespaces:
        _delete_namespace(pods, name)

    def gone() -> bool:
        return not {item.metadata.name for item in pods.core.list_namespace().items} & set(namespaces)

    until(120, gone, "namespaces of an earlier run to be gone")


def _delete_namespace(pods: Pods, name: str) -> None:
    try:
        pods.core.delete_namespace(name)
    except client.ApiException as error:
        if error.status not in (404, 409):
            raise
