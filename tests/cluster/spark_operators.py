"""The kinds of object of Kubeflow's and of Stackable's operator, as far as a server stores them; no operator runs.

Group, version, names and the fields that are required are those of the operators' own definitions.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.kubectl import kubectl

SCHEMALESS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
KUBEFLOW = {
    "type": "object",
    "required": ["sparkVersion", "server", "executor"],
    "properties": {"sparkVersion": {"type": "string"}, "image": {"type": "string"}},
    "x-kubernetes-preserve-unknown-fields": True,
}
STACKABLE = {
    "type": "object",
    "required": ["image"],
    "properties": {"image": {**SCHEMALESS, "properties": {"productVersion": {"type": "string"}}}},
    "x-kubernetes-preserve-unknown-fields": True,
}


def definition(kind: str, plural: str, group: str, spec: dict[str, object]) -> dict[str, object]:
    """A CustomResourceDefinition."""
    schema = {"type": "object", "properties": {"spec": spec, "status": SCHEMALESS}}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Groups below k8s.io want a word on who approved them.
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubeflow/spark-operator/pull/1298"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{**version, "subresources": {"status": {}}}],
        },
    }


DEFINITIONS = (
    definition("SparkConnect", "sparkconnects", "sparkoperator.k8s.io", KUBEFLOW),
    definition("SparkConnectServer", "sparkconnectservers", "spark.stackable.tech", STACKABLE),
)


@contextmanager
def defined() -> Iterator[None]:
    """Both kinds of object are known to the API server."""
    names = [f"crd/{one['metadata']['name']}" for one in DEFINITIONS]  # type: ignore[index] # a dictionary above
    try:
        kubectl("apply", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": DEFINITIONS}))
        kubectl("wait", "--for=condition=Established", "--timeout=20s", *names)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "--timeout=30s", *names)
