"""Run one command in several pods at once: in those that run by exec, in others that are started for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from deploykit.asking import Asking
from deploykit.check.inside.exec import execute
from deploykit.check.inside.lifecycle import run_pods
from deploykit.check.inside.said import Said
from deploykit.kubernetes_api import Item, KubernetesApi
from mage_ilum.deadline import Deadline

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
    asking = Asking[str, Said]()
    limit = Deadline(seconds + _GRACE_SECONDS)
    for name, task in running.items():
        asking.ask(name, partial(execute, api, task.place, task.command, seconds))
    said = run_pods(api, pods, seconds) if pods else {}
    said |= asking.answers(limit)
    return said | {name: Said(problem="silent", seconds=seconds) for name in asking.waiting}
