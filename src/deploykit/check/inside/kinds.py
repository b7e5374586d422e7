"""The kinds of pods of one release of Mage: those that run, and those that will. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from deploykit.check.cluster.state import ClusterState
from deploykit.deploy.mage_pods import is_ready, the_release
from deploykit.deploy.policies import Pod
from deploykit.deploy.policies.mage import (
    KINDS,
    OURS,
    UNLABELLED,
    is_mage,
    kind_of,
    starts_jobs,
    unlabelled_worker,
)
from deploykit.deploy.policies.model import JOB_LABELS
from deploykit.kubernetes_api import Item

PROBE_LABEL = "deploykit.io/probe"
"""On the pods that a check starts, so that none of them is taken for Mage."""

_NAME, _RELEASE, _KIND = "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"
_OF_A_MOMENT = frozenset({"test", "drift-check", "worker"})
_OF_A_RELEASE = ("app.kubernetes.io/", "helm.sh/")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of pod. `labels` are those that it has, or would have."""

    name: str
    namespace: str
    release: str
    model: Item
    """A pod of the release whose image, environment and security the kind has."""
    labels: Mapping[str, str] = field(default_factory=dict)
    running: str = ""
    """A ready pod of this kind; empty where none runs now."""

    @property
    def container(self) -> Item:
        """The container of the model that is Mage."""
        return mage_container(self.model)

    def pod(self, state: ClusterState) -> Pod:
        """As policies see it."""
        if self.running:
            return state.network.pod(self.namespace, self.running)
        return Pod(namespace=self.namespace, name=f"{self.release}-{self.name}", labels=self.labels)


def kinds(state: ClusterState, namespace: str, *, release: str | None) -> list[Kind]:
    """The kinds of the release, or of the only one, in the order of the table.

    Raises `UnreachableError` where there is no pod of Mage, `UsageError` where there are several releases.
    """
    pods = [pod for pod in state.items("Pod", namespace) if _is_mage(pod)]
    lasting = [pod for pod in pods if _kind(pod) not in _OF_A_MOMENT]
    release = the_release((_label(pod, _RELEASE) for pod in lasting), namespace=namespace, named=release)
    of_it = [pod for pod in lasting if _label(pod, _RELEASE) == release]
    model = min(of_it, key=lambda pod: (not is_ready(pod), pod["metadata"]["name"]))
    plain = Kind(name="", namespace=namespace, release=release, model=model)
    own = [pod for pod in pods if _belongs(pod["metadata"]["labels"], plain)]
    found = {_kind(pod): replace(plain, name=_kind(pod), labels=_labels(pod)) for pod in own}
    for pod in own:
        if is_ready(pod):
            found[_kind(pod)] = replace(
                found[_kind(pod)], running=pod["metadata"]["name"], model=pod, labels=_labels(pod)
            )
    for name, labels in _absent(state, plain):
        found.setdefault(name, replace(plain, name=name, labels=labels))
    return sorted(found.values(), key=lambda kind: (KINDS.index(kind.name) if kind.name in KINDS else 9, kind.name))


def environment(container: Item) -> dict[str, str]:
    """The variables of a container whose values are written there; those of Secrets are not."""
    return {one["name"]: one["value"] for one in container.get("env") or () if "value" in one}


def mage_container(pod: Item) -> Item:
    """The container that is Mage: the one that the pod calls its default, or `mage`, or the first."""
    named = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container", "mage")
    containers: list[Item] = pod["spec"]["containers"]
    return next((one for one in containers if one["name"] == named), containers[0])


def _belongs(labels: Mapping[str, str], plain: Kind) -> bool:
    """Whether labels are those of the release; helm test beside Ilum's module is of our chart's, with another name."""
    beside = labels.get(_NAME) == OURS != _label(plain.model, _NAME) and labels.get(_KIND) in _OF_A_MOMENT
    return beside or labels.get(_RELEASE) == plain.release


def _absent(state: ClusterState, plain: Kind) -> Iterator[tuple[str, dict[str, str]]]:
    """The kinds that there are beside those that run, with their labels: by policies, and by what Mage was told."""
    if _label(plain.model, _NAME) == OURS:
        yield "test", _would_have(plain, "test")
        if "K8S_CONFIG_FILE" in environment(plain.container):
            yield "worker", _would_have(plain, "worker")
    for policy in state.items("NetworkPolicy", plain.namespace):
        chosen = (policy["spec"].get("podSelector") or {}).get("matchLabels") or {}
        if chosen.get(_NAME) == OURS and chosen.get(_KIND) in KINDS and _belongs(chosen, plain):
            yield chosen[_KIND], _would_have(plain, chosen[_KIND]) | chosen
    if starts_jobs(state.network, plain.namespace):  # a project's own settings, and Ilum's module, give no labels
        yield UNLABELLED, dict(unlabelled_worker(plain.namespace).labels)


def _would_have(plain: Kind, name: str) -> dict[str, str]:
    """The labels that the chart gives pods of a kind, and those of a Job that the API server does."""
    own = plain.model["metadata"]["labels"]
    kept = {key: value for key, value in own.items() if key.startswith(_OF_A_RELEASE)} | {_KIND: name}
    if name == "worker":  # the executor's ConfigMap names no more than these
        kept = {key: kept[key] for key in (_NAME, _RELEASE, _KIND)}
    of_job = dict.fromkeys(JOB_LABELS, f"{plain.release}-check") if name in ("worker", "drift-check") else {}
    return kept | of_job


def _labels(pod: Item) -> dict[str, str]:
    """Without the one by which its ReplicaSet would adopt a copy."""
    return {key: value for key, value in pod["metadata"]["labels"].items() if key not in _OF_ONE_OWNER}


_OF_ONE_OWNER: Iterable[str] = frozenset({"pod-template-hash", "controller-revision-hash", "controller-uid",
                                          "batch.kubernetes.io/controller-uid"})  # fmt: skip


def _is_mage(pod: Item) -> bool:
    metadata = pod["metadata"]
    probe = PROBE_LABEL in (metadata.get("labels") or {})
    return is_mage(metadata.get("labels") or {}) and not probe and "deletionTimestamp" not in metadata


def _kind(pod: Item) -> str:
    return kind_of(pod["metadata"]["labels"])


def _label(pod: Item, key: str) -> str:
    return str((pod["metadata"].get("labels") or {}).get(key, ""))
