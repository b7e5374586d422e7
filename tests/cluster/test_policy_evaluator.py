"""The evaluator against the cluster's own enforcement: random policies, real connections.

`DEPLOYKIT_TEST_POLICY_SETS` says how many random sets of policies are tried; each holds for one group of four pods in
two namespaces, and each pair of its pods is probed at two TCP and two UDP ports.
"""

import os
from collections.abc import Iterator
from itertools import permutations
from random import Random

import pytest
from tests.cluster import policy_pods
from tests.cluster.policy_pods import PORTS, PROTOCOLS, Pods, Probe, ProbingPod, probe
from tests.cluster.release import until
from tests.needs import Cluster
from tests.unit.deploy.policies.worlds import policies

from deploykit.deploy.policies import Network, evaluate, load, patch, read_labels, read_namespace
from deploykit.kubernetes_api import EVERYWHERE, Item, KubernetesApi

GROUPS = 6
SETS = int(os.environ.get("DEPLOYKIT_TEST_POLICY_SETS") or 48)


def everything(api: KubernetesApi) -> list[Item]:
    """What policies see of the whole cluster."""
    return [*read_namespace(api, EVERYWHERE), *read_labels(api).objects]


@pytest.fixture(scope="module")
def pods(needs_cluster: Cluster, base_image: str) -> Iterator[Pods]:
    with policy_pods.running(needs_cluster.kubeconfig, base_image, groups=GROUPS) as found:
        yield found


def asked_of(pod: ProbingPod, group: list[ProbingPod]) -> list[Probe]:
    others = [other for other in group if other is not pod]
    return [(other.address, port, protocol) for other in others for port in PORTS for protocol in PROTOCOLS]


def sweep(pods: Pods, seconds: float) -> dict[tuple[str, Probe], bool]:
    """Each pod's connections to the others of its group: which are answered."""
    asked = {id(pod): (pod, asked_of(pod, group)) for group in pods.groups for pod in group}
    found = probe(asked, seconds)
    return {
        (pod.address, one): answer
        for key, (pod, probes) in asked.items()
        for one, answer in zip(probes, found[key], strict=True)
    }


def expected(network: Network, source: str, asked: Probe) -> bool:
    target, port, protocol = asked
    return evaluate(network, source=source, target=target, port=port, protocol=protocol).allowed


def test_evaluator_and_cluster_agree_on_random_policies(pods: Pods) -> None:
    pods.apply([])
    until(30, lambda: all(sweep(pods, 0.5).values()), "every connection to be answered without policies")
    api, senders = KubernetesApi(), {pod.address: pod for pod in pods.all}
    tried = denied = 0
    disagreements = []
    for number in range(-(-SETS // GROUPS)):
        wanted = [
            policy
            for place, group in enumerate(pods.groups)
            for policy in policies(
                Random(number * GROUPS + place), pods.vocabulary(group), sorted({pod.namespace for pod in group})
            )
        ]
        pods.apply(wanted)
        live = everything(api)
        ours = {policy["metadata"]["namespace"] for policy in wanted}
        others = [item for item in live if item["kind"] != "NetworkPolicy" or item["metadata"]["namespace"] not in ours]
        as_stored, as_written = load(live), load([*others, *wanted])
        for (source, asked), at_once in sweep(pods, 0.5).items():
            allowed = expected(as_stored, source, asked)
            assert expected(as_written, source, asked) == allowed, "the API server fills in other defaults"
            # A busy machine may be late: where an answer is missing, a longer look decides.
            answered = at_once or (allowed and probe({0: (senders[source], [asked])}, 3)[0][0])
            tried, denied = tried + 1, denied + (not allowed)
            if answered != allowed:
                disagreements.append((number, source, asked, f"evaluator: {allowed}", f"cluster: {answered}"))
    print(f"{SETS} sets of policies, {tried} connections, {denied} denied, {len(disagreements)} disagreements")
    assert not disagreements
    assert tried == -(-SETS // GROUPS) * GROUPS * len(list(permutations(range(4), 2))) * len(PORTS) * len(PROTOCOLS)
    assert 0.1 < denied / tried < 0.9, "the policies are too open or too closed to tell anything"


def test_a_patch_that_is_applied_opens_the_connection(pods: Pods) -> None:
    source, target = next((one, other) for one, *_, other in pods.groups if one.labels and other.labels)
    closed = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "closed", "namespace": pod.namespace},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        }
        for pod in (source, target)
    ]
    asked = {0: (source, [(target.address, PORTS[0], "UDP")])}
    pods.apply(closed)
    assert probe(asked, 0.5) == {0: [False]}
    answer = evaluate(
        load(everything(KubernetesApi())),
        source=source.address,
        target=target.address,
        port=PORTS[0],
        protocol="UDP",
    )
    assert [decision.direction for decision in answer.denied] == ["egress", "ingress"]
    pods.apply([*closed, *map(dict, patch(answer))])
    assert probe(asked, 3) == {0: [True]}
