"""Run one command in several pods at once: in those that run by exec, in others that are started for it."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from deploykit.check.inside.exec import execute
from deploykit.check.inside.lifecycle import run_pods
from deploykit.check.inside.said import Said
from deploykit.kubernetes_api import Item, KubernetesApi

_GRACE_SECONDS = 0.2


@dataclass(frozen=True)
class Task:
    """A command for a running container: namespace, pod, container."""

    place: tuple[str, str, str]
    command: Sequence[str]


def run_all(
    api: KubernetesApi, *, running: Mapping[str, Task], pods: Mapping[str, Item], seconds: float
) -> dict[str, Said]:
    """What was said in each place, all at the same time.

    `pods` are manifests of pods whose container `probe` runs a command. `seconds` is for each from the moment that it
    runs. The pods are removed whatever happens, Ctrl-C too.
    """
    answers: SimpleQueue[tuple[str, Said]] = SimpleQueue()

    def ask(name: str, task: Task) -> None:
        answers.put((name, execute(api, task.place, task.command, seconds)))

    began = time.monotonic()
    for name, task in running.items():
        threading.Thread(target=ask, args=(name, task), name=f"exec-{name}", daemon=True).start()
    said = run_pods(api, pods, seconds) if pods else {}
    while len(said) < len(running) + len(pods):
        left = began + seconds + _GRACE_SECONDS - time.monotonic()
        try:
            name, answer = answers.get(timeout=max(left, 0.001))
        except Empty:
            late = running.keys() - said.keys()
            return said | {name: Said(problem="silent", seconds=seconds) for name in late}
        said[name] = answer
    return said
