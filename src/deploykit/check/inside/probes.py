"""`--from mage`: what each kind of Mage pod may do by the policies, and what it does when it tries."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from deploykit.check.cluster import policy
from deploykit.check.cluster.decide import decide
from deploykit.check.cluster.ilum_api import namespaces_of_ilum, open_to
from deploykit.check.cluster.policy import Verdict, suspicions, verdict
from deploykit.check.cluster.service import crowd
from deploykit.check.cluster.state import ClusterState, read
from deploykit.check.image.asking import Registries
from deploykit.check.image.labels import Registered
from deploykit.check.inside import answers
from deploykit.check.inside.agree import agreement
from deploykit.check.inside.kinds import Kind, environment, kinds, mage_container
from deploykit.check.inside.lifecycle import START_SECONDS
from deploykit.check.inside.pod import probe_pod, serving
from deploykit.check.inside.query import first_able, query
from deploykit.check.inside.run import Task, run_all
from deploykit.check.inside.said import Said
from deploykit.check.inside.things import image_and_project
from deploykit.check.model import Decide, Step, Walk, decided
from deploykit.check.project import facts
from deploykit.check.python_versions import python_step
from deploykit.deploy.policies import Pod, named_by
from deploykit.deploy.policies.allowed import Allowed, allowed
from deploykit.deploy.policies.dialled import Dialled, at_service, dialled
from deploykit.deploy.policies.mage_destinations import SPARK
from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import SECONDS as LIST_SECONDS
from deploykit.kubernetes_api import Item, KubernetesApi
from mage_ilum.connect.address import ConnectAddress
from mage_ilum.errors import AddressError

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

SECONDS = 3.0
"""For a probe, from the moment its container runs."""
_NETWORK_SECONDS = 2.0
"""Of these, for the way to Spark: the rest is Python's start."""
_VARIABLE = "ILUM_SPARK_CONNECT_URL"
_FACTS = " facts"
_UNJUDGED = "python-unknown"


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What was found: the steps of every kind of pod, and what policies allow each."""

    kinds: tuple[str, ...]
    walk: Walk
    seconds: Mapping[str, float]
    """How long each kind's probe took, from the moment that its container ran."""
    allowed: Allowed


