"""Whether policies let Mage's pods through to ilum-api, which takes whoever reaches it for an administrator."""

from collections.abc import Iterator, Mapping

from deploykit.check.cluster.policy import PORT
from deploykit.check.cluster.state import ClusterState
from deploykit.check.cluster.steps import warned
from deploykit.check.model import Step
from deploykit.deploy.ilum_services import CORE
from deploykit.deploy.policies import Pod, evaluate
from deploykit.deploy.policies.explain import allowed_by
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi

API_PORT = 8080
_LABEL = "app.kubernetes.io/name", "api"


def namespaces_of_ilum(api: KubernetesApi) -> list[str]:
    """Where Ilum itself is installed, by the Services that its chart makes; nowhere where they may not be listed."""
    try:
        found = api.list_objects("services", field_selector=f"metadata.name={CORE.service}")
    except UnreachableError:
        return []
    return sorted({str(one["metadata"]["namespace"]) for one in found})


def open_to(state: ClusterState, kinds: Mapping[str, Pod]) -> Iterator[Step]:
    """A warning for each kind of pod that may reach an ilum-api in the namespaces that were read."""
    for target in (pod for pod in state.network.pods if _LABEL in pod.labels.items()):
        for kind, pod in kinds.items():
            answer = evaluate(state.network, source=pod, target=target, port=API_PORT)
            if answer.allowed:
                values = {"kind": kind, "target": f"{target}", "port": str(API_PORT), "by": allowed_by(answer.paths)}
                yield warned(PORT, "ilum-api-open", values, where=kind)
