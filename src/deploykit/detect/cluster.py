"""The sources of one Kubernetes cluster: rights first, then all that these allow, side by side."""

from dataclasses import replace
from functools import partial

from deploykit.detect import driver_settings, helm_release, operators, pods
from deploykit.detect.evidence import NotAsked
from deploykit.detect.operators import API_VERSION, OPERATORS, Operator
from deploykit.detect.rights import Rights, require, review
from deploykit.detect.side_by_side import Answer, Source, together
from deploykit.detect.where import Where
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import KubernetesApi
from deploykit.spark_pods import SparkPod, alive, connect_drivers
from mage_ilum.deadline import Deadline

PODS = "Spark pods"
_MOST_DRIVERS = 10
"""Of more drivers the settings are not read: none of them is known to be a Spark Connect server then."""


def ask(where: Where, limit: Deadline) -> Answer:
    """The rights in Spark's namespace, and the sources that they are for. Raises `UnreachableError`."""
    api = KubernetesApi(where.context, timeout=limit.seconds, limit=limit)
    sources: list[Source] = []
    namespace, release = where.release
    if where.namespace:
        rights = review(api, where.namespace)
        sources.append(Source(PODS, partial(_pods, api, rights, where.namespace)))
        sources += (
            Source(f"{one.kind} objects", partial(_objects, api, rights, where.namespace, one)) for one in OPERATORS
        )
    if release:
        known = rights if namespace == where.namespace else None
        sources.append(Source("Helm values", partial(_helm, api, known, namespace, release)))
    return Answer(then=tuple(sources))


def _pods(api: KubernetesApi, rights: Rights, namespace: str) -> Answer:
    require(api, rights, "list", "pods", namespace)
    found = _with_plugins(api, rights, namespace, alive(api, namespace))
    try:
        answer = pods.read(namespace, found)
    except UnreachableError as error:
        answer = Answer(not_asked=(NotAsked(source=PODS, error=error),))
    drivers = [driver for driver in connect_drivers(found) if driver.settings]
    settings = Source("driver settings", partial(_settings, api, rights, namespace, drivers))
    return replace(answer, then=(settings,) if 0 < len(drivers) <= _MOST_DRIVERS else ())


def _with_plugins(api: KubernetesApi, rights: Rights, namespace: str, found: list[SparkPod]) -> list[SparkPod]:
    """Tell Spark Connect servers from batch jobs by their settings, where several drivers run and nothing else does."""
    unknown = {pod.name: pod for pod in found if pod.role == "driver" and pod.settings and not pod.is_connect}
    if len(connect_drivers(found)) + len(unknown) < 2 or len(unknown) > _MOST_DRIVERS:
        return found
    try:
        require(api, rights, "get", "configmaps", namespace)
        plugin = {
            name
            for name, pod in unknown.items()
            if driver_settings.has_plugin(api.read("configmaps", namespace, pod.settings))
        }
    except UnreachableError:
        return found  # the settings are a source of their own, which says that it was not asked
    return [replace(pod, plugin=True) if pod.name in plugin else pod for pod in found]


def _settings(api: KubernetesApi, rights: Rights, namespace: str, drivers: list[SparkPod]) -> Answer:
    require(api, rights, "get", "configmaps", namespace)
    return together(
        driver_settings.read(namespace, driver, api.read("configmaps", namespace, driver.settings))
        for driver in drivers
    )


def _objects(api: KubernetesApi, rights: Rights, namespace: str, operator: Operator) -> Answer:
    """What an operator's objects say; nothing, without a word, where the cluster has no such operator."""
    if not api.serves(operator.resource, version=API_VERSION):
        return Answer()
    require(api, rights, "list", operator.resource, namespace)
    found = api.list_objects(operator.resource, namespace, version=API_VERSION)
    return together(operators.read(operator, namespace, item) for item in found)


def _helm(api: KubernetesApi, rights: Rights | None, namespace: str, release: str) -> Answer:
    require(api, rights or review(api, namespace), "list", helm_release.RESOURCE, namespace)
    return helm_release.ask(api, namespace, release)
