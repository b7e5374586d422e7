"""The kinds of Mage pods, for the rows of the table."""

from collections.abc import Collection

from deploykit.deploy.policies import stand_in
from deploykit.deploy.policies.model import JOB_LABELS, Network, Pod, Policy
from deploykit.deploy.policies.selector import Labels

OURS = "mage-ilum"
"""`app.kubernetes.io/name` of our chart's pods."""
MODULE = {"mageai": "server", "mageai-scheduler": "scheduler"}
"""The same of the pods of Ilum's module, which is Mage's own chart, and the kinds that they are."""
UNLABELLED = "unlabelled-worker"
KINDS = ("server", "scheduler", "web", "worker", UNLABELLED, "test", "drift-check")
"""In the order of the table."""
_EXECUTOR = "K8S_CONFIG_FILE"
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


def mage_kinds(network: Network, namespace: str) -> dict[str, Pod]:
    """The kinds of one namespace in the order of `KINDS`: those of `mage_pods`, and those that only policies name.

    Ilum's module makes its own pods, so that the chart beside it renders policies alone.
    """
    found = mage_pods(network, namespaces=[namespace])
    for policy in network.policies:
        labels = stand_in.labelled(policy.pods) or {}
        if policy.namespace == namespace and is_mage(labels):
            kind = kind_of(labels)
            found.setdefault(kind, Pod(namespace=namespace, name=kind, labels=labels))
    if starts_jobs(network, namespace):
        found[UNLABELLED] = unlabelled_worker(namespace)
    return dict(sorted(found.items(), key=lambda one: KINDS.index(one[0]) if one[0] in KINDS else len(KINDS)))


def starts_jobs(network: Network, namespace: str) -> bool:
    """Whether Mage runs blocks as Jobs there: it was told how, or policies wait for a Job's pods, whoever starts it."""
    told = any(pod.namespace == namespace and _EXECUTOR in pod.environment for pod in network.pods)
    return told or any(policy.namespace == namespace and is_of_jobs(policy) for policy in network.policies)


def is_of_jobs(policy: Policy) -> bool:
    """Whether a policy selects the pods of any Job, which are there only while a Job runs."""
    return any(one.key in JOB_LABELS and one.operator == "Exists" for one in policy.pods.requirements)


def is_mage(labels: Labels) -> bool:
    """Whether a pod with these labels is one of our chart's, or Mage of Ilum's own module."""
    return labels.get(_NAME) in (OURS, *MODULE)


def kind_of(labels: Labels) -> str:
    """The kind that a pod of Mage is."""
    return labels.get(_KIND) or MODULE.get(labels.get(_NAME, ""), "server")


def unlabelled_worker(namespace: str) -> Pod:
    """A pod that Mage's Kubernetes executor starts without `K8S_CONFIG_FILE`: it has only the labels of its Job."""
    name = "mage-data-prep-block-1"
    return Pod(namespace=namespace, name=f"job/{name}", labels=dict.fromkeys(JOB_LABELS, name))


def _place(pod: Pod) -> tuple[str, str]:
    return pod.namespace, pod.labels.get("app.kubernetes.io/instance", "")
