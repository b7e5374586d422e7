"""Ask the Kubernetes API for Spark's pods."""

import os
from typing import TYPE_CHECKING

from deploykit.detect.pods import CONNECT_CLASS, CONNECT_PORT, SparkPod
from deploykit.errors import DeploykitError, UnreachableError, UsageError

if TYPE_CHECKING:
    from kubernetes.client import ApiException, CoreV1Api, V1Pod

_LIMIT = 1000


def spark_pods(namespace: str, *, context: str | None, timeout: float) -> list[SparkPod]:
    """The running driver and executor pods of a namespace; `timeout` is in seconds, for the one request.

    Uses the kubeconfig or, inside a pod without one, its ServiceAccount. Raises `UsageError` where there is neither,
    and `UnreachableError` where the API does not answer or does not allow it.
    """
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    api = _api(context)
    try:
        pods = api.list_namespaced_pod(
            namespace,
            label_selector="spark-role in (driver, executor)",
            field_selector="status.phase=Running",
            limit=_LIMIT,
            _request_timeout=timeout,
        )
    except ApiException as error:
        if error.status:
            raise _refused(error, namespace) from None
        raise _unanswered(api, str(error.reason).splitlines()[-1]) from None  # TLS failed
    except (HTTPError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise _unanswered(api, f"{type(reason).__name__} within {timeout:g} s") from None
    return [_read(pod) for pod in pods.items]


def _api(context: str | None) -> "CoreV1Api":
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        if context is None and "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                context=context, client_configuration=configuration
            )
    except (config.ConfigException, OSError) as error:
        raise UsageError(
            "There is no usable kubeconfig.",
            why=str(error).partition("\n")[0],
            fix="Set KUBECONFIG, or name one of `kubectl config get-contexts` with --context.",
        ) from None
    configuration.retries = False  # the client's own three retries would quadruple every time limit
    return client.CoreV1Api(client.ApiClient(configuration))


def _unanswered(api: "CoreV1Api", why: str) -> UnreachableError:
    return UnreachableError(
        f"The Kubernetes API does not answer at {api.api_client.configuration.host}.",
        why=f"{why}.",
        fix="Check the context (kubectl config current-context), the VPN and the cluster.",
    )


def _refused(error: "ApiException", namespace: str) -> DeploykitError:
    if error.status in (401, 403):
        return UnreachableError(
            f"The Kubernetes API does not let you list pods in namespace {namespace}.",
            why="Your login has ended." if error.status == 401 else "That needs the right `list` on `pods` there.",
            fix=f"kubectl auth can-i list pods --namespace {namespace}",
        )
    return UnreachableError(
        f"The Kubernetes API answered {error.status} {error.reason}.",
        why="Listing the pods of a namespace failed.",
        fix=f"kubectl get pods --namespace {namespace}",
    )


def _read(pod: "V1Pod") -> SparkPod:
    metadata, spec = pod.metadata, pod.spec
    assert metadata is not None  # the API never leaves these two out; the client's types do not know
    assert spec is not None
    name, labels = str(metadata.name), metadata.labels or {}
    role = labels["spark-role"]
    spark = next((item for item in spec.containers if item.name == f"spark-kubernetes-{role}"), spec.containers[0])
    ports = {port.container_port for port in spark.ports or ()}
    command = (*(spark.command or ()), *(spark.args or ()))
    return SparkPod(
        name=name,
        role=role,
        application=labels.get("spark-app-selector", name),
        version_label=labels.get("spark-version", ""),
        image=spark.image or "",
        is_connect=CONNECT_PORT in ports or any(word.startswith(CONNECT_CLASS) for word in command),
    )
