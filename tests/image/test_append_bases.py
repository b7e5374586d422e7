"""Bases as they are: what is in one is read without running it, and images are of its kind."""

import gzip
import json

import zstandard
from tests.image.conftest import SPARK
from tests.image.registry_image import copy

from deploykit.image.append import read_inventory
from deploykit.image.append.compose import OCI_CONFIG
from deploykit.image.inventory import script
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact

OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


def test_what_an_engine_reads_in_the_base_its_files_tell_too(docker, base_image, base_facts):
    """Word for word, without running anything of the base."""
    image, facts = base_facts
    told = read_inventory.report(facts, image.config, reference=base_image)
    said = docker("run", "--rm", "--network", "none", base_image, "python3", "-c", script())
    assert told == json.loads(said.splitlines()[-1])


def test_on_a_base_of_the_oci_kind_the_image_is_of_that_kind(append, repository, base_image):
    """The same base with OCI's media types, and one of its layers packed with zstd."""
    base = of_oci_kind(base_image, repository)
    done = append("--spark", SPARK, "--profile", "slim", "--no-warm", "--repository", repository, base=base)
    assert done.returncode == 0, done.stderr
    exact = done.stdout.split()[-1]
    manifest = Registry(repository).manifest(exact.rpartition("@")[2])
    assert manifest.media_type == OCI_MANIFEST
    kinds = {part["mediaType"].rpartition(".")[2] for part in manifest.content["layers"]}
    assert kinds == {"tar+gzip", "tar+zstd"}
    assert {part["mediaType"].partition(".docker.")[1] for part in manifest.content["layers"]} == {""}


def of_oci_kind(base: str, repository: str) -> str:
    source, target = Registry(base.rpartition(":")[0]), Registry(repository)
    manifest = source.manifest(base.rpartition(":")[2])
    copy(f"{base}@{manifest.digest}", repository, tag="docker")
    layers = [{**part, "mediaType": f"{OCI_LAYER}+gzip"} for part in manifest.content["layers"]]
    smallest = min(layers, key=lambda part: part["size"])
    packed = zstandard.compress(gzip.decompress(target.blob(smallest["digest"])))
    smallest |= {"mediaType": f"{OCI_LAYER}+zstd", "digest": target.put_blob(packed), "size": len(packed)}
    settings = {**manifest.content["config"], "mediaType": OCI_CONFIG}
    raw = compact({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": settings, "layers": layers})
    target.put_manifest("oci", raw, OCI_MANIFEST)
    return f"{repository}:oci"
