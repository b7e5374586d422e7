"""What docs/network.md says of who may reach what, cell by cell, from inside pods of every kind; and mistakes shown."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.cluster.kubectl import kubectl
from tests.cluster.mage_network import (
    BALANCER,
    CALLERS,
    COLUMNS,
    METADATA,
    ON_THE_NODE,
    OTHERS,
    OUTSIDE,
    SPARK_DRIVER,
    SPARK_OUTSIDE,
    Cell,
    create_namespaces,
    delete_namespaces,
    destinations,
    mage_pods,
    service,
)
from tests.cluster.mage_policies import (
    ILUM,
    MAGE,
    MODULE,
    RELEASE,
    SPARK,
    SPLIT,
    Policy,
    edited,
    policies,
    values,
)
from tests.cluster.mutants import KINDS, MUTANTS, Mutant
from tests.cluster.network import DOCUMENTED, Network, Seen, said, with_every_switch, with_no_switch
from tests.cluster.probes import Prober, node_listening, put, start
from tests.cluster.real_spark import OF_ITS_EXECUTORS, RealSpark
from tests.cluster.release import until
from tests.needs import Cluster, Ilum

from deploykit import assets

RELEASES = {MAGE: {}, SPLIT: {"split": True}, MODULE: {"module": True}}


@pytest.fixture(scope="module")
def network(needs_cluster: Cluster, image: str) -> Iterator[Network]:
    """Pods of every kind, without any policy yet."""
    with contextlib.ExitStack() as stack:
        stack.callback(delete_namespaces, wait=False)
        stack.enter_context(node_listening(*ON_THE_NODE))
        create_namespaces()
        put(
            "apply",
            service(SPARK, "spark-connect", {"spark-role": "driver"}, 443, 15002),
            service(ILUM, "ilum-sql-thrift-binary", {"app.kubernetes.io/name": "ilum-sql"}, 10009, 10000),
        )
        pods = [*mage_pods(), *OTHERS]
        addresses = start(pods, image)
        asking = {*COLUMNS, *(caller for caller, _ in CALLERS.values()), "driver"}
        probers = {
            pod.name: stack.enter_context(Prober(pod.namespace, pod.name, pod.container))
            for pod in pods
            if pod.name in asking
        }
        yield Network(probers=probers, destinations=destinations(addresses), addresses=addresses)


@pytest.fixture(scope="module")
def open_network(network: Network) -> Seen:
    """What was seen before there was any policy."""
    return network.becomes(lambda _: "yes")


@pytest.fixture(scope="module")
def everything_set(network: Network, open_network: Seen) -> list[Policy]:
    """The policies of `net-mage` with every switch set, put in place."""
    rendered = {}
    for namespace, options in RELEASES.items():
        given = values(everything=True, **options)
        given["networkPolicy"]["ingress"]["cidrs"] = [f"{network.addresses[BALANCER]}/32"]
        rendered[namespace] = policies(given, namespace)
        put("apply", *rendered[namespace])
    network.becomes(with_every_switch)
    return rendered[MAGE]


def test_every_row_and_column_of_the_documented_tables_is_probed(network: Network):
    rows = {("to", row) for row in network.destinations} | {("from", row) for row in CALLERS}
    assert {key[:2] for key in DOCUMENTED} == rows
    assert {key[2] for key in DOCUMENTED} == set(COLUMNS.values())


def test_without_policies_every_cell_is_reached(open_network: Seen):
    """So that a `no` below is a policy's doing."""
    assert set(open_network.values()) == {"yes"}
    assert len(open_network) == len(COLUMNS) * (len(CALLERS) + len({key[1] for key in DOCUMENTED if key[0] == "to"}))


def test_with_no_switch_set_the_tables_are_true(network: Network, open_network: Seen):
    for namespace, options in RELEASES.items():
        put("apply", *policies(values(everything=False, **options), namespace))
    network.becomes(with_no_switch)


def test_a_server_outside_the_cluster_takes_the_drivers_place(network: Network, open_network: Seen):
    for namespace, options in RELEASES.items():
        given = values(everything=False, **options)
        given["ilum"]["server"]["cidrs"] = [f"{OUTSIDE}/32"]
        put("apply", *policies(given, namespace))
    place = {SPARK_DRIVER: "no", SPARK_OUTSIDE: "yes"}
    network.becomes(lambda cell: place.get(cell.row) or with_no_switch(cell))


def test_the_metadata_address_is_opened_by_its_own_switch_alone(network: Network, open_network: Seen):
    for namespace, options in RELEASES.items():
        given = values(everything=False, **options)
        given["networkPolicy"]["gkeWorkloadIdentity"] = True
        put("apply", *policies(given, namespace))
    network.becomes(lambda cell: said(cell).replace("if set", "yes") if cell.row == METADATA else with_no_switch(cell))


def test_with_every_switch_set_the_tables_are_true(everything_set: list[Policy]):
    assert everything_set


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_mistake_in_the_chart_shows(mutant: Mutant, network: Network, everything_set: list[Policy]):
    changed = edited(everything_set)
    for policy in changed:
        mutant.edit(policy)
    put("replace", *changed)

    def expected(cell: Cell) -> str:
        right = with_every_switch(cell)
        return {"yes": "no", "no": "yes"}[right] if mutant.red(cell, right) else right

    seen = network.becomes(expected, KINDS)
    assert any(mutant.red(cell, with_every_switch(cell)) for cell in seen)