def check(
    api: KubernetesApi,
    *,
    namespace: str,
    release: str | None = None,
    url: str | None = None,
    only: str | None = None,
    ilum_namespace: str | None = None,
    executor_python: str | None = None,
    query_seconds: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> Inside:
    """Check every kind of pod of a release, or `only` one; `url` takes the place of the address that its pods have.

    `ilum_namespace` is where ilum-api is looked for too, found by Ilum's Services unless given. `executor_python` is
    for the verdict on Python UDFs. With `query_seconds` one pod that reached Spark asks a query that may take so long.
    Raises `UsageError` for a wrong address, an unknown kind or several releases, `UnreachableError` where there is no
    release, or its namespace may not be read.
    """
    given = _given(url)
    state = read(api, [namespace])
    found = _chosen(kinds(state, namespace, release=release), only)
    address = given or _of_the_pods(found)
    wanted = _target(api, address, namespace) if address else None
    homes = [namespace, *_other_ends(state, found)]
    homes += [ilum_namespace] if ilum_namespace else namespaces_of_ilum(api)
    state = _around(api, state, wanted, homes)
    say(f"Asking {len(found)} kinds of pods of {found[0].release}: {', '.join(kind.name for kind in found)}")
    registries = Registries((str(kind.container["image"]) for kind in found if kind.running), seconds=SECONDS)
    walks, said = _probe(api, state, found, url)
    if wanted is None:  # the address is in a Secret: the pods know it
        wanted = _told(api, walks, namespace)
        state = _around(api, state, wanted, homes)
    now = datetime.now(UTC)
    pods = {kind.name: kind.pod(state) for kind in found}
    spark = {SPARK: wanted} if wanted else {}
    walks = {kind: _with_python(walk, executor_python) for kind, walk in walks.items()}
    steps = [*_crowded(state, wanted, now), *_judged(state, wanted, pods, walks, now)]
    asking = first_able(found, walks) if query_seconds else None
    if asking is not None:
        say(f"Asking one query from pod {asking.running}, for up to {query_seconds} s; --no-query leaves it out")
        steps += query(api, asking, url, query_seconds)
    judged = allowed(state.network, namespace=namespace, kinds=pods, named=spark)
    steps += (*suspicions(judged), *open_to(state, pods))
    steps += _things(found, said, _workloads(api, namespace), registries.answers())
    first = next((walk for walk in walks.values() if walk.server), None) or Walk(steps=())
    return Inside(
        kinds=tuple(kind.name for kind in found),
        walk=replace(first, steps=tuple(steps), address=str(address or first.address)),
        seconds={kind.name: said[kind.name].seconds for kind in found if kind.name in said},
        allowed=judged,
    )


def _chosen(found: Sequence[Kind], only: str | None) -> Sequence[Kind]:
    chosen = [kind for kind in found if only in (None, kind.name)]
    if chosen:
        return chosen
    known = ", ".join(kind.name for kind in found)
    raise UsageError(
        f"Release {found[0].release} has no pods of kind {only}.", why=f"It has: {known}.", fix="--from mage"
    )


def _given(url: str | None) -> ConnectAddress | None:
    """The address that was typed, which the pods' command lines will show."""
    if not url:
        return None
    try:
        address = ConnectAddress.parse(url)
    except AddressError as error:
        raise UsageError(error.what, why=error.why, fix=error.fix) from None
    if str(address) != address.url:  # it hides what is sent as a header
        raise UsageError(
            "An address for --from mage has no token and no other header in it.",
            why="It would be seen in the pods' command lines; pods have their own by their environment.",
            fix=f"deploykit check sc://{address.endpoint} --from mage",
        )
    return address


def _of_the_pods(found: Sequence[Kind]) -> ConnectAddress | None:
    """Where the pods go; `None` where only they know, or theirs is none, as they will say."""
    named = (environment(kind.container).get(_VARIABLE) for kind in found)
    text = next(filter(None, named), None)
    try:
        return ConnectAddress.parse(text) if text else None
    except AddressError:
        return None


def _probe(
    api: KubernetesApi, state: ClusterState, found: Sequence[Kind], url: str | None
) -> tuple[dict[str, Walk], dict[str, Said]]:
    """Run the image's own check in each kind, and have a look at what runs; the walks, and all that was said."""
    command = ("python3", "-m", "mage_ilum.check", "-o", "json", "--timeout", f"{_NETWORK_SECONDS:g}")
    command = (*command, "--query-seconds", "0", *((url,) if url else ()))
    look = ("python3", "-I", "-c", Path(facts.__file__).read_text(encoding="utf-8"))
    tasks, pods, walks = dict[str, Task](), dict[str, Item](), dict[str, Walk]()
    services = state.items("Service", found[0].namespace)
    for kind in found:
        if kind.running:
            place = (kind.namespace, kind.running, str(kind.container["name"]))
            tasks |= {kind.name: Task(place, command), kind.name + _FACTS: Task(place, look)}
        elif service := serving(services, kind.labels):
            walks[kind.name] = answers.served(kind, service)
        else:
            pods[kind.name] = probe_pod(kind, command)
    said = run_all(api, running=tasks, pods=pods, seconds=SECONDS)
    for kind in found:
        if kind.name in said:
            walks[kind.name] = answers.walk_of(kind, said[kind.name], seconds=SECONDS, start_seconds=START_SECONDS)
    return walks, said


def _with_python(walk: Walk, executor_python: str | None) -> Walk:
    """The verdict on Python UDFs, by the Python that the pod has."""
    steps = (
        replace(python_step(walk.python, executor_python), where=step.where) if step.code == _UNJUDGED else step
        for step in walk.steps
    )
    return replace(walk, steps=tuple(steps)) if walk.python else walk


def _target(api: KubernetesApi, address: ConnectAddress, namespace: str) -> Dialled:
    """What an address means to the pods; one of numbers is a Service's where all may be listed, and one has it."""
    wanted = dialled(address.host, address.port, home=namespace)
    if not wanted.is_address:
        return wanted
    try:
        return at_service(wanted, api.list_objects("services"))
    except UnreachableError:
        return wanted


def _told(api: KubernetesApi, walks: Mapping[str, Walk], namespace: str) -> Dialled | None:
    """The target, as a pod has told it."""
    text = next((walk.address for walk in walks.values() if walk.address), "")
    return _target(api, ConnectAddress.parse(text), namespace) if text else None


def _other_ends(state: ClusterState, found: Sequence[Kind]) -> list[str]:
    """The namespaces of what the pods' environment names: database, Redis and the like."""
    named = named_by({kind.name: kind.pod(state) for kind in found})
    return [wanted.namespace for wanted in named.values() if wanted.namespace]


def _around(api: KubernetesApi, state: ClusterState, wanted: Dialled | None, namespaces: list[str]) -> ClusterState:
    """The state with these namespaces and the target's in it."""
    every = list(filter(None, (*namespaces, wanted.namespace if wanted is not None else "")))
    return state if state.readable.issuperset(every) else read(api, every)


def _judged(
    state: ClusterState, wanted: Dialled | None, pods: Mapping[str, Pod], walks: Mapping[str, Walk], now: datetime
) -> Iterator[Step]:
    """The steps of each kind of pod; where the target is known, with what policies and the cluster say of them."""
    for kind, pod in pods.items():
        if wanted is None:
            yield from walks[kind].steps
        else:
            found = verdict(state, kind, pod, wanted)
            judge = decide(state, wanted, verdict=found, now=now)
            yield from _steps(state, wanted, found, walks[kind], judge)


def _steps(state: ClusterState, wanted: Dialled, found: Verdict, seen: Walk, judge: Decide) -> tuple[Step, ...]:
    """Policies, then what was tried; steps that were not taken are left out."""
    policies = policy.steps(state, found, wanted, where=found.kind)
    known = {step.code for step in policies if step.outcome == "failed"}
    told = []
    for before, after in zip(seen.steps, decided(seen, judge).steps, strict=True):
        # What the policies' step has said is not said again: here stands what the pod has met.
        again = after.code in known and after.code != before.code
        told.append(replace(after, sentence=before.sentence, why="", fix="") if again else after)
    every = agreement(policies, replace(seen, steps=tuple(told)), found)
    return tuple(step for step in every if step.outcome != "skipped" or step.code == _UNJUDGED)


def _crowded(state: ClusterState, wanted: Dialled | None, now: datetime) -> list[Step]:
    """What works by chance only, whoever asks."""
    found = crowd(state, wanted) if wanted is not None else ()
    return [replace(step, name="service", where="cluster", outcome="warned", exit_code=0) for step in found]


def _things(
    found: Sequence[Kind],
    said: Mapping[str, Said],
    wanted: Mapping[str, str],
    registered: Mapping[str, Registered | None],
) -> list[Step]:
    """Image and project of what runs."""
    told: list[Step] = []
    for kind in found:
        look = said.get(kind.name + _FACTS)
        if look is not None:
            image = registered.get(str(kind.container["image"]))
            told += image_and_project(kind, look, wanted=wanted, registered=image)
    return told


def _workloads(api: KubernetesApi, namespace: str) -> dict[str, str]:
    """The image that each Deployment names now; nothing where that may not be read."""
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    apps = client.AppsV1Api(api.connection)
    try:
        answer = apps.list_namespaced_deployment(namespace, _request_timeout=LIST_SECONDS, _preload_content=False)
    except (client.ApiException, HTTPError, OSError):
        return {}
    items = json.loads(cast("HTTPResponse", answer).data)["items"]
    return {f"deployment/{one['metadata']['name']}": mage_container(one["spec"]["template"])["image"] for one in items}
