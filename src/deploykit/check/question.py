"""One question about policies, as it is typed: kinds, pods, Services and addresses by their names. Pure."""

import difflib
import ipaddress
from typing import cast

from deploykit.deploy.policies import Answer, Network, Pod, Protocol, evaluate
from deploykit.deploy.policies.allowed import Allowed
from deploykit.deploy.policies.dialled import dialled, find
from deploykit.deploy.policies.read_pod import TEMPLATED
from deploykit.deploy.policies.resolve import Source, Target
from deploykit.errors import UsageError

_WORKLOADS = tuple(kind.lower() for kind in TEMPLATED)


def ask(found: Allowed, *, source: str, target: str, port: str | None, protocol: str) -> Answer:
    """May `source` open a connection to `port` of `target`? Raises `UsageError` for a name that is nothing here.

    A source is a kind of Mage pod, a pod (`NAME`, `NAMESPACE/NAME`, `deployment/NAME`) or an address; a target is the
    same, or a host as the source dials it. What stands for a destination in the table stands for it here too.
    """
    origin = _source(found, source)
    spoken = cast("Protocol", protocol)
    for column in found.destinations.columns:
        wanted = column.dialled
        if wanted is None:
            continue
        by_name = target.lower() == column.what.lower() and port in (None, str(wanted.port))
        if by_name or (target, port) == (wanted.host, str(wanted.port)):
            return evaluate(found.network, source=origin, target=column.target, port=column.port, protocol=spoken)
    if port is None:
        raise UsageError(f"--to {target} needs a port.", fix="--port 15002, or the name of the Service's port")
    number = int(port) if port.isdecimal() else port
    home = origin.namespace if isinstance(origin, Pod) else found.namespace
    end = _target(found, target, number, home=home)
    return evaluate(found.network, source=origin, target=end, port=number, protocol=spoken)


def namespaces(source: str, target: str, *, home: str) -> tuple[str, ...]:
    """Those that a question names, for who has to read them of a cluster first."""
    named = "" if "/" in target else dialled(target, 0, home=home).namespace
    return tuple(dict.fromkeys(filter(None, (named, _namespace(source), _namespace(target)))))


def _namespace(pod: str) -> str:
    """The namespace in a pod's name; `deployment/mage` has none, `ilum/deployment/mage` has."""
    first, *rest = pod.split("/")
    return "" if not rest or (len(rest) == 1 and first in _WORKLOADS) else first


def _source(found: Allowed, text: str) -> Source:
    if text in found.kinds:
        return found.kinds[text]
    place = _address(text) or _pod(found.network, text, found.namespace)
    if place is not None:
        return place
    raise UsageError(
        f"--from {text} is no kind of Mage's pods here, no pod and no address.",
        why=f"The kinds: {', '.join(found.kinds)}.",
        fix=_nearest(text, [*found.kinds, *map(str, found.network.pods)], option="--from"),
    )


def _target(found: Allowed, text: str, port: int | str, *, home: str) -> Target:
    if text in found.kinds:
        return found.kinds[text]
    wanted = dialled(text, port if isinstance(port, int) else 0, home=home)
    place = find(found.network, wanted) or _pod(found.network, text, home)
    if place is not None:
        return place
    services = [f"{one.name}.{one.namespace}" for one in found.network.services]
    raise UsageError(
        f"--to {text} is no Service, pod or address here.",
        why="Of a name outside the cluster policies see the address." if not wanted.service else "",
        fix=_nearest(text, [*services, *map(str, found.network.pods)], option="--to"),
    )


def _address(text: str) -> Source | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _pod(network: Network, text: str, home: str) -> Pod | None:
    """By its name in `home`, else with its namespace before it; `deployment/mage` is a name."""
    names = {str(pod): pod for pod in network.pods}
    return names.get(f"{home}/{text}") or names.get(text)


def _nearest(text: str, known: list[str], *, option: str) -> str:
    near = difflib.get_close_matches(text, known, n=2, cutoff=0.4) or known[:2]
    return " or ".join(f"{option} {one}" for one in near)