def dry_run(given: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    """What helm would install in `net-mage` beside what is there, and say, having looked at the cluster."""
    command = [
        "helm",
        "install",
        "mage-dry-run",
        assets.chart(),
        f"--namespace={MAGE}",
        "--values=-",
        "--dry-run=server",
    ]
    return subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False)


def with_driver_policy(**server: Any) -> dict[str, Any]:
    given = values(everything=True)
    given["ilum"]["server"] |= {"ingressPolicy": {"create": True}, **server}
    return given


def isolating(namespace: str, labels: Mapping[str, str], *ingress: Mapping[str, Any]) -> Policy:
    """An ingress policy such as who runs Ilum would write."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "net-isolated-driver", "namespace": namespace},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": ingress},
    }


def test_a_driver_that_nobody_isolates_gets_no_policy_of_ours(needs_cluster: Cluster, everything_set: list[Policy]):
    refused = dry_run(with_driver_policy())
    assert refused.returncode != 0
    assert "ilum.server.ingressPolicy.create" in refused.stderr
    assert "7078" in refused.stderr

    # It isolates some drivers, and ours would select all of them.
    put("apply", isolating(SPARK, {"spark-role": "driver", "spark-app-name": "spark-connect"}))
    assert "ilum.server.ingressPolicy.create" in dry_run(with_driver_policy()).stderr
    narrow = {"spark-role": "driver", "spark-app-name": "spark-connect"}
    accepted = dry_run(with_driver_policy(podSelector=narrow))
    assert accepted.returncode == 0, accepted.stderr


def test_an_isolated_driver_lets_in_every_pod_of_the_release_on_its_port_alone(
    network: Network, everything_set: list[Policy]
):
    put("replace", *everything_set)
    put("apply", isolating(SPARK, {"spark-role": "driver"}))

    def without_spark(cell: Cell) -> str:
        return "no" if cell.row == SPARK_DRIVER else with_every_switch(cell)

    network.becomes(without_spark)
    ours = [policy for policy in policies(with_driver_policy(), MAGE) if policy["metadata"]["namespace"] == SPARK]
    assert len(ours) == 1
    put("apply", *ours)
    network.becomes(lambda cell: (with_every_switch if cell.pod in KINDS else without_spark)(cell))


@pytest.fixture
def real_spark(spark: Ilum) -> Iterator[RealSpark]:
    """The driver, isolated from Mage's namespace and open to its executors, as whoever runs Ilum would have it."""
    listed = kubectl("get", "pods", f"--namespace={spark.namespace}", "--selector=spark-role=driver", "--output=json")
    [driver] = json.loads(listed)["items"]
    executors = {"podSelector": {"matchLabels": {"spark-role": "executor"}}}
    names = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [MAGE, spark.namespace]}
    rules = (
        {"from": [executors], "ports": [{"protocol": "TCP", "port": port} for port in OF_ITS_EXECUTORS]},
        # Other tests' Mage, should one run now.
        {"from": [{"namespaceSelector": {"matchExpressions": [names]}}]},
    )
    policy = isolating(spark.namespace, {"spark-role": "driver"}, *rules)
    put("apply", policy)
    yield RealSpark(spark.namespace, driver["metadata"]["name"], driver["status"]["podIP"])
    ours = ("net-isolated-driver", f"{RELEASE}-from-{MAGE}")
    kubectl("delete", "networkpolicy", *ours, f"--namespace={spark.namespace}", "--ignore-not-found")


def test_executors_register_and_shuffle_before_and_after_our_policy(network: Network, real_spark: RealSpark):
    given = with_driver_policy(namespace=real_spark.namespace, host="spark-connect-server.ilum.svc", port=15002)
    rendered = policies(given, MAGE)
    put("apply", *(policy for policy in rendered if policy["metadata"]["namespace"] == MAGE))
    mine = network.probers["server"]
    question = {str(port): [("tcp", real_spark.address, port)] for port in (15002, *OF_ITS_EXECUTORS)}

    def reached(expected: Mapping[str, str]) -> bool:
        mine.ask(question)
        return mine.answer() == expected

    none = dict.fromkeys(question, "no")
    open_ports = {str(port): "yes" for port in OF_ITS_EXECUTORS}
    until(15, lambda: reached(none), "Mage kept out by the policy that isolates the driver")
    real_spark.shuffle_on_a_new_executor()
    assert real_spark.reached_from_an_executor(*OF_ITS_EXECUTORS) == open_ports

    assert dry_run(given).returncode == 0
    put("apply", *(policy for policy in rendered if policy["metadata"]["namespace"] == real_spark.namespace))
    until(15, lambda: reached({**none, "15002": "yes"}), "Mage let in by our policy")
    real_spark.shuffle_on_a_new_executor()
    assert real_spark.reached_from_an_executor(*OF_ITS_EXECUTORS) == open_ports
