"""From Services and EndpointSlices in JSON to `Service`s."""

import ipaddress
from collections.abc import Iterable, Iterator

from deploykit.deploy.policies import fields
from deploykit.deploy.policies.model import Address, Endpoint, Service, ServicePort
from deploykit.deploy.policies.read_policy import protocol
from deploykit.kubernetes_api import Item


def service(item: Item, namespace: str, slices: Iterable[Item]) -> Service:
    """A Service; `slices` are the EndpointSlices of its namespace and name."""
    spec, status = fields.mapping(item.get("spec"), "spec"), fields.mapping(item.get("status"), "status")
    headless = spec.get("clusterIP") == "None"
    selector = fields.labels(spec.get("selector"), "spec.selector")
    return Service(
        namespace=item["metadata"].get("namespace") or namespace,
        name=item["metadata"]["name"],
        selector=selector,
        ports=tuple(_port(*one) for one in fields.items(spec.get("ports"), "spec.ports")),
        addresses=() if headless else tuple(_addresses(spec, status)),
        headless=headless,
        external_name=str(spec.get("externalName") or "") if spec.get("type") == "ExternalName" else "",
        endpoints=() if selector else tuple(endpoint for one in slices for endpoint in _endpoints(one)),
    )


def _port(value: Item, path: str) -> ServicePort:
    number = fields.port_number(value.get("port"), f"{path}.port")
    target = value.get("targetPort")
    return ServicePort(
        number,
        fields.port(target, f"{path}.targetPort") if target else number,
        fields.text(value.get("name"), f"{path}.name"),
        protocol(value.get("protocol"), f"{path}.protocol"),
    )


def _addresses(spec: Item, status: Item) -> Iterator[Address]:
    cluster = fields.sequence(spec.get("clusterIPs"), "spec.clusterIPs") or [spec.get("clusterIP")]
    external = fields.sequence(spec.get("externalIPs"), "spec.externalIPs")
    balancer = fields.items(fields.mapping(status.get("loadBalancer"), "status").get("ingress"), "status.loadBalancer")
    for address in (*cluster, *external, *(one.get("ip") for one, _ in balancer)):
        if address:
            yield ipaddress.ip_address(str(address))


def _endpoints(item: Item) -> Iterator[Endpoint]:
    if item.get("addressType") == "FQDN":
        return
    for one, path in fields.items(item.get("endpoints"), "endpoints"):
        for address in fields.sequence(one.get("addresses"), f"{path}.addresses"):
            for port, where in fields.items(item.get("ports"), "ports"):
                if port.get("port") is None:  # every port, which no Service can lead to
                    continue
                yield Endpoint(
                    address=ipaddress.ip_address(str(address)),
                    port=fields.port_number(port.get("port"), f"{where}.port"),
                    name=fields.text(port.get("name"), f"{where}.name"),
                    protocol=protocol(port.get("protocol"), f"{where}.protocol"),
                )
