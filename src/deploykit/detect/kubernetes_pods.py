"""Ask the Kubernetes API for Spark's pods."""

from deploykit import spark_pods as pods
from deploykit.kubernetes_api import KubernetesApi
from deploykit.spark_pods import SparkPod


def spark_pods(namespace: str, *, context: str | None, timeout: float) -> list[SparkPod]:
    """The running driver and executor pods of a namespace; `timeout` is in seconds, for each request.

    Raises `UsageError` where there is no kubeconfig, and `UnreachableError` where the API does not answer or does not
    allow it.
    """
    return pods.running(KubernetesApi(context, timeout=timeout), namespace)
