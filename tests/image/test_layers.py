"""Our layers only add: nothing of the base is moved, replaced or removed."""

import json
from collections import Counter

import pytest
from tests.image.conftest import SPARK
from tests.image.layers import entries, files_of, layers

REPLACED = {"/app/run_app.sh", "/etc/passwd"}
"""Knowingly: the wrapper that starts the base's own script under an init, and a name for uid 1000."""
OPENED = {"/home/src"}
"""Knowingly: made writable for group 0."""
EPOCH = 315532800


@pytest.fixture(scope="module")
def base_files(docker, base_image):
    """Every file of the base."""
    command = ["find", "/", "-xdev", "-printf", r"%y %m %U %G %p\n"]
    return files_of(docker("run", "--rm", "--network", "none", base_image, *command))


@pytest.fixture(scope="module")
def added(connect, registry, own_repository, base_image):
    """The entries of each layer of ours, lowest first."""
    below = layers(registry, base_image)
    all_layers = layers(registry, f"{own_repository}@{connect.digest}")
    assert all_layers[: len(below)] == below, "the base's own layers are all there, as they are"
    return [list(entries(registry, own_repository, digest)) for digest in all_layers[len(below) :]]


def test_there_is_one_layer_for_each_copy_and_none_else(added):
    # Java, dependencies, bytecode, PySpark, mage_ilum; then WORKDIR, which adds no file.
    assert len([layer for layer in added if any(entry.kind == "f" for entry in layer)]) == 5


def test_nothing_is_removed(added):
    assert [entry.path for layer in added for entry in layer if "/.wh." in entry.path] == []


def test_no_file_of_the_base_is_replaced_but_those_two(added, base_files):
    files = {entry.path for layer in added for entry in layer if entry.kind != "d"}
    assert {path for path in files if path in base_files} == REPLACED


def test_the_bases_start_script_is_kept_beside_the_wrapper(docker, connect, base_image):
    kept = docker("run", "--rm", "--network", "none", connect.tagged, "cat", "/app/run_app.mage.sh")
    assert kept == docker("run", "--rm", "--network", "none", base_image, "cat", "/app/run_app.sh")


def test_the_bases_users_are_kept_and_uid_1000_has_a_name_and_a_home(docker, connect, base_image):
    users = docker("run", "--rm", "--network", "none", connect.tagged, "cat", "/etc/passwd")
    before = docker("run", "--rm", "--network", "none", base_image, "cat", "/etc/passwd")
    assert users == f"{before}mage:x:1000:0::/home/mage:/bin/sh\n"


def test_no_folder_of_the_base_gets_another_mode_or_owner_but_the_one_that_mage_writes_to(added, base_files):
    folders = [entry for layer in added for entry in layer if entry.kind == "d"]
    changed = {
        entry.path
        for entry in folders
        if (there := base_files.get(entry.path)) and (there.mode, there.owner) != (entry.mode, entry.owner)
    }
    assert changed == OPENED


def test_no_layer_of_ours_holds_what_another_one_holds(added):
    seen = Counter(entry.path for layer in added for entry in layer if entry.kind != "d")
    assert [path for path, count in seen.items() if count > 1] == []


def test_nothing_is_owned_by_a_user_of_the_build_or_writable_for_all(added):
    for layer in added:
        for entry in layer:
            assert entry.owner == (0, 0), entry
            if entry.kind != "l":
                assert not entry.mode & 0o002, entry


def test_every_added_file_has_the_same_date_so_that_layers_repeat(added):
    assert {entry.mtime for layer in added for entry in layer if entry.kind == "f"} == {EPOCH}


def test_a_patch_of_spark_adds_only_its_own_layer_and_the_last_one(
    connect, build, registry, own_repository, base_image
):
    other = build("--spark", "4.1.2", "--no-verify", "--push")
    assert other.returncode == 0, other.stderr
    below = len(layers(registry, base_image))
    here = layers(registry, f"{own_repository}@{connect.digest}")[below:]
    there = layers(registry, other.stdout.strip())[below:]
    new = [digest for digest in there if digest not in here]
    sizes = [sum(1 for entry in entries(registry, own_repository, digest) if entry.kind == "f") for digest in new]
    assert len(new) == 2
    assert there[:3] == here[:3], "Java, dependencies and bytecode are re-used"
    assert sizes[1] < 400, "the last layer is small"


def test_labels_and_settings_are_those_of_the_design(docker, connect, base_image):
    config = json.loads(docker("inspect", "--format", "{{json .Config}}", connect.tagged))
    labels = config["Labels"]
    digest = docker("inspect", "--format", "{{index .RepoDigests 0}}", base_image).strip().partition("@")[2]
    assert labels["io.deploykit.spark"] == SPARK
    assert labels["io.deploykit.mage"] == "0.9.80"
    assert labels["io.deploykit.python"].startswith("3.10.")
    assert labels["io.deploykit.profile"] == "connect"
    assert labels["io.deploykit.java"].startswith("17.")
    assert connect.tagged.endswith(labels["io.deploykit.inputs"][:8])
    assert labels["org.opencontainers.image.base.name"] == base_image
    assert labels["org.opencontainers.image.base.digest"] == digest
    assert (config["User"], config["WorkingDir"], config["Cmd"]) == ("1000:0", "/home/src", ["/app/run_app.sh"])
    assert not config["Entrypoint"]
    settings = dict(text.split("=", 1) for text in config["Env"])
    assert settings["JAVA_HOME"] == "/opt/java"
    assert settings["HOME"] == "/home/mage"
    assert settings["PATH"].endswith(":/opt/java/bin")
    assert settings["MAGE_DATA_DIR"] == "/home/src/mage_data", "what the base sets stays"
    assert "SPARK_REMOTE" not in settings
