"""Where Mage's pods go: DNS, what their environment names, the API server, and what rules open besides. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from deploykit.deploy.policies import dns, stand_in
from deploykit.deploy.policies.dialled import Dialled, dialled, find
from deploykit.deploy.policies.evaluate import opens
from deploykit.deploy.policies.index import End, RuleRef
from deploykit.deploy.policies.model import NAMESPACE_NAME, IPBlock, Network, Pod, PodPeer, PolicyPort, Service
from deploykit.deploy.policies.resolve import Place, resolve
from deploykit.deploy.policies.table import Destination
from deploykit.spark_pods import CONNECT_PORT
from mage_ilum.connect.address import URL_VARIABLE

SPARK = "Spark"
_VARIABLES = {
    URL_VARIABLE: SPARK,
    "MAGE_DATABASE_CONNECTION_URL": "database",
    "REDIS_URL": "Redis",
    "ILUM_SQL_URL": "Ilum SQL",
    "ILUM_LIVY_URL": "Livy",
    "ILUM_API_URL": "ilum-core",
}
_PORTS = {
    "sc": CONNECT_PORT, "postgresql": 5432, "postgres": 5432, "mysql": 3306, "mssql": 1433, "redis": 6379,
    "rediss": 6379, "hive": 10000, "http": 80, "https": 443,
}  # fmt: skip
_DNS_PORTS = (53, 5353)
API_SERVER = ("default", "kubernetes")
"""The namespace and name of its Service."""
_ANYWHERE = "203.0.113.1"
"""Of documentation, so nobody's: for a rule that names no peer."""


@dataclass(frozen=True, kw_only=True)
class Destinations:
    """The columns of the table, and a sentence for each destination that policies cannot be asked about."""

    columns: tuple[Destination, ...]
    unjudged: tuple[str, ...] = ()


def named_by(kinds: Mapping[str, Pod]) -> dict[str, Dialled]:
    """What the pods' environment names, by what it is: Spark first. Addresses in Secrets are not known."""
    found: dict[str, Dialled] = {}
    for variable, what in _VARIABLES.items():
        for pod in kinds.values():
            wanted = _dialled(pod.environment.get(variable, ""), home=pod.namespace)
            if wanted is not None:
                found.setdefault(what, wanted)
    return found


def mage_destinations(network: Network, kinds: Mapping[str, Pod], named: Mapping[str, Dialled]) -> Destinations:
    """Where these kinds of pods go; `named` is what `named_by` gave, or says better."""
    rules = _rules(network, kinds)
    columns = [one for one in dns.destinations(network) if one.protocol == "UDP"]
    unjudged = [] if SPARK in named else ["Spark: its address is in a Secret, or in no pod's environment."]
    for what, wanted in named.items():
        column = _known(network, what, wanted) or _expected(network, what, wanted, rules)
        if column is not None:
            columns.append(replace(column, what=what, dialled=wanted))
        elif _is_live(network, wanted.namespace):
            unjudged.append(f"{what}: there is no Service {wanted.service} in namespace {wanted.namespace}.")
        else:
            unjudged.append(f"{what}: {wanted} is outside the cluster. Policies see its address, which is not known.")
    try:
        target = network.service(*API_SERVER)
        columns.append(Destination(name="API server", target=target, port=443))
    except KeyError:
        pass  # it is in no manifest
    return Destinations(columns=(*columns, *_opened(network, kinds, rules, columns)), unjudged=tuple(unjudged))


def _dialled(text: str, *, home: str) -> Dialled | None:
    try:
        url = urlsplit(text)
        port = url.port or _PORTS.get(url.scheme.partition("+")[0], 0)
    except ValueError:  # a password with a bracket in it, say
        return None
    return dialled(url.hostname, port, home=home) if url.hostname and port else None


def _known(network: Network, what: str, wanted: Dialled) -> Destination | None:
    """Where it is in the network; a Service of manifests has no pods yet, and those that it selects stand for them."""
    target = find(network, wanted)
    if target is None:
        return None
    name = f"{what} {wanted}"
    if isinstance(target, Service) and target.selector and not network.index.backends(target):
        leading = next((one for one in target.ports if one.port == wanted.port), None)
        if leading is not None and isinstance(leading.target, int) and not _is_live(network, target.namespace):
            pod = Pod(namespace=target.namespace, name=target.name, labels=target.selector)
            return Destination(name=name, target=pod, port=leading.target, assumed=True)
    return Destination(name=name, target=target, port=wanted.port)


