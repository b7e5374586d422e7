"""The kinds of Mage pods, for the rows of the table."""

from collections.abc import Collection

from deploykit.deploy.policies.model import Network, Pod
from deploykit.deploy.policies.selector import Labels

OURS = "mage-ilum"
"""`app.kubernetes.io/name` of our chart's pods."""
MODULE = {"mageai": "server", "mageai-scheduler": "scheduler"}
"""The same of the pods of Ilum's module, which is Mage's own chart, and the kinds that they are."""
_NAME, _KIND = "app.kubernetes.io/name", "app.kubernetes.io/component"


def mage_pods(network: Network, *, namespaces: Collection[str] = ()) -> dict[str, Pod]:
    """One pod of each kind by its component: `server`, `worker`, `test` and the like; a pod that runs comes first.

    Worker pods run only while Mage does; where none runs, the ConfigMap of the Kubernetes executor tells their labels.
    With pods of several namespaces or releases, those of the first that is found have the plain name.
    """
    found: dict[str, Pod] = {}
    for pod in sorted(network.pods, key=lambda pod: not pod.addresses):
        if is_mage(pod.labels) and (not namespaces or pod.namespace in namespaces):
            kind = kind_of(pod.labels)
            same = found.setdefault(kind, pod)
            if _place(same) != _place(pod):
                found.setdefault(f"{kind} of {'/'.join(_place(pod))}", pod)
    return found


def is_mage(labels: Labels) -> bool:
    """Whether a pod with these labels is one of our chart's, or Mage of Ilum's own module."""
    return labels.get(_NAME) in (OURS, *MODULE)


def kind_of(labels: Labels) -> str:
    """The kind that a pod of Mage is."""
    return labels.get(_KIND) or MODULE.get(labels.get(_NAME, ""), "server")


def unlabelled_worker(namespace: str) -> Pod:
    """A pod that Mage's Kubernetes executor starts without `K8S_CONFIG_FILE`: it has only the labels of its Job."""
    name = "mage-data-prep-block-1"
    labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
    return Pod(namespace=namespace, name=f"job/{name}", labels=labels)


def _place(pod: Pod) -> tuple[str, str]:
    return pod.namespace, pod.labels.get("app.kubernetes.io/instance", "")
