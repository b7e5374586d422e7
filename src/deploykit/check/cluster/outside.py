"""A failure that was met outside the cluster: the cluster is asked only then, and only where its answer is wanted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from deploykit.check.cluster.decide import EXPLAINED, decide
from deploykit.check.cluster.state import ClusterState, read
from deploykit.check.model import Decide, Step, one_of_these
from deploykit.deploy.policies.dialled import Dialled, at_service, dialled
from deploykit.errors import DeploykitError
from deploykit.kubernetes_api import KubernetesApi
from mage_ilum.connect.address import resolve
from mage_ilum.errors import AddressError

_NOWHERE = ""
"""The namespace of a name of one label that is no Service's, such as localhost."""


def judge(
    url: str | None, open_api: Callable[[], KubernetesApi] | None, *, home: str = _NOWHERE, chosen: bool = True
) -> Decide:
    """Asked about each failure on the way to `url`, or to `ILUM_SPARK_CONNECT_URL`.

    Without `open_api`, or where the cluster may not be read, a failure says what it may be. A name of one label is a
    Service's of namespace `home`, which only pods there can mean. Where nobody chose the cluster, it is asked about
    names that look like a Service's alone.
    """

    def decided(step: Step) -> Step | None:
        if step.code not in EXPLAINED:
            return None
        try:
            address = resolve(url)
        except AddressError:
            return None
        wanted = dialled(address.host, address.port, home=_NOWHERE if address.host == "localhost" else home)
        judged = partial(decide, verdict=None, now=datetime.now(UTC))
        if open_api is None or not (chosen or wanted.namespace):
            return judged(None, wanted)(step)
        try:
            api = open_api()
            state, wanted = _state(api, wanted)
        except DeploykitError as error:
            return judged(None, wanted, stateless=f"The cluster was asked, and does not say: {error}")(step)
        said = judged(state, wanted, stateless=f"The cluster has no Service {wanted.host}.")(step)
        if said is None:
            return one_of_these(step, f"Nothing in {api.called} explains it.")
        return replace(said, why="\n".join(filter(None, (said.why, f"So says {api.called}."))))

    return decided


def _state(api: KubernetesApi, wanted: Dialled) -> tuple[ClusterState | None, Dialled]:
    """The state around what was dialled; an address is looked for among the Services, such as a load balancer's."""
    if wanted.is_address:
        wanted = at_service(wanted, api.list_objects("services"))
    return (read(api, [wanted.namespace]) if wanted.namespace else None), wanted
