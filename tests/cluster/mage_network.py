"""Every kind of Mage pod, and everything that docs/network.md has a word on, in namespaces of their own.

The real chart's policies three times: in `net-mage` (one pod), `net-split` (scheduler and web server) and `net-module`
(Ilum's own module). Spark runs in another namespace than Ilum. Destinations only listen: policies look at packets.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chart.rendering import pods
from tests.cluster.kubectl import kubectl
from tests.cluster.mage_policies import (
    ILUM,
    MAGE,
    MODULE,
    NAMESPACES,
    OPENSHIFT_DNS,
    OTHER,
    SPARK,
    SPLIT,
    render,
    values,
)
from tests.cluster.probes import Probe, ProbePod
from tests.cluster.release import until

PRIVATE = "10.99.99.1"
INTERNET = "203.0.113.10"
OUTSIDE = "203.0.113.20"
"""A Spark Connect server that is no pod of this cluster."""
ON_THE_NODE = (
    "tcp:169.254.169.254:80",
    "tcp:169.254.169.254:53",
    "udp:169.254.169.254:53",
    "tcp:169.254.20.10:53",
    "udp:169.254.20.10:53",
    "tcp:169.254.170.23:80",
    f"tcp:{INTERNET}:8443",
    f"tcp:{OUTSIDE}:443",
    f"tcp:{PRIVATE}:8443",
)

SPARK_DRIVER = "Spark driver :15002"
SPARK_OUTSIDE = "Spark outside this cluster"
METADATA = "cloud metadata"
PAGE = 6789
BALANCER = "balancer"
"""A pod that policies know by its address alone, as they know a load balancer."""
JOB = {"batch.kubernetes.io/job-name": "mage-data-prep-block-1", "job-name": "mage-data-prep-block-1"}
NAME = "app.kubernetes.io/name"


@dataclass(frozen=True)
class Cell:
    """Who (`row`) reaches this pod's page, or whom this pod of Mage reaches."""

    direction: str
    """The corner of its table in the docs: `to` or `from`."""
    row: str
    pod: str

    def __str__(self) -> str:
        return f"{self.pod} --> {self.row}" if self.direction == "to" else f"{self.row} --> {self.pod}"


COLUMNS = {
    "server": "server",
    "server-init": "server",
    "scheduler": "scheduler",
    "web": "web",
    "worker": "worker",
    "worker-bare": "worker without labels",
    "mageai": "Ilum's module",
    "mageai-scheduler": "scheduler",
    "test": "helm test",
    "drift-check": "drift check",
}
"""The pods of Mage here, and the columns of the docs they stand for."""

CALLERS = {
    "ilum-ui": ("ilum-ui", PAGE),
    "ilum-ui, on another port": ("ilum-ui", PAGE + 1),
    "ingress controller": ("controller", PAGE),
    "addresses of your own": (BALANCER, PAGE),
    "peers of your own": ("prometheus", PAGE),
    "other pods of Ilum's namespace": ("ilum-api", PAGE),
    "other pods of Mage's namespace": ("bystander", PAGE),
    "pods of another namespace": ("stranger", PAGE),
}

OTHERS = (
    ProbePod(SPARK, "driver", {"spark-role": "driver", "spark-app-name": "spark-connect"}, (15002, 4040)),
    ProbePod(ILUM, "ilum-api", {NAME: "api"}, (8080,)),
    ProbePod(ILUM, "ilum-core", {"app": "ilum-core"}, (9888,)),
    ProbePod(ILUM, "ilum-livy", {"app": "ilum-livy-proxy"}, (8998,)),
    # Its Service's port is 10009.
    ProbePod(ILUM, "ilum-sql", {NAME: "ilum-sql"}, (10000,)),
    ProbePod(ILUM, "ilum-ui", {"app": "ilum-ui"}),
    ProbePod(OTHER, "postgres", {"app": "postgres"}, (5432,)),
    ProbePod(OTHER, "redis", {"app": "redis"}, (6379,)),
    ProbePod(OTHER, "store", {"app": "store"}, (9000,)),
    ProbePod(OTHER, "dns", {"app": "dns"}, (5353,), udp=(5353,)),
    ProbePod(
        OPENSHIFT_DNS, "dns-default", {"dns.operator.openshift.io/daemonset-dns": "default"}, (5353,), udp=(5353,)
    ),
    ProbePod(OTHER, "extra", {"app": "extra"}, (7777,)),
    ProbePod(OTHER, "controller", {"app": "traefik"}),
    ProbePod(OTHER, BALANCER, {"app": BALANCER}),
    ProbePod(OTHER, "prometheus", {"app": "prometheus"}),
    ProbePod(OTHER, "stranger", {"app": "stranger"}, (8443,)),
    ProbePod(MAGE, "bystander", {"app": "bystander"}),
)


