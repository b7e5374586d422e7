"""What a finding is."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The kinds of findings; the words are stable."""

    AND_OR = "and-or"
    DNS = "dns"
    DNS_TCP = "dns-tcp"
    ISOLATED_BY_DEFAULT = "isolated-by-default"
    NO_NAMESPACE = "no-namespace"
    NO_POD = "no-pod"
    NO_PORT_NAME = "no-port-name"
    NOBODY_REACHES_SERVICE = "nobody-reaches-service"
    NOT_SELECTED = "not-selected"
    SERVICE_ADDRESS = "service-address"
    SERVICE_PORT = "service-port"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in the policies that is probably not meant."""

    code: Code
    about: str
    """The policy, its rule, or the pods: `egress rule 2 of policy mage/mage-server`."""
    sentence: str
    fix: str
