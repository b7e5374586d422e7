"""A short-lived pod that looks like a kind of Mage pod to policies, and like nothing to users. Pure."""

from collections.abc import Mapping
from uuid import uuid4

from deploykit.check.inside.kinds import PROBE_LABEL, Kind
from deploykit.kubernetes_api import Item

SETTLE_SECONDS = 1
"""Network plugins apply policies to a new pod a moment after it has its address; so long the probe waits."""
DEADLINE_SECONDS = 60
"""After this Kubernetes ends the pod, should nobody be left to remove it."""
_NEVER = "deploykit.io/never-ready"
_AS_MAGE = (
    "imagePullSecrets", "nodeSelector", "tolerations", "priorityClassName", "runtimeClassName", "schedulerName",
    "dnsPolicy", "dnsConfig", "hostAliases",
)  # fmt: skip
"""Where Mage runs, and how it finds names."""
_PASSED_ON = ("ILUM_SPARK", "GRPC_", "grpc_", "SPARK_CONNECT_")
_PROXIES = frozenset({"http_proxy", "https_proxy", "no_proxy", "no_grpc_proxy"})


def probe_pod(kind: Kind, command: tuple[str, ...]) -> Item:
    """The manifest: Mage's image and address, restricted Pod Security, no ServiceAccount token, never ready."""
    spec, container = kind.model["spec"], kind.container
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    mounts = _mounts(container)
    plain = {
        "image": container["image"],
        "imagePullPolicy": container.get("imagePullPolicy", "IfNotPresent"),
        "securityContext": security,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{kind.release}-check-{kind.name}-{uuid4().hex[:8]}",
            "namespace": kind.namespace,
            "labels": {**kind.labels, PROBE_LABEL: kind.name},
            "annotations": {"sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled"},
        },
        "spec": {
            **{key: spec[key] for key in _AS_MAGE if spec.get(key)},
            **_affinity(spec.get("affinity") or {}),
            "restartPolicy": "Never",
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "readinessGates": [{"conditionType": _NEVER}],
            "securityContext": _pod_security(spec.get("securityContext") or {}, container),
            "initContainers": [{**plain, "name": "settle", "command": ["sleep", str(SETTLE_SECONDS)]}],
            "containers": [
                {
                    **plain,
                    "name": "probe",
                    "command": list(command),
                    "env": _environment(container),
                    **({"envFrom": container["envFrom"]} if container.get("envFrom") else {}),
                    "volumeMounts": mounts,
                }
            ],
            "volumes": _volumes(spec, mounts),
        },
    }


def serving(services: list[Item], labels: Mapping[str, str]) -> str:
    """The name of a Service that would send users even to a pod that is not ready; empty: there is none."""
    for service in services:
        spec = service["spec"]
        selector = spec.get("selector")
        if spec.get("publishNotReadyAddresses") and selector and selector.items() <= labels.items():
            return str(service["metadata"]["name"])
    return ""


def _pod_security(pod: Item, container: Item) -> Item:
    """Restricted, with the user that Mage runs as where that is not root; else the image's own."""
    own = {**pod, **(container.get("securityContext") or {})}
    ids = {key: own[key] for key in ("runAsUser", "runAsGroup") if own.get(key)}
    return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **ids}


def _affinity(mage: Item) -> Item:
    """Mage's nodes. Its terms about pods say where Mage's own go, and might leave the probe no node."""
    return {"affinity": {"nodeAffinity": mage["nodeAffinity"]}} if mage.get("nodeAffinity") else {}


def _environment(container: Item) -> list[Item]:
    """What the way to Spark depends on; values of Secrets stay references to them."""
    named = [
        one for one in container.get("env") or ()
        if one["name"].startswith(_PASSED_ON) or one["name"].lower() in _PROXIES
    ]  # fmt: skip
    return [*named, {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}, {"name": "HOME", "value": "/tmp"}]


def _mounts(container: Item) -> list[Item]:
    """Where the CA is that Mage trusts Spark by, if there is one."""
    file = next(
        (one.get("value", "") for one in container.get("env") or () if one["name"].startswith("GRPC_DEFAULT_SSL")), ""
    )
    mounts = container.get("volumeMounts") or ()
    return [one for one in mounts if f"{file}/".startswith(f"{one['mountPath'].rstrip('/')}/")]


def _volumes(spec: Item, mounts: list[Item]) -> list[Item]:
    """Of ConfigMaps and Secrets alone: a claim would tie the probe to a node."""
    names = {one["name"] for one in mounts}
    return [one for one in spec.get("volumes") or () if one["name"] in names]
