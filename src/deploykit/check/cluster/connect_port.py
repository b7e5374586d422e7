"""Which port of a driver pod Spark Connect listens on, and which ports surely lead elsewhere. Pure."""

import re
from collections.abc import Collection, Iterator
from itertools import chain

from deploykit.kubernetes_api import Item

_PORT_NAME = "spark-connect"
_SETTING = re.compile(r"spark\.connect\.grpc\.binding\.port=(\d+)")
_OTHERS = frozenset({4040, 7078, 7079})
"""The driver's page, and what its executors call."""


def connect_port(pod: Item) -> int | None:
    """The port that the driver declares, as Spark does from 4.1 on, or was told to take; `None`: nobody says.

    The driver's ConfigMap would say too. It is not read: passwords of storages are in it.
    """
    spark, *_ = _containers(pod)
    declared = (port["containerPort"] for port in spark.get("ports") or () if port.get("name") == _PORT_NAME)
    told = (int(found[1]) for word in _words(spark) if (found := _SETTING.search(word)))
    return next(chain(declared, told), None)


def misses_connect(pod: Item, numbers: Collection[int]) -> bool:
    """Whether nobody behind these ports of the pod can be Spark Connect, or end TLS for it. No port: nobody at all."""
    spark, *sidecars = _containers(pod)
    known = connect_port(pod)
    if known in numbers:
        return False
    others = _OTHERS | {port["containerPort"] for port in spark.get("ports") or ()}
    return others.issuperset(numbers) or (known is not None and not sidecars)


def _containers(pod: Item) -> list[Item]:
    """Spark's own first, which has a name of its own or is the first; then what runs beside it."""
    spec = pod["spec"]
    containers = [*spec["containers"], *(one for one in spec.get("initContainers") or () if one.get("restartPolicy"))]
    return sorted(containers, key=lambda one: not one["name"].startswith("spark-kubernetes-"))


def _words(container: Item) -> Iterator[str]:
    yield from (*(container.get("command") or ()), *(container.get("args") or ()))
    yield from (one["value"] for one in container.get("env") or () if "value" in one)
