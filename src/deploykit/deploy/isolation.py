"""Whether NetworkPolicies isolate a pod for ingress: from then on, only what they list comes in. Pure."""

from collections.abc import Iterable, Mapping

from deploykit.deploy.discover import is_ours
from deploykit.deploy.policies.read_policy import policy
from deploykit.kubernetes_api import Item


def isolating(policies: Iterable[Item], labels: Mapping[str, str], *, namespace: str) -> list[str]:
    """The names of a namespace's policies that isolate a pod with these labels, without ours, which are additions."""
    read = (policy(item, namespace) for item in policies if not is_ours(item))
    return sorted(one.name for one in read if one.ingress is not None and one.pods.matches(labels))
