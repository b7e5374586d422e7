"""From what is dialled to what policies see: Service addresses become pods and pod ports, names become numbers."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from deploykit.deploy.policies.index import End, Index
from deploykit.deploy.policies.model import Address, Pod, Protocol, Service, ServicePort
from deploykit.errors import UsageError

Source: TypeAlias = Pod | Address
Target: TypeAlias = Pod | Service | Address


@dataclass(frozen=True)
class Place:
    """Both ends of one connection, and the port at the target."""

    source: End
    target: End
    port: int
    protocol: Protocol


@dataclass(frozen=True)
class Resolved:
    """The places behind a target, or the sentence that says why there is none."""

    target: Target
    places: tuple[Place, ...] = ()
    unresolved: str = ""


def parse_address(text: str) -> Address:
    """Read an IP address; raises `UsageError` when the text is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(f"{text!r} is no IP address", fix="name an address such as 10.96.0.1 or 2001:db8::1") from None


def resolve(index: Index, source: Source, target: Target | str, port: int | str, protocol: Protocol) -> Resolved:
    """Each connection that dialling `target` may become."""
    if isinstance(target, str):
        target = parse_address(target)
    family = 0
    if isinstance(target, Address):
        family = target.version
        target = index.at(target) or target
    if isinstance(target, Service):
        ends, problem = _behind(index, target, port, protocol)
        families = {family} if family else {address.version for address in target.addresses}
    else:
        ends, problem = _directly(target, port, protocol)
        families = {family} if family else set()
    places = tuple(
        Place(start, end, number, protocol)
        for final, number in ends
        for start, end in _pairs(source, final)
        if not families or all(one.address is None or one.address.version in families for one in (start, end))
    )
    if not places and not problem:
        problem = f"{_name(source)} and {_name(target)} have no address of the same family, IPv4 or IPv6."
    return Resolved(target, places, problem)


def _directly(target: Pod | Address, port: int | str, protocol: Protocol) -> tuple[list[tuple[Source, int]], str]:
    if isinstance(port, int):
        return [(target, port)], ""
    numbers = target.numbers(port, protocol) if isinstance(target, Pod) else ()
    problem = "" if numbers else f"{_name(target)} declares no {protocol} port with the name {port}."
    return [(target, number) for number in sorted(numbers)], problem


def _behind(
    index: Index, service: Service, port: int | str, protocol: Protocol
) -> tuple[list[tuple[Source, int]], str]:
    if service.external_name:
        return [], f"Service {service} is another name for {service.external_name}, outside the cluster's Services."
    if service.headless and isinstance(port, int):
        # Its name leads to the pods' own addresses: nobody rewrites the port.
        leading = ServicePort(port, port, protocol=protocol)
    else:
        fitting = [one for one in service.ports if port in (one.port, one.name) and one.protocol == protocol]
        if not fitting:
            offered = ", ".join(f"{one.protocol} {one.port}" for one in service.ports) or "none"
            return [], f"Service {service} has no {protocol} port {port}; its ports: {offered}."
        leading = fitting[0]
    if service.selector:
        pods = index.backends(service)
        ends: list[tuple[Source, int]] = [(pod, number) for pod in pods for number in _targets(pod, leading)]
        if pods and not ends:
            return (
                [],
                f"No pod behind Service {service} declares the {protocol} port {leading.target} that it leads to.",
            )
        return ends, "" if ends else f"Service {service} selects no pod."
    ports = [
        (one.address, leading.port if service.headless else one.port)
        for one in service.endpoints
        if one.protocol == protocol and (service.headless or one.name == leading.name)
    ]
    ends = [
        (known if isinstance(known := index.at(address), Pod) else address, number)
        for address, number in dict.fromkeys(ports)
    ]
    return ends, "" if ends else f"Service {service} has no selector, and what it leads to is not known."


def _targets(pod: Pod, port: ServicePort) -> list[int]:
    return [port.target] if isinstance(port.target, int) else sorted(pod.numbers(port.target, port.protocol))


def _pairs(source: Source, target: Source) -> Iterator[tuple[End, End]]:
    for start in _ends(source):
        for end in _ends(target):
            if start.address is None or end.address is None or start.address.version == end.address.version:
                yield start, end


def _ends(what: Source) -> tuple[End, ...]:
    if isinstance(what, Pod):
        return tuple(End(what, address) for address in what.addresses) or (End(what),)
    return (End(None, what),)


def _name(what: Target) -> str:
    match what:
        case Pod():
            return f"Pod {what}"
        case Service():
            return f"Service {what}"
        case _:
            return f"Address {what}"
