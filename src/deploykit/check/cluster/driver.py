"""Why a driver pod does not answer: what its phase, container and last message say. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from deploykit.check.cluster.steps import failed
from deploykit.check.model import Step
from deploykit.kubernetes_api import Item
from deploykit.spark_pods import CONNECT_PORT

STARTING_SECONDS = 120
"""How long a driver that does not listen yet counts as one that starts: packages are fetched first."""
_PLACE = re.compile(r"\s*(at |\.\.\. \d+ more|File \")")
_TELLING = re.compile(r"error|exception|failed|fatal|cannot|killed", re.IGNORECASE)
NO_CLASS = 101
"""How spark-submit ends when it cannot load the main class (`SparkExitCode`, since Spark 2)."""


def trouble(pod: Item, *, now: datetime) -> Step | None:
    """The failure that a driver pod's status shows; `None` for one that runs, and is not just starting."""
    name, namespace, status = pod["metadata"]["name"], pod["metadata"]["namespace"], pod.get("status") or {}
    values = {"pod": name, "namespace": namespace, "connect": str(CONNECT_PORT)}
    container = _container(pod)
    state, last = container.get("state") or {}, container.get("lastState") or {}
    ended = state.get("terminated") or (last.get("terminated") if "running" not in state else None)
    if ended:
        return _ended(ended, previous=" --previous" if "terminated" not in state else "", values=values)
    if "running" in state:
        age = _age(state["running"].get("startedAt"), now)
        return failed("driver-starting", {"age": str(age), **values}) if age < STARTING_SECONDS else None
    if status.get("phase") == "Failed":
        reason, message = status.get("reason") or "it failed", status.get("message") or "Its container left no word."
        found = {"reason": reason, "exit_code": "unknown", "message": message, "previous": ""}
        return failed("driver-failed", {**values, **found})
    reason, message = _waiting(status, state.get("waiting") or {})
    return failed("driver-pending", {**values, "reason": reason, "message": message})


def newest(pods: Iterable[Item]) -> Item | None:
    """The driver that counts among several: one that lives rather than one that ended, then the latest."""
    order = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)
    return min(order, key=lambda pod: (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"), default=None)


def _container(pod: Item) -> dict[str, Any]:
    """The status of Spark's own container; of the first where it has another name."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next(
        (one for one in statuses if one["name"].startswith("spark-kubernetes-")), statuses[0] if statuses else {}
    )


def _ended(ended: Item, *, previous: str, values: dict[str, str]) -> Step:
    message = _last_word(str(ended.get("message") or "")) or "Its container left no last message; its log may say more."
    code = ended.get("exitCode")
    if code == NO_CLASS:
        return failed("driver-without-class", {**values, "message": message})
    found = {"reason": str(ended.get("reason") or "it ended"), "exit_code": str(code), "message": message}
    return failed("driver-failed", {**values, **found, "previous": previous})


def _waiting(status: Item, waiting: Item) -> tuple[str, str]:
    if waiting.get("reason"):
        return str(waiting["reason"]), str(waiting.get("message") or "Its container waits.")
    for condition in status.get("conditions") or ():
        if condition.get("status") == "False" and condition.get("message"):
            return str(condition.get("reason") or condition["type"]), str(condition["message"])
    return str(status.get("phase") or "Pending"), "It has not been given to a node yet, or its node has not begun."


def _last_word(text: str) -> str:
    """The last line that tells of an error, else the last: after an error, Java says where it was, and says goodbye."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _PLACE.match(line)]
    telling = [line for line in lines if _TELLING.search(line)] or lines
    return telling[-1][:300] if telling else ""


def _age(started: str | None, now: datetime) -> int:
    return max(0, int((now - datetime.fromisoformat(started)).total_seconds())) if started else 0
