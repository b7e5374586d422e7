"""The one table: whole, and used as it is written."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from deploykit import catalog
from deploykit.catalog import Artifact, Measured, SparkLine
from deploykit.errors import UsageError
from deploykit.image import warm_list
from deploykit.request import Profile
from deploykit.versions import SparkVersion

KNOWN = catalog.load()


@pytest.mark.parametrize("line", KNOWN.lines.values(), ids=lambda line: line.line)
def test_every_patch_is_of_its_line_in_order_and_has_a_hash_and_a_size(line):
    versions = [SparkVersion.parse(patch) for patch in line.patches]
    assert versions == sorted(versions)
    for version, sdist in zip(versions, line.patches.values(), strict=True):
        assert version.line == line.line
        assert re.fullmatch("[0-9a-f]{64}", sdist.sha256)
        assert 300e6 < sdist.size < 500e6


def test_no_two_patches_have_the_same_hash():
    hashes = [sdist.sha256 for line in KNOWN.lines.values() for sdist in line.patches.values()]
    assert len(hashes) == len(set(hashes))


@pytest.mark.parametrize("line", KNOWN.lines.values(), ids=lambda line: line.line)
def test_every_requirement_can_be_read_and_every_measured_bound_replaces_a_declared_one(line):
    SpecifierSet(line.python)
    for text in line.requires:
        Requirement(text)
    for measured in line.measured:
        assert not measured.declared or measured.declared in line.declared
        assert measured.because


def test_a_measured_bound_takes_the_place_of_the_declared_one_and_a_new_one_is_added():
    line = SparkLine(
        line="1.0",
        python=">=3",
        declared=("a>=2", "b"),
        measured=(Measured(declared="a>=2", real="a>=1", because="x"), Measured(declared="", real="c", because="x")),
        patches={},
    )
    assert line.requires == ("a>=1", "b", "c")


@pytest.mark.parametrize("extra", KNOWN.extras.values(), ids=lambda extra: extra.name)
def test_every_artifact_of_an_extra_has_coordinates_a_hash_and_a_size(extra):
    assert extra.artifacts
    for artifact in extra.artifacts:
        assert artifact.coordinates.count(":") == 2
        assert re.fullmatch("[0-9a-f]{64}", artifact.sha256)
        assert artifact.size > 0


def test_an_artifact_lies_where_mavens_layout_has_it():
    artifact = Artifact(coordinates="org.example.a:b-c:1.2", sha256="0" * 64, size=1)
    assert artifact.path == "org/example/a/b-c/1.2/b-c-1.2.jar"
    assert artifact.file == "b-c-1.2.jar"


def test_the_defaults_are_known():
    assert KNOWN.defaults.mage in KNOWN.mage
    assert Profile(KNOWN.defaults.profile) is Profile.CONNECT


def test_every_list_of_what_a_worker_imports_is_of_a_known_release_and_names_sources_in_order_once():
    lists = {path.stem for path in warm_list.path("x").parent.iterdir()}
    assert KNOWN.defaults.mage in lists
    assert lists <= KNOWN.mage.keys()
    for release in lists:
        names = warm_list.names(release)
        assert names == tuple(sorted(set(names)))
        assert all(re.fullmatch(r"[\w.+-]+(/[\w.+-]+)*\.py", name) and ".." not in name for name in names)


@pytest.mark.parametrize(("text", "option"), [("4.1", "--spark"), ("banana", "--client"), ("4.1.1-x", "--client")])
def test_a_version_that_is_not_exact_is_refused_in_the_name_of_its_option(text, option):
    with pytest.raises(UsageError, match=f"^{option} "):
        KNOWN.spark(text, option)
