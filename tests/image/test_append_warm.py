"""The warm layer that is made by a list, where no image has one to take."""

import re
import tarfile
import uuid

import pytest
from tests.image.conftest import SPARK, Deploykit, Finished
from tests.image.registry_image import config, named
from tools.warm_list import recorded

from deploykit.image import warm_list
from deploykit.image_reference import ImageReference


@pytest.fixture(scope="module")
def listed(append: Deploykit, registry: str) -> Finished:
    """Profile `slim` in a repository where no image has a warm layer to take."""
    done = append(
        "--spark", SPARK, "--profile", "slim", "--repository", f"{registry}/deploykit-test/{uuid.uuid4().hex[:12]}"
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_warm_layer_that_is_made_by_the_list_is_file_by_file_the_one_that_docker_records(listed, connect):
    """By the base's own Python, in the base that the list was recorded in."""
    made, dockers = (
        {path: file for path, file in named(exact, "warm").items() if file.kind != tarfile.DIRTYPE}
        for exact in (listed.stdout.split()[-1], connect.exact)
    )
    assert {path for path in made.keys() | dockers.keys() if made.get(path) != dockers.get(path)} == set()
    assert len(made) > 1000


def test_an_image_whose_warm_layer_is_by_the_list_says_so(listed):
    exact = listed.stdout.split()[-1]
    assert config(exact)["config"]["Labels"]["io.deploykit.left-out"] == "recording"
    assert "recording: the warm layer is by the list of Mage 0.9.80" in listed.stderr
    assert "==> Layer warm: sent" in listed.stderr


def test_plan_has_a_row_that_says_what_will_be_left_out(listed, without_docker, repository):
    """Of the same image, in a repository that has none yet."""
    said = without_docker("plan", "--spark", SPARK, "--profile", "slim", "--repository", repository).stdout
    assert ImageReference.split(listed.stdout.split()[-1]).tag in said
    [row] = re.findall("^left out +(.+)", said, re.MULTILINE)
    assert row.startswith("recording: the warm layer is by the list of Mage 0.9.80")


def test_the_list_is_what_the_build_stage_records_in_this_base(connect):
    release, found = recorded(connect.exact)
    assert set(found) ^ set(warm_list.names(release)) == set(), "tools/warm_list.py writes it anew"