def _expected(network: Network, what: str, wanted: Dialled, rules: tuple[RuleRef, ...]) -> Destination | None:
    """A Service that is not here: the pods of its namespace that a rule for its port names, else pods of no label."""
    if not wanted.service or _is_live(network, wanted.namespace):
        return None
    name = f"{what} {wanted}"
    ports = (wanted.port, CONNECT_PORT) if what == SPARK else (wanted.port,)
    for ref in rules:
        for pod in _pods(network, ref):
            place = next((one for one in ports if opens(ref.rule.ports, Place(End(), End(pod), one, "TCP"))), None)
            if pod.namespace == wanted.namespace and place is not None:
                return Destination(name=name, target=pod, port=place, assumed=True)
    if wanted.host.count(".") == 1:  # as likely a name of the internet
        return None
    pod = Pod(namespace=wanted.namespace, name=wanted.service)
    return Destination(name=name, target=pod, port=ports[-1], assumed=True)


def _is_live(network: Network, namespace: str) -> bool:
    """Whether the pods that run in a namespace are here; manifests hold none of those that Spark starts."""
    return network.seen is not None and namespace in network.seen


def _rules(network: Network, kinds: Mapping[str, Pod]) -> tuple[RuleRef, ...]:
    """The egress rules of all policies that select one of the kinds, those for DNS left out."""
    refs = {
        str(ref): ref
        for pod in kinds.values()
        for policy in network.index.selecting(pod, "egress")
        for position, rule in enumerate(policy.egress or (), start=1)
        for ref in (RuleRef(policy, "egress", position, rule),)
        if not any(port.protocol == "UDP" and port.port in _DNS_PORTS for port in rule.ports)
    }
    return tuple(refs.values())


def _pods(network: Network, ref: RuleRef) -> Iterator[Pod]:
    for peer in ref.rule.peers:
        if isinstance(peer, PodPeer):
            pod = stand_in.pod(network, peer, ref.policy.namespace)
            if pod is not None:
                yield pod


def _opened(
    network: Network, kinds: Mapping[str, Pod], rules: tuple[RuleRef, ...], known: list[Destination]
) -> Iterator[Destination]:
    """What rules open beside what is known, each peer and port once."""
    source = next(iter(kinds.values()), None)
    if source is None:
        return
    places = [
        place for one in known for place in resolve(network.index, source, one.target, one.port, one.protocol).places
    ]
    seen = set()
    for ref in rules:
        for peer in ref.rule.peers or (None,):
            for port in ref.rule.ports or (PolicyPort(),):
                name = f"{_words(peer, ref.policy.namespace)}, {port}"
                met = any(
                    _includes(network, ref, peer, place) and (not ref.rule.ports or opens((port,), place))
                    for place in places
                )
                column = None if met or name in seen else _stand_in(network, ref, peer, port, name)
                seen.add(name)
                if column is not None:
                    yield column


def _includes(network: Network, ref: RuleRef, peer: PodPeer | IPBlock | None, place: Place) -> bool:
    return peer is not None and network.index.includes(peer, ref.policy, place.target)


def _stand_in(
    network: Network, ref: RuleRef, peer: PodPeer | IPBlock | None, port: PolicyPort, name: str
) -> Destination | None:
    number = port.port if port.port is not None else 1
    if peer is None:
        return Destination(name=name, target=_ANYWHERE, port=number, protocol=port.protocol, assumed=True)
    if isinstance(peer, IPBlock):
        address = stand_in.address(peer)
        target = None if address is None else network.index.at(address) or address
    else:
        target = next((pod for pod in network.pods if network.index.includes(peer, ref.policy, End(pod))), None)
        target = target or stand_in.pod(network, peer, ref.policy.namespace)
    if target is None or (isinstance(number, str) and not isinstance(target, Pod)):
        return None
    return Destination(
        name=name, target=target, port=number, protocol=port.protocol, assumed=target not in network.pods
    )


def _words(peer: PodPeer | IPBlock | None, home: str) -> str:
    if peer is None:
        return "every address"
    if isinstance(peer, IPBlock):
        return f"{peer.cidr} except {len(peer.excepts)} ranges" if len(peer.excepts) > 1 else str(peer)
    who = f"pods with {peer.pods}" if peer.pods and peer.pods.requirements else "all pods"
    if peer.namespaces is None:
        return f"{who} of {home}"
    return f"{who} of {str(peer.namespaces).removeprefix(f'{NAMESPACE_NAME}=')}"
