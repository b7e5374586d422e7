"""The answer for one release of Mage: its kinds of pods, where they go, what policies allow, what looks wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from deploykit.deploy.policies.dialled import Dialled
from deploykit.deploy.policies.dns import DNS
from deploykit.deploy.policies.evaluate import Answer, evaluate
from deploykit.deploy.policies.findings import Finding, findings
from deploykit.deploy.policies.mage import UNLABELLED, mage_kinds
from deploykit.deploy.policies.mage_destinations import SPARK, Destinations, mage_destinations, named_by
from deploykit.deploy.policies.model import Network, Pod
from deploykit.deploy.policies.patch import patch
from deploykit.deploy.policies.table import Destination, Table, table
from deploykit.kubernetes_api import Item


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What policies allow Mage's pods in one network."""

    network: Network
    namespace: str
    kinds: Mapping[str, Pod]
    destinations: Destinations
    table: Table
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> tuple[tuple[str, Answer], ...]:
        """What every kind needs and policies deny one: a DNS server, where it may ask none, and Spark."""
        columns = self.destinations.columns
        return tuple(
            (kind, answer) for kind, row in self.table.items() for answer in _missing(self.network, columns, row)
        )

    @property
    def patches(self) -> tuple[Item, ...]:
        """The policies that allow what is missing, each once."""
        items = (item for _, answer in self.missing for item in patch(answer))
        return tuple({(one["metadata"]["namespace"], str(one["spec"])): one for one in items}.values())


def allowed(
    network: Network,
    *,
    namespace: str,
    kinds: Mapping[str, Pod] | None = None,
    named: Mapping[str, Dialled] | None = None,
) -> Allowed:
    """Judge the kinds of pods of a namespace, unless others are given; `named` is better known than their environment.

    Findings are about that namespace alone, and about pods too that a kind will have and that do not run now.
    """
    rows = mage_kinds(network, namespace) if kinds is None else kinds
    where = mage_destinations(network, rows, {**named_by(rows), **(named or {})})
    return Allowed(
        network=network,
        namespace=namespace,
        kinds=rows,
        destinations=where,
        table=table(network, kinds=rows, destinations=where.columns),
        findings=findings(_with_absent(network, rows), namespaces=[namespace]),
    )


def _missing(network: Network, columns: Sequence[Destination], row: Mapping[str, Answer]) -> Iterator[Answer]:
    dns = [row[column.name] for column in columns if column.what == DNS]
    if not any(answer.allowed for answer in dns):
        for answer in dns:  # by TCP too, which answers that are too long for UDP need
            yield answer
            yield evaluate(network, source=answer.source, target=answer.target, port=answer.port)
    for answer in (row[column.name] for column in columns if column.what == SPARK):
        if answer.paths and not answer.allowed:
            yield answer


def _with_absent(network: Network, kinds: Mapping[str, Pod]) -> Network:
    """The kinds that do not run now are no pods of the network; one without labels may never be."""
    known = {str(pod) for pod in network.pods}
    absent = (pod for kind, pod in kinds.items() if kind != UNLABELLED and str(pod) not in known)
    return replace(network, pods=(*network.pods, *absent))
