"""`--from mage`: what each kind of Mage pod may do by the policies, and what it does when it tries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from deploykit.check.cluster.ilum_api import namespaces_of_ilum, open_to
from deploykit.check.cluster.policy import suspicions
from deploykit.check.cluster.state import ClusterState, read
from deploykit.check.image.asking import Registries
from deploykit.check.inside import answers, judge
from deploykit.check.inside.kinds import Kind, environment, kinds, mage_container
from deploykit.check.inside.lifecycle import START_SECONDS
from deploykit.check.inside.pod import probe_pod, serving
from deploykit.check.inside.query import first_able, query
from deploykit.check.inside.run import Task, run_all
from deploykit.check.inside.said import Said
from deploykit.check.model import Walk
from deploykit.check.project import facts
from deploykit.deploy.policies import named_by
from deploykit.deploy.policies.allowed import Allowed, allowed
from deploykit.deploy.policies.dialled import Dialled, at_service, dialled
from deploykit.deploy.policies.mage_destinations import SPARK
from deploykit.errors import UnreachableError, UsageError
from deploykit.kubernetes_api import Item, KubernetesApi
from mage_ilum.connect.address import URL_VARIABLE, ConnectAddress
from mage_ilum.errors import AddressError

SECONDS = 3.0
"""For a probe, from the moment its container runs."""
_NETWORK_SECONDS = 2.0
"""Of these, for the way to Spark: the rest is Python's start."""


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
    walks = {kind: judge.with_python(walk, executor_python) for kind, walk in walks.items()}
    steps = [*judge.crowded(state, wanted, now), *judge.judged(state, wanted, pods, walks, now)]
    asking = first_able(found, walks) if query_seconds else None
    if asking is not None:
        say(f"Asking one query from pod {asking.running}, for up to {query_seconds} s; --no-query leaves it out")
        steps += query(api, asking, url, query_seconds)
    judged = allowed(state.network, namespace=namespace, kinds=pods, named=spark)
    steps += (*suspicions(judged), *open_to(state, pods))
    steps += judge.things(found, said, _workloads(api, namespace), registries.answers())
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
    named = (environment(kind.container).get(URL_VARIABLE) for kind in found)
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
            tasks |= {kind.name: Task(place, command), kind.name + judge.FACTS: Task(place, look)}
        elif service := serving(services, kind.labels):
            walks[kind.name] = answers.served(kind, service)
        else:
            pods[kind.name] = probe_pod(kind, command)
    said = run_all(api, running=tasks, pods=pods, seconds=SECONDS)
    for kind in found:
        if kind.name in said:
            walks[kind.name] = answers.walk_of(kind, said[kind.name], seconds=SECONDS, start_seconds=START_SECONDS)
    return walks, said


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


def _workloads(api: KubernetesApi, namespace: str) -> dict[str, str]:
    """The image that each Deployment names now; nothing where that may not be read."""
    try:
        items = api.list_objects("deployments.apps", namespace)
    except UnreachableError:
        return {}
    return {f"deployment/{one['metadata']['name']}": mage_container(one["spec"]["template"])["image"] for one in items}
