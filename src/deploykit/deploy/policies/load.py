"""From Kubernetes objects, wherever they come from, to the `Network` that policies see."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from deploykit.deploy.policies import fields, read_pod, read_policy, read_service
from deploykit.deploy.policies.model import Network, Pod
from deploykit.deploy.policies.selector import Labels
from deploykit.errors import UsageError
from deploykit.files import read_text
from deploykit.kubernetes_api import Item

T = TypeVar("T")

_CLUSTER_WIDE = ("Namespace",)
_PODS = ("Pod", "ConfigMap", *read_pod.TEMPLATED)
_GROUPS = {
    **dict.fromkeys((*_PODS, *_CLUSTER_WIDE, "Service"), ""),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), "apps"),
    **dict.fromkeys(("Job", "CronJob"), "batch"),
    "NetworkPolicy": "networking.k8s.io",
    "EndpointSlice": "discovery.k8s.io",
}
"""The API group of each kind that is read: others have kinds of these names too, such as Calico a NetworkPolicy."""


def load(
    objects: Iterable[Item],
    *,
    namespace: str = "default",
    unread: Sequence[str] = (),
    seen: frozenset[str] | None = None,
) -> Network:
    """The network of these objects: JSON, as manifests or the API give them; lists are opened, other kinds left out.

    `namespace` is that of objects that name none, as `kubectl apply --namespace` takes it. Of two objects with the same
    kind, namespace and name the later counts: put what would be installed after what is there. `unread` and
    `seen` are the network's own: what could not be read, to which the policies of network plugins are added, and the
    namespaces that were, all of them unless said.

    Raises `UsageError` for an object that the API server would refuse, naming the field.
    """
    latest: dict[tuple[str, str, str], Item] = {}
    slices: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
    plugins: dict[str, None] = {}
    for item in _opened(objects):
        if not _is_known(item):
            if item["kind"].endswith("NetworkPolicy"):
                plugins[f"The {item['kind']} {_name(item)} of {_group(item)} is not judged."] = None
            continue
        kind, metadata = item["kind"], item["metadata"]
        home = "" if kind in _CLUSTER_WIDE else metadata.get("namespace") or namespace
        latest[kind, home, metadata["name"]] = item
    by_kind: defaultdict[str, list[tuple[str, Item]]] = defaultdict(list)
    for (kind, home, _), item in latest.items():
        by_kind[kind].append((home, item))
    for home, item in by_kind["EndpointSlice"]:
        owner = (item["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")
        slices[home, owner].append(item)
    return Network(
        pods=tuple(pod for kind in _PODS for home, item in by_kind[kind] for pod in _read(item, home, _pods)),
        policies=tuple(_read(item, home, read_policy.policy) for home, item in by_kind["NetworkPolicy"]),
        services=tuple(
            _read(item, home, partial(read_service.service, slices=slices[home, item["metadata"]["name"]]))
            for home, item in by_kind["Service"]
        ),
        namespaces={item["metadata"]["name"]: _read(item, home, _labels) for home, item in by_kind["Namespace"]},
        unread=(*unread, *plugins),
        seen=seen,
    )


def _pods(item: Item, namespace: str) -> tuple[Pod, ...]:
    return tuple(read_pod.pods(item, namespace))


def _labels(item: Item, _namespace: str) -> Labels:
    return fields.labels(item["metadata"].get("labels"), "metadata.labels")


def read_yaml(text: str, *, source: str = "the manifests") -> list[Item]:
    """The objects of a text with YAML or JSON documents, such as the output of `helm template`.

    Raises `UsageError` when it is neither; `source` names it there.
    """
    import yaml

    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a ValueError of a date such as 2024-02-30
        # The error's own text repeats the lines around, which may hold a secret.
        mark = getattr(error, "problem_mark", None)
        raise UsageError(
            f"{source} cannot be read as YAML",
            why=f"line {mark.line + 1} is not YAML" if mark else "it is not YAML, or holds a date that is none",
            fix="a chart's templates are read through helm: helm template RELEASE CHART",
        ) from None
    return [document for document in documents if document is not None]


def read_files(*paths: Path) -> list[Item]:
    """The objects of files, and of all `.yaml`, `.yml` and `.json` files in folders and below, by name."""
    found: list[Item] = []
    for path in paths:
        files = [path]
        if path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.suffix in (".yaml", ".yml", ".json"))
        for file in files:
            found += read_yaml(read_text(file), source=str(file))
    return found


def _opened(objects: Iterable[Item]) -> Iterator[Item]:
    for item in objects:
        kind = item.get("kind") if hasattr(item, "get") else None
        if not isinstance(kind, str):
            raise UsageError("What was read is no Kubernetes object", why="it has no kind")
        if kind.endswith("List") and "items" in item:
            if not isinstance(item["items"] or [], list):
                raise UsageError("What was read is no Kubernetes object", why="its items are no list")
            # The API's own lists leave out the kind of what they hold.
            of_list = (
                {} if kind == "List" else {"apiVersion": item.get("apiVersion"), "kind": kind.removesuffix("List")}
            )
            yield from _opened({**of_list, **one} if isinstance(one, dict) else one for one in item["items"] or ())
        elif not isinstance(item.get("metadata"), dict) or not isinstance(item["metadata"].get("name"), str):
            if _is_known(item):
                raise UsageError(f"A {kind} has no name", why="its metadata.name is missing")
        else:
            yield item


def _is_known(item: Item) -> bool:
    """Whether it is of a kind that is read here; what the API lists says no group."""
    return item["kind"] in _GROUPS and (not item.get("apiVersion") or _group(item) == _GROUPS[item["kind"]])


def _group(item: Item) -> str:
    return str(item.get("apiVersion") or "").rpartition("/")[0]


def _name(item: Item) -> str:
    return "/".join(map(str, filter(None, (item["metadata"].get("namespace"), item["metadata"]["name"]))))


def _read(item: Item, namespace: str, reader: Callable[[Item, str], T]) -> T:
    name = _name(item)
    try:
        return reader(item, namespace)
    except fields.InvalidFieldError as error:
        raise UsageError(f"{item['kind']} {name} is not valid", why=str(error), fix=f"correct it in {name}") from None
    except (ValueError, AttributeError, TypeError, KeyError):
        raise UsageError(f"{item['kind']} {name} does not have the form of its kind") from None
