"""Pods that are started for one command, waited for, and always removed."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType

from deploykit.check.inside.kinds import PROBE_LABEL
from deploykit.check.inside.said import Said
from deploykit.errors import UnreachableError
from deploykit.kubernetes_api import Item, KubernetesApi, RefusedError

START_SECONDS = 30.0
"""How long a pod may take until its container runs: to be scheduled, and to pull an image that Mage has pulled too."""
_POLL_SECONDS = 0.1
_LONG_POLL_SECONDS = 1.0
"""Where a pod may take longer to start than `START_SECONDS`."""
_TRIES = 5
"""How often a log is asked for."""
_PASSING = frozenset({429, 500, 502, 503, 504})
"""What the API server answers while it is busy, or is replaced."""


def run_pods(
    api: KubernetesApi, pods: Mapping[str, Item], seconds: float, *, start: float = START_SECONDS
) -> dict[str, Said]:
    """Start the pods, wait for all of them, remove them. `start`: seconds until their containers have to run."""
    said: dict[str, Said] = {}
    namespace = next(iter(pods.values()))["metadata"]["namespace"]
    with _signals_as_interrupts():
        try:
            _remove_left(api, namespace)
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
    unread = Counter[str]()
    deadline = time.monotonic() + start
    while len(said) < len(waiting):
        time.sleep(_POLL_SECONDS if start <= START_SECONDS else _LONG_POLL_SECONDS)
        pods, trouble = _list(api, namespace)
        now = time.monotonic()
        for pod in pods:
            name = pod["metadata"]["name"]
            kind = waiting.get(name)
            if kind is None or kind in said:
                continue
            state = _state(pod)
            if "running" in state or "terminated" in state:
                since.setdefault(name, now)
            if "terminated" in state:
                told = _ended(api, pod, state["terminated"], now - since[name])
                unread[name] += 1
                if told.problem != "unheard" or unread[name] == _TRIES:
                    said[kind] = told
            elif name in since and now - since[name] > seconds:
                reason = _log(api, pod).out[-300:]
                said[kind] = Said(problem="silent", seconds=seconds, reason=reason)
            elif name not in since and (now > deadline or _is_hopeless(pod)):
                said[kind] = Said(problem="not-started", reason=_why_not(pod))
        if now > deadline + seconds:
            removed = Said(problem="not-started", reason="it was removed by somebody")
            missed = Said(problem="unheard", reason=trouble) if trouble else removed
            return dict.fromkeys(waiting.values(), missed) | said
    return said


def _ended(api: KubernetesApi, pod: Item, terminated: Item, seconds: float) -> Said:
    if pod["status"].get("reason") == "DeadlineExceeded":
        return Said(problem="silent", seconds=seconds)
    log = _log(api, pod)
    return replace(log, error=log.out, exit_code=None if log.problem else int(terminated["exitCode"]), seconds=seconds)


def _log(api: KubernetesApi, pod: Item) -> Said:
    metadata = pod["metadata"]
    try:
        return Said(out=api.log(metadata["namespace"], metadata["name"], "probe"))
    except UnreachableError as error:
        forbidden = isinstance(error, RefusedError) and error.forbids
        return Said(problem="forbidden" if forbidden else "unheard", reason=_sentence(error))


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
    try:
        api.create("pods", pod)
    except RefusedError as error:  # a quota and Pod Security answer 403 too, and are no matter of rights
        forbidden = error.status == 401 or (error.status == 403 and "cannot create resource" in error.said)
        problem = "forbidden" if forbidden else "unheard" if error.status in _PASSING else "not-started"
        return Said(problem=problem, reason=error.said or _sentence(error))
    except UnreachableError as error:
        return Said(problem="unheard", reason=_sentence(error))
    return None


def _list(api: KubernetesApi, namespace: str) -> tuple[list[Item], str]:
    """The probes, or why the API server does not tell them now. A missing right is raised: that does not pass."""
    try:
        return api.list_objects("pods", namespace, label_selector=PROBE_LABEL), ""
    except UnreachableError as error:
        if isinstance(error, RefusedError) and error.forbids:
            raise
        return [], _sentence(error)


def _remove_left(api: KubernetesApi, namespace: str) -> None:
    """Probes of a check that was killed: their own deadline has ended them, and left the objects.

    Those of a check that goes on stay, for it to read what they said: it ends with its pods' deadline.
    """
    now = datetime.now(UTC)
    for pod in _list(api, namespace)[0]:
        made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
        over = (now - made).total_seconds() > 2 * pod["spec"].get("activeDeadlineSeconds", 0)
        if over and pod["status"].get("phase") in ("Succeeded", "Failed"):
            _delete(api, namespace, pod["metadata"]["name"])


def _delete(api: KubernetesApi, namespace: str, name: str) -> None:
    with suppress(UnreachableError):  # gone, or its own deadline has to do
        api.delete("pods", namespace, name)


def _sentence(error: UnreachableError) -> str:
    return f"{error.what} {error.why}"


@contextmanager
def _signals_as_interrupts() -> Iterator[None]:
    """What would end the process at once ends it as Ctrl-C does, so that the pods are removed.

    What is ignored, as by nohup, or handled by somebody else's code that is not Python's, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    found = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    before = {number: handler for number, handler in found.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
