"""Layers that are taken from images of ours: how far they are looked for, in a real registry with many images."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.image.registry_image import copy, layers
from tests.sync.registry_proxy import RegistryProxy

from deploykit.cli.output import Lines
from deploykit.image.append import existing_layers
from deploykit.image.append.candidates import FAR, NEAR
from deploykit.image.layers.keys import keys
from deploykit.plan import Plan
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact
from deploykit.request import Profile

OTHERS = 40


@dataclass(frozen=True)
class Crowded:
    """A repository of many images that have no layer of ours, under tags as near as can be, behind a proxy."""

    proxy: RegistryProxy
    repository: str

    def find(self, plan: Plan, *names: str) -> dict[str, str]:
        """The digests of the layers that are found, by name."""
        registry = Registry.of(f"{self.proxy.host}/{self.repository.partition('/')[2]}", plan)
        wanted = {name: key for name, key in keys(plan).items() if name in names}
        found = existing_layers.find(plan, wanted, registry, progress=Lines())
        return {name: layer.digest for name, layer in found.items()}

    @property
    def images_read(self) -> int:
        return self.proxy.counted()["deploykit GET manifest by digest"]


@pytest.fixture
def crowded(registry: str, repository: str) -> Iterator[Crowded]:
    behind = Registry(repository)
    raw = compact({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}})
    media_type = "application/vnd.oci.image.config.v1+json"
    config = {"mediaType": media_type, "digest": behind.put_blob(raw), "size": len(raw)}
    for number in range(OTHERS):
        content = {"schemaVersion": 2, "config": config, "layers": [], "annotations": {"number": str(number)}}
        behind.put_manifest(f"0.9.80-spark4.1.1-connect-{number:07d}0", compact(content), OCI_MANIFEST)
    with RegistryProxy(registry, login=False) as proxy:
        yield Crowded(proxy, repository)


@pytest.fixture
def plan(planned, own_repository: str) -> Plan:
    return planned(Profile.CONNECT, own_repository)


def test_java_and_bytecode_are_taken_from_images_that_are_not_among_the_nearest(plan, connect, crowded):
    """Bytecode by the nearest of its Mage, Java by the highest versions."""
    copy(connect.exact, crowded.repository, tag=f"0.9.80-spark4.1.1-connect-{NEAR:07d}f")
    copy(connect.exact, crowded.repository, tag="0.9.81-spark4.2.0-connect-ffffffff")
    there = layers(connect.exact)
    assert crowded.find(plan, *keys(plan)) == {name: there[name].digest for name in ("jre", "warm")}


def test_what_is_made_in_seconds_is_looked_for_in_the_nearest_alone(plan, crowded):
    assert crowded.find(plan, "pyspark") == {}
    assert crowded.images_read == NEAR


def test_a_search_that_ends_early_says_so_and_reads_no_image_twice(plan, connect, crowded, capfd):
    copy(connect.exact, crowded.repository, tag="0.9.80-spark4.1.1-connect-ffffffff")
    for _ in range(2):
        assert crowded.find(plan, "warm") == {}
    assert crowded.images_read == FAR
    assert f"Layer warm: not found, and only {FAR} of {OTHERS + 1} images of ours" in capfd.readouterr().err
