"""What a finding is."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The kinds of findings; the words are stable."""

    AND_OR = "policy-and-or"
    DNS = "policy-no-dns"
    DNS_TCP = "policy-no-dns-tcp"
    ISOLATED_BY_DEFAULT = "policy-isolated-by-default"
    NO_NAMESPACE = "policy-no-namespace"
    NO_POD = "policy-no-pod"
    NO_PORT_NAME = "policy-no-port-name"
    NOBODY_REACHES_SERVICE = "policy-nobody-reaches-service"
    NOT_SELECTED = "policy-not-selected"
    SERVICE_ADDRESS = "policy-service-address"
    SERVICE_PORT = "policy-service-port"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something in the policies that is probably not meant."""

    code: Code
    about: str
    """The policy, its rule, or the pods: `egress rule 2 of policy mage/mage-server`."""
    sentence: str
    fix: str
