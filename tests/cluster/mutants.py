"""Mistakes that a change of the chart could make, each with the cells of the docs' tables that it turns wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.mage_network import SPARK_DRIVER, Cell
from tests.cluster.mage_policies import Policy

KINDS = ("server", "server-init", "worker", "worker-bare", "test", "drift-check")
"""The pods of the one release that is changed."""

SELECTOR = tuple(f"app.kubernetes.io/{key}" for key in ("name", "instance", "component"))
BLOCKS = ("Redis", "object store", "Ilum SQL", "Livy", "ilum-core", "internet", "EKS Pod Identity", "extra", "database")


@dataclass(frozen=True)
class Mutant:
    """`edit` changes a policy; `red` says whether a cell, for which this is right, is wrong then."""

    name: str
    edit: Callable[[Policy], None]
    red: Callable[[Cell, str], bool]


def rules(policy: Policy, word: str) -> Iterator[dict[str, Any]]:
    """The egress rules with this word in them."""
    for rule in policy["spec"]["egress"]:
        if word in str(rule):
            yield rule


def _drop_rule(word: str) -> Callable[[Policy], None]:
    def edit(policy: Policy) -> None:
        spec = policy["spec"]
        spec["egress"] = [rule for rule in spec["egress"] if word not in str(rule)]

    return edit


def _service_port(policy: Policy) -> None:
    for rule in rules(policy, "spark-role"):
        rule["ports"] = [{"protocol": "TCP", "port": 443}]


def _drop_ports(word: str) -> Callable[[Policy], None]:
    def edit(policy: Policy) -> None:
        for rule in rules(policy, word):
            del rule["ports"]

    return edit


def _misspell_driver(policy: Policy) -> None:
    for rule in rules(policy, "spark-role"):
        rule["to"][0]["podSelector"]["matchLabels"] = {"spark-role": "drivr"}


def _driver_of_this_namespace(policy: Policy) -> None:
    for rule in rules(policy, "spark-role"):
        del rule["to"][0]["namespaceSelector"]


def _only_labelled_workers(policy: Policy) -> None:
    if policy["metadata"]["name"] == "mage-worker":
        names = {key: policy["metadata"]["labels"][key] for key in SELECTOR}
        policy["spec"]["podSelector"] = {"matchLabels": names}


def _workers_include_all_jobs(policy: Policy) -> None:
    if policy["metadata"]["name"] == "mage-worker":
        del policy["spec"]["podSelector"]["matchExpressions"][1]


def _misspell_server(policy: Policy) -> None:
    if policy["metadata"]["name"] == "mage-server":
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"] = "servr"


def _ingress_alone(policy: Policy) -> None:
    if policy["metadata"]["name"] == "mage-test":
        policy["spec"] |= {"policyTypes": ["Ingress"], "egress": []}


def _drop_except(policy: Policy) -> None:
    for rule in rules(policy, "0.0.0.0/0"):
        del rule["to"][0]["ipBlock"]["except"]


def _any_caller(policy: Policy) -> None:
    for rule in policy["spec"]["ingress"]:
        del rule["from"]


def _misspell_ilum_ui(policy: Policy) -> None:
    for rule in policy["spec"]["ingress"]:
        rule["from"][0]["podSelector"]["matchLabels"] = {"app": "ilum_ui"}


def _callers_on_any_port(policy: Policy) -> None:
    for rule in policy["spec"]["ingress"]:
        del rule["ports"]


def _spark(cell: Cell, _: str) -> bool:
    return cell.row == SPARK_DRIVER


SERVER = ("server", "server-init")

MUTANTS = (
    Mutant("the rule for DNS is dropped", _drop_rule("kube-dns"), lambda cell, _: cell.row == "DNS"),
    Mutant("the Service's port instead of the pod's", _service_port, _spark),
    Mutant("a label of the driver is misspelt", _misspell_driver, _spark),
    Mutant("the driver's namespace is forgotten", _driver_of_this_namespace, _spark),
    Mutant(
        "the port of the driver is forgotten",
        _drop_ports("spark-role"),
        lambda cell, _: cell.row == "Spark driver, other ports",
    ),
    Mutant(
        "workers are selected by the chart's labels alone",
        _only_labelled_workers,
        lambda cell, right: cell.pod == "worker-bare" and right != "no",
    ),
    Mutant(
        "workers are selected by their Job alone",
        _workers_include_all_jobs,
        lambda cell, _: cell.pod == "drift-check" and (cell.row in BLOCKS),
    ),
    Mutant(
        "the server's own label is misspelt",
        _misspell_server,
        lambda cell, right: cell.pod in SERVER and right == "no",
    ),
    Mutant(
        "egress is no policy type of helm test's",
        _ingress_alone,
        lambda cell, right: cell.pod == "test" and cell.direction == "to" and right == "no",
    ),
    Mutant(
        "the internet excepts nothing",
        _drop_except,
        lambda cell, _: (
            cell.pod in (*SERVER, "worker", "worker-bare")
            and cell.direction == "to"
            and cell.row in ("cloud metadata", "private addresses", "pods of another namespace", "ilum-api")
        ),
    ),
    Mutant(
        "Cloud DNS of GKE on every port",
        _drop_ports("169.254.169.254"),
        lambda cell, _: cell.row == "cloud metadata",
    ),
    Mutant(
        "everybody may call the page",
        _any_caller,
        lambda cell, right: (
            cell.pod in SERVER and cell.direction == "from" and right == "no" and cell.row != "ilum-ui, on another port"
        ),
    ),
    Mutant(
        "ilum-ui's label is misspelt",
        _misspell_ilum_ui,
        lambda cell, _: cell.pod in SERVER and cell.row == "ilum-ui",
    ),
    Mutant(
        "ilum-ui may call every port",
        _callers_on_any_port,
        lambda cell, _: cell.pod in SERVER and cell.row == "ilum-ui, on another port",
    ),
)
