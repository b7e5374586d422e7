"""Configuration and manifest: the base's, and ours behind it; of the base's own kind; the same bytes every time."""

import json

import pytest
from tests.unit.image.plans import make

from deploykit.errors import IncompatibleError
from deploykit.image.append import existing_layers
from deploykit.image.append.compose import Placed, compose
from deploykit.registry import Manifest
from deploykit.registry.manifest import DOCKER_MANIFEST, OCI_MANIFEST

OCI_LAYER, DOCKER_LAYER = "application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"
CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-01-02T03:04:05Z",
    "config": {
        "Env": ["PATH=/usr/bin", "MAGE_DATA_DIR=/data"],
        "Cmd": ["sh"],
        "Labels": {"of": "the base"},
        "ExposedPorts": {"6789/tcp": {}},
        "ArgsEscaped": True,
    },
    "container_config": {"Hostname": "x"},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:d0"]},
    "history": [{"created_by": "base"}, {"created_by": "ENV", "empty_layer": True}],
}
BASE = {"layers": [{"mediaType": f"{DOCKER_LAYER}.gzip", "digest": "sha256:b0", "size": 5}]}
LAYERS = [
    Placed(
        name="jre", key="a" * 64, digest="sha256:l1", size=1, diff_id="sha256:d1", media_type=f"{DOCKER_LAYER}.gzip"
    ),
    Placed(
        name="pyspark", key="b" * 64, digest="sha256:l2", size=2, diff_id="sha256:d2", media_type=f"{OCI_LAYER}+gzip"
    ),
]


@pytest.fixture
def a_plan():
    return make()


@pytest.fixture
def made(a_plan):
    def made(base_type: str = DOCKER_MANIFEST, config: object = CONFIG):
        composed = compose(a_plan, BASE, config, LAYERS, base_type=base_type)
        return composed, json.loads(composed.manifest), json.loads(composed.config)

    return made


def test_the_same_arguments_give_the_same_bytes(made):
    assert made()[0] == made()[0]


@pytest.mark.parametrize(
    ("base_type", "layer"), [(DOCKER_MANIFEST, f"{DOCKER_LAYER}.gzip"), (OCI_MANIFEST, f"{OCI_LAYER}+gzip")]
)
def test_layers_are_of_the_kind_of_the_base(made, base_type, layer):
    _, manifest, _ = made(base_type)
    assert manifest["mediaType"] == base_type
    assert [part["mediaType"] for part in manifest["layers"][1:]] == [layer, layer]
    assert manifest["layers"][0] == BASE["layers"][0], "the base's own stay as they are"


def test_what_the_base_sets_stays_and_ours_is_added(made, a_plan):
    config = made()[2]["config"]
    settings = dict(text.split("=", 1) for text in config["Env"])
    assert settings["MAGE_DATA_DIR"] == "/data"
    assert settings["HOME"] == "/home/mage"
    assert settings["PATH"] == "/usr/bin:/opt/java/bin"
    assert config["Labels"]["of"] == "the base"
    assert config["Labels"]["io.deploykit.inputs"] == a_plan.inputs
    assert config["Labels"]["io.deploykit.layers"] == f"jre={'a' * 16} pyspark={'b' * 16}"
    assert (config["User"], config["WorkingDir"], config["Cmd"]) == ("1000:0", "/home/src", ["/app/run_app.sh"])
    assert config["ExposedPorts"] == {"6789/tcp": {}}


def test_there_is_a_line_of_history_for_each_layer(made):
    config = made()[2]
    assert config["rootfs"]["diff_ids"] == ["sha256:d0", "sha256:d1", "sha256:d2"]
    assert len([one for one in config["history"] if not one.get("empty_layer")]) == 3
    assert {one.get("created", config["created"]) for one in config["history"]} == {config["created"]}
    assert "container_config" not in config


def test_a_base_that_wants_something_run_is_refused(made):
    with pytest.raises(IncompatibleError, match="ONBUILD"):
        made(config={**CONFIG, "config": {"OnBuild": ["RUN true"]}})


def test_layers_of_an_image_of_ours_are_found_again_by_its_label(made):
    composed, manifest, config = made()
    found = existing_layers.read(Manifest(digest="", media_type="", content=manifest, raw=composed.manifest), config)
    assert [(layer.name, layer.key, layer.digest) for layer in found] == [
        ("jre", "a" * 16, "sha256:l1"),
        ("pyspark", "b" * 16, "sha256:l2"),
    ]


def test_the_layer_that_docker_makes_of_workdir_is_none_of_ours(made):
    _, manifest, config = made()
    manifest["layers"].append({"mediaType": "x", "digest": "sha256:w", "size": 1})
    config["rootfs"]["diff_ids"].append("sha256:dw")
    config["history"].insert(4, {"created_by": "/bin/sh -c #(nop) WORKDIR /home/src"})
    found = existing_layers.read(Manifest(digest="", media_type="", content=manifest, raw=b""), config)
    assert [layer.digest for layer in found] == ["sha256:l1", "sha256:l2"]


def test_an_image_without_the_label_has_no_layers_of_ours(made):
    _, manifest, config = made()
    del config["config"]["Labels"]["io.deploykit.layers"]
    assert existing_layers.read(Manifest(digest="", media_type="", content=manifest, raw=b""), config) == []
