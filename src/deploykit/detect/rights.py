"""What the login may do in a namespace, by one question: what is not allowed is not tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploykit.kubernetes_api import Item, KubernetesApi, RefusedError


@dataclass(frozen=True)
class Rights:
    """The rules that apply to a login. Where they are `incomplete`, as on EKS and GKE, only trying tells."""

    rules: Sequence[Item] = ()
    incomplete: bool = False

    def allow(self, verb: str, resource: str) -> bool:
        """Whether this is allowed, or may be; `resource` is named as `kubectl auth can-i` does."""
        name, _, group = resource.partition(".")
        return self.incomplete or any(
            _has(rule, "verbs", verb) and _has(rule, "apiGroups", group) and _has(rule, "resources", name)
            for rule in self.rules
            if not rule.get("resourceNames")
        )


def review(api: KubernetesApi, namespace: str) -> Rights:
    """Ask. Raises `UnreachableError` where the API server does not answer, or does not know who is asking."""
    try:
        status = api.review(namespace)
    except RefusedError as error:
        if error.status == 401:
            raise
        return Rights(incomplete=True)
    return Rights(status.get("resourceRules") or (), bool(status.get("incomplete")))


def require(api: KubernetesApi, rights: Rights, verb: str, resource: str, namespace: str) -> None:
    """Raise `UnreachableError`, which names the right, where it is missing."""
    if not rights.allow(verb, resource):
        raise api.missing(verb, resource, namespace)


def _has(rule: Item, field: str, wanted: str) -> bool:
    return bool({wanted, "*"} & set(rule.get(field) or ()))
