"""Helm releases: which image their values name, and that nothing else of them is kept."""

import base64
import gzip
import json
from pathlib import Path

import pytest
import yaml

from deploykit.detect.evidence import Confidence, merge
from deploykit.detect.helm_release import read, values_of
from deploykit.errors import UnreachableError

FOLDER = Path(__file__).parent / "helm_values"


def values(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def secret(release):
    """A release as Helm keeps it: JSON, gzip, base64, and once more base64 as in every Secret."""
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    return {"metadata": {"name": "sh.helm.release.v1.ilum.v1"}, "data": {"release": base64.b64encode(packed).decode()}}


@pytest.mark.parametrize(
    ("name", "version", "place", "upgraded"),
    [
        ("umbrella", "4.1.1", "ilum-core.kubernetes.container.image", True),
        (
            "umbrella_as_text",
            "3.5.3-delta",
            "ilum-core.kubernetes.defaultCluster.config.spark.kubernetes.container.image",
            False,
        ),
        ("top_level", "3.3.0", "kubernetes.container.image", False),
        (
            "nested",
            "4.0.1",
            "ilum.ilum-core.kubernetes.defaultCluster.config.spark.kubernetes.container.image",
            True,
        ),
        ("repository_and_tag", "3.5.7", "ilum-core.kubernetes.container.image", True),
    ],
)
def test_the_image_is_found_in_every_layout_and_a_value_that_may_be_stale_is_noted(name, version, place, upgraded):
    [found] = read(values(name), "Helm release ilum/ilum").evidence
    assert (str(found.version), found.where) == (version, f"Helm release ilum/ilum, {place}")
    assert found.confidence is Confidence.GUESS
    assert ("upgradeClusterOnStartup" in found.note) is not upgraded


def test_two_places_that_differ_are_both_shown():
    found = merge(read(values("both_places"), "Helm release ilum/ilum").evidence)
    assert {str(item.version) for item in found.evidence} == {"3.5.7", "4.1.1"}
    assert (str(found.version), len(found.disagreements)) == ("3.5.7", 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("without", "no image at ilum-core.kubernetes"),
        ("by_digest", "no image at ilum-core.kubernetes"),
        ("several_versions", "names 4.0.0 and 3.5.1, and nothing tells which of them is Spark's"),
    ],
)
def test_values_that_name_no_version_for_sure_are_said(name, why):
    with pytest.raises(UnreachableError, match=r"Helm release ilum/ilum names no Spark version") as raised:
        read(values(name), "Helm release ilum/ilum")
    assert why in raised.value.why


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_but_the_image_is_kept(path):
    assert "s3cr3t" in path.read_text(encoding="utf-8")
    try:
        said = repr(read(values(path.stem), "here"))
    except UnreachableError as error:
        said = f"{error.what} {error.why} {error.fix}"
    assert "s3cr3t" not in said


def test_what_was_given_comes_over_the_charts_own_values_and_null_takes_one_away():
    chart = {"values": {"a": {"b": 1, "c": 2}, "d": [1, 2], "e": 5}}
    assert values_of(secret({"config": {"a": {"c": 3}, "d": [3], "e": None}, "chart": chart})) == {
        "a": {"b": 1, "c": 3},
        "d": [3],
    }
    assert values_of(secret({"chart": {"values": {"a": 1}}})) == {"a": 1}
    assert values_of(secret({"config": None, "chart": None})) == {}
