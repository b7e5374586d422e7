"""No key of `values.yaml` is idle: another value changes what an example in `ci/` installs, or is refused by its name.

The switches of the key's sections are turned on for it. A key that no template reads, or that its refusal does not
name, fails here, and so does a value that leads to an object which Kubernetes does not allow.
"""

import functools
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import yaml
from tests.chart.kubernetes_schemas import VERSIONS, WITHOUT_A_SCHEMA, refused
from tests.chart.other_values import others
from tests.chart.rendering import NAMES, example, namespace_of, parsed

from deploykit import assets

pytestmark = pytest.mark.usefixtures("needs_helm")

OTHERS = {".".join(path): (path, *values) for path, values in others().items()}
PEERS = [{"podSelector": {}}]
BESIDE = {
    "ilum.server.caConfigMap.key": {"name": "given"},
    "ilum.server.caSecret.key": {"name": "given"},
    "mageai.generateSecretWithoutCluster": {"existingSecret": ""},
    "mageai.httpRoute.annotations": {"parentRefs": [{"name": "given"}]},
    "mageai.httpRoute.hosts": {"parentRefs": [{"name": "given"}]},
    "mageai.httpRoute.timeouts": {"parentRefs": [{"name": "given"}]},
    "mageai.service.externalTrafficPolicy": {"type": "LoadBalancer"},
    "mageai.service.loadBalancerClass": {"type": "LoadBalancer"},
    "mageai.service.nodePort": {"type": "LoadBalancer"},
    "networkPolicy.database.port": {"to": PEERS},
    "networkPolicy.dns.custom.port": {"to": PEERS},
    "networkPolicy.ingress.controller.podSelector": {"namespace": "given"},
    "networkPolicy.objectStore.port": {"to": PEERS},
    "networkPolicy.redis.port": {"to": PEERS},
}
"""What has to be said beside a key before it matters, and is no switch."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What another value of a key did."""

    shown: bool
    tries: tuple[str, ...]
    """By example, in words."""
    changed: tuple[str, ...] = ()
    """The documents that are there with the other value alone."""


def effect(path, default, other):
    """The first effect in any example, those that say most about the key's section first."""
    key = ".".join(path)
    tries = []
    for name in sorted(NAMES, key=lambda name: depth(values_of(name), path), reverse=True):
        beside = under(path[:-1], BESIDE.get(key, {}))
        values = functools.reduce(merged, (values_of(name), switched_on(path), beside))
        given = at(values, path) if depth(values, path) == len(path) else default
        changed = merged(values, under(path, other if given != other else default))
        before, why_not_before = helm(yaml.safe_dump(values), namespace_of(name))
        after, why_not_after = helm(yaml.safe_dump(changed), namespace_of(name))
        refusal = why_not_before or why_not_after
        tries.append(f"{name}: {refusal.splitlines()[-1] if refusal else 'stays as it is'}")
        if key in refusal if bool(before) != bool(after) else set(before) != set(after):
            return Effect(shown=True, tries=tuple(tries), changed=tuple(set(after) - set(before)))
    return Effect(shown=False, tries=tuple(tries))


def switched_on(path):
    """Values that turn on every section that the key is in."""
    switches = [(*path[:end], switch) for end in range(len(path)) for switch in ("enabled", "create")]
    return functools.reduce(merged, (under(switch, True) for switch in switches if ".".join(switch) in OTHERS), {})


@functools.cache
def helm(values, namespace):
    """The documents, or none and a refusal."""
    command = ["helm", "template", "mage", assets.chart(), "--namespace", namespace, "--values", "-"]
    done = subprocess.run(command, input=values, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return tuple(done.stdout.split("\n---\n")), ""
    return (), done.stderr.partition("\n\nUse --debug")[0]


@functools.cache
def values_of(name):
    """An example's values, with a Secret of its own: a generated one would differ each time."""
    values = yaml.safe_load(example(name))
    return values if values["ilum"].get("module") else merged({"mageai": {"existingSecret": "given"}}, values)


def at(values, path):
    """The value under a path."""
    return functools.reduce(lambda inside, name: inside[name], path, values)


def under(path, value):
    return functools.reduce(lambda inside, name: {name: inside}, reversed(path), value)


def merged(values, more):
    """As Helm merges: mappings key by key, anything else is replaced."""
    if not (isinstance(values, dict) and isinstance(more, dict)):
        return more
    return values | {name: merged(values.get(name), inside) for name, inside in more.items()}


def depth(values, path):
    """How much of the path these values give themselves."""
    return next((index for index, name in enumerate(path) if name not in at(values, path[:index])), len(path))


@pytest.fixture(scope="module")
def effects(request, needs_helm):
    """The effect of each key that is tested, worked out side by side."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {item.callspec.params["key"] for item in items}
    with ThreadPoolExecutor() as pool:
        return dict(zip(asked, pool.map(lambda key: effect(*OTHERS[key]), asked), strict=True))


@pytest.mark.parametrize("key", OTHERS)
def test_another_value_changes_what_is_installed_or_is_refused_by_name(effects, key):
    found = effects[key]
    assert found.shown, "\n".join((f"{key} is idle:", *found.tries))
    for document in parsed(found.changed):
        if document["kind"] not in WITHOUT_A_SCHEMA:
            assert refused(document, VERSIONS[-1]) == []


def test_a_key_that_nothing_reads_is_found():
    """By the one that is accepted and changes nothing."""
    assert not effect(("global",), {}, {"other": True}).shown
