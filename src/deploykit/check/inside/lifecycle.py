"""Pods that are started for one command, waited for, and always removed."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, cast

from deploykit.check.inside.kinds import PROBE_LABEL
from deploykit.check.inside.said import Said
from deploykit.kubernetes_api import SECONDS, Item, KubernetesApi

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

START_SECONDS = 30.0
"""How long a pod may take until its container runs: to be scheduled, and to pull an image that Mage has pulled too."""
_POLL_SECONDS = 0.1


def run_pods(
    api: KubernetesApi, pods: Mapping[str, Item], seconds: float, *, start: float = START_SECONDS
) -> dict[str, Said]:
    """Start the pods, wait for all of them, remove them. `start`: seconds until their containers have to run."""
    said: dict[str, Said] = {}
    namespace = next(iter(pods.values()))["metadata"]["namespace"]
    with _signals_as_interrupts():
        try:
            _remove_ended(api, namespace)
            for kind, pod in pods.items():
                refused = _create(api, pod)
                if refused is not None:
                    said[kind] = refused
            waiting = {pod["metadata"]["name"]: kind for kind, pod in pods.items() if kind not in said}
            said |= _wait(api, namespace, waiting, seconds, start)
        finally:
            for pod in pods.values():
                _delete(api, namespace, pod["metadata"]["name"])
    return said


def _wait(
    api: KubernetesApi, namespace: str, waiting: Mapping[str, str], seconds: float, start: float
) -> dict[str, Said]:
    """Each pod's word by its kind, as soon as all have ended or their time is over."""
    said: dict[str, Said] = {}
    since: dict[str, float] = {}
    deadline = time.monotonic() + start
    while len(said) < len(waiting):
        listed = {pod["metadata"]["name"]: pod for pod in _list(api, namespace)}
        now = time.monotonic()
        for name, kind in waiting.items():
            pod = listed.get(name)
            if kind in said or pod is None:
                continue
            state = _state(pod)
            if "running" in state or "terminated" in state:
                since.setdefault(name, now)
            if "terminated" in state:
                said[kind] = _ended(api, pod, state["terminated"], now - since[name])
            elif name in since and now - since[name] > seconds:
                said[kind] = Said(problem="silent", seconds=seconds, reason=_log(api, namespace, name)[-300:])
            elif name not in since and (now > deadline or _is_hopeless(pod)):
                said[kind] = Said(problem="not-started", reason=_why_not(pod))
        if now > deadline + seconds:
            gone = {kind: Said(problem="not-started", reason="it was removed by somebody") for kind in waiting.values()}
            return gone | said
        time.sleep(_POLL_SECONDS)
    return said


def _ended(api: KubernetesApi, pod: Item, terminated: Item, seconds: float) -> Said:
    metadata = pod["metadata"]
    if pod["status"].get("reason") == "DeadlineExceeded":
        return Said(problem="silent", seconds=seconds)
    out = _log(api, metadata["namespace"], metadata["name"])
    return Said(out=out, error=out, exit_code=int(terminated["exitCode"]), seconds=seconds)


def _state(pod: Item) -> Mapping[str, Item]:
    statuses = pod["status"].get("containerStatuses") or ()
    state: Mapping[str, Item] = next((one.get("state") or {} for one in statuses if one["name"] == "probe"), {})
    return state


def _is_hopeless(pod: Item) -> bool:
    """Whether waiting does not help: the pod asks for what its image or its namespace does not allow."""
    statuses = pod["status"].get("containerStatuses") or ()
    reasons = {((one.get("state") or {}).get("waiting") or {}).get("reason") for one in statuses}
    return bool(reasons & {"CreateContainerConfigError", "InvalidImageName"})


def _why_not(pod: Item) -> str:
    """What the pod waits for."""
    status = pod["status"]
    for one in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (one.get("state") or {}).get("waiting") or {}
        if waiting.get("reason", "PodInitializing") not in ("PodInitializing", "ContainerCreating"):
            return f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message") or condition.get("reason"))
    return str(status.get("phase", "Pending"))


def _create(api: KubernetesApi, pod: Item) -> Said | None:
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    create: Callable[..., object] = client.CoreV1Api(api.connection).create_namespaced_pod
    try:
        create(pod["metadata"]["namespace"], pod, _request_timeout=SECONDS, _preload_content=False)
    except client.ApiException as error:
        message = _message(error)  # a quota and Pod Security answer 403 too, and are no matter of rights
        forbidden = error.status == 401 or (error.status == 403 and "cannot create resource" in message)
        return Said(problem="forbidden" if forbidden else "not-started", reason=message)
    except (HTTPError, OSError) as error:
        return Said(problem="not-started", reason=f"the API server did not answer: {type(error).__name__}.")
    return None


def _message(error: Exception) -> str:
    try:
        return str(json.loads(getattr(error, "body", "") or "{}").get("message") or getattr(error, "reason", ""))
    except ValueError:
        return str(getattr(error, "reason", ""))


def _delete(api: KubernetesApi, namespace: str, name: str) -> None:
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    core = client.CoreV1Api(api.connection)
    with suppress(client.ApiException, HTTPError, OSError):  # gone, or its own deadline has to do
        core.delete_namespaced_pod(
            name, namespace, grace_period_seconds=0, _request_timeout=SECONDS, _preload_content=False
        )


def _list(api: KubernetesApi, namespace: str) -> list[Item]:
    return api.list_objects("pods", namespace, label_selector=PROBE_LABEL)


def _remove_ended(api: KubernetesApi, namespace: str) -> None:
    """Probes of a check that was killed: their own deadline has ended them, and left the objects."""
    for pod in _list(api, namespace):
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            _delete(api, namespace, pod["metadata"]["name"])


def _log(api: KubernetesApi, namespace: str, name: str) -> str:
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    read = client.CoreV1Api(api.connection).read_namespaced_pod_log
    try:
        answer = read(name, namespace, container="probe", _request_timeout=SECONDS, _preload_content=False)
    except (client.ApiException, HTTPError, OSError):
        return ""
    return cast("HTTPResponse", answer).data.decode(errors="replace")


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """What would end the process at once ends it as Ctrl-C does, so that the pods are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