def mage_pods() -> list[ProbePod]:
    """A pod of each kind, with the labels that the chart gives it, or Mage to its worker pods."""
    ports = (PAGE, PAGE + 1)
    one, two = (
        {kind: labels for kind, labels, _ in pods(render(values(everything=False, split=split), MAGE))}
        for split in (False, True)
    )
    found = [ProbePod(MAGE, kind, one[kind], ports) for kind in ("server", "worker", "test", "drift-check")]
    return [
        *found,
        ProbePod(MAGE, "server-init", one["server"], ports, in_init=True),
        ProbePod(MAGE, "worker-bare", JOB, ports),
        *(ProbePod(SPLIT, kind, two[kind], ports) for kind in ("scheduler", "web")),
        *(
            ProbePod(MODULE, name, {NAME: name, "app.kubernetes.io/instance": "ilum"}, ports)
            for name in ("mageai", "mageai-scheduler")
        ),
    ]


def destinations(addresses: Mapping[str, str]) -> dict[str, Sequence[Probe]]:
    """What stands for each row of the docs' table `to`."""
    dns = cluster_ip("kube-system", "kube-dns")
    return {
        "DNS": [(protocol, dns, 53) for protocol in ("udp", "tcp")],
        "DNS, cached on the node": [(protocol, "169.254.20.10", 53) for protocol in ("udp", "tcp")],
        "DNS of OpenShift, of GKE, of your own": [
            (protocol, host, port)
            for host, port in ((addresses["dns-default"], 5353), ("169.254.169.254", 53), (addresses["dns"], 5353))
            for protocol in ("udp", "tcp")
        ],
        # By its Service, whose port is another than the pod's.
        SPARK_DRIVER: [("tcp", cluster_ip(SPARK, "spark-connect"), 443)],
        "Spark driver, other ports": [("tcp", addresses["driver"], 4040)],
        SPARK_OUTSIDE: [("tcp", OUTSIDE, 443)],
        "database": [("tcp", addresses["postgres"], 5432)],
        "Redis": [("tcp", addresses["redis"], 6379)],
        "object store": [("tcp", addresses["store"], 9000)],
        "Ilum SQL": [("tcp", cluster_ip(ILUM, "ilum-sql-thrift-binary"), 10009)],
        "Livy": [("tcp", addresses["ilum-livy"], 8998)],
        "ilum-core": [("tcp", addresses["ilum-core"], 9888)],
        "ilum-api": [("tcp", addresses["ilum-api"], 8080)],
        "API server": [("tcp", cluster_ip("default", "kubernetes"), 443)],
        "internet": [("tcp", INTERNET, 8443)],
        "EKS Pod Identity": [("tcp", "169.254.170.23", 80)],
        "extra": [("tcp", addresses["extra"], 7777)],
        METADATA: [("tcp", "169.254.169.254", 80)],
        "private addresses": [("tcp", PRIVATE, 8443)],
        "pods of another namespace": [("tcp", addresses["stranger"], 8443)],
    }


def cluster_ip(namespace: str, service: str) -> str:
    return kubectl("get", "service", service, f"--namespace={namespace}", "--output=jsonpath={.spec.clusterIP}")


def service(namespace: str, name: str, selector: Mapping[str, str], port: int, pod_port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        # The pods behind it are never ready, and are called all the same.
        "spec": {
            "selector": selector,
            "publishNotReadyAddresses": True,
            "ports": [{"port": port, "targetPort": pod_port}],
        },
    }


def create_namespaces() -> None:
    """Anew, with restricted Pod Security, and ready for pods."""
    delete_namespaces()
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "labels": level}} for n in NAMESPACES]
    kubectl("apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def accounts() -> bool:
        listed = kubectl(
            "get", "serviceaccounts", "--all-namespaces", "--output=jsonpath={.items[*].metadata.namespace}"
        )
        return set(NAMESPACES) <= set(listed.split())

    until(30, accounts, "the ServiceAccounts of the new namespaces")


def delete_namespaces(*, wait: bool = True) -> None:
    kubectl("delete", "namespace", *NAMESPACES, "--ignore-not-found", f"--wait={str(wait).lower()}", seconds=100)
