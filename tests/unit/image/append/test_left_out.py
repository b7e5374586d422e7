"""What cannot be made here is left out before the tag is known; what the repository has is taken."""

import sys
from dataclasses import replace

import pytest
from tests.unit.image.plans import make
from tests.unit.registry.server import SmallRegistry

from deploykit.cli.output import Lines
from deploykit.image import warm_list
from deploykit.image.append import existing_layers
from deploykit.image.append.left_out import possible
from deploykit.image.label_names import LAYERS
from deploykit.image.layers import interpreter, keys
from deploykit.image.layers.interpreter import Interpreter
from deploykit.registry import Registry
from deploykit.registry.manifest import OCI_MANIFEST, compact, sha256

pytestmark = pytest.mark.usefixtures("isolated")


@pytest.fixture
def plan(small):
    return replace(make(), repository=small.repository)


@pytest.fixture
def without_python(monkeypatch):
    monkeypatch.setattr(interpreter, "find", lambda version, **_: None)


@pytest.fixture
def with_python(monkeypatch):
    """One of the base's minor version, of another release."""
    monkeypatch.setattr(interpreter, "find", lambda version, **_: Interpreter(path=sys.executable, version="3.10.99"))


def image(small: SmallRegistry, plan, *names: str) -> str:
    """An image as Docker makes it, whose last layer is the warm one; returns the digest of that."""
    layers = [b"base", b"warm"]
    labels = {LAYERS: f"warm={keys.keys(plan)['warm'][:16]}"}
    config = compact(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
        }
    )
    small.blobs.update({sha256(blob): blob for blob in (config, *layers)})
    described = [{"digest": sha256(blob), "size": len(blob), "mediaType": "x.tar"} for blob in (config, *layers)]
    content = {"schemaVersion": 2, "config": described[0], "layers": described[1:]}
    small.put(content, *names, media_type=OCI_MANIFEST)
    return sha256(b"warm")


def test_without_python_and_engine_the_plan_leaves_out_what_they_make(plan, without_python):
    made = possible(plan, progress=None)
    assert set(made.left_out) == {"bytecode", "warm"}
    assert made.compiler == ""
    assert made.tag != plan.tag


@pytest.mark.parametrize("progress", [None, Lines()])
def test_only_who_makes_the_image_lets_uv_bring_a_python(plan, monkeypatch, progress):
    asked = []
    monkeypatch.setattr(interpreter, "find", lambda version, *, fetch: asked.append(fetch))
    why = possible(plan, progress=progress).left_out["bytecode"]
    assert asked == [progress is not None]
    assert ("unless uv can bring one" in why) is (progress is None)


def test_an_image_with_everything_in_it_that_is_there_is_the_plan_s(plan, small, without_python):
    small.image(plan.tag)
    assert possible(plan, progress=None) == plan


def test_a_warm_layer_that_an_image_in_the_repository_has_is_taken(plan, small, with_python):
    warm = image(small, plan, f"0.9.80-spark4.1.0-connect-{'0' * 8}")
    made = possible(plan, progress=None)
    assert made.left_out == {}
    assert made.compiler == "3.10.99"
    assert made.tag != plan.tag, "another release of Python may write other bytecode"
    del small.blobs[warm]
    assert set(possible(plan, progress=None).left_out) == {"recording"}, "the image has lost it"


def test_where_there_is_none_it_is_made_by_the_list_of_the_release_and_the_plan_says_what_that_costs(
    plan, small, with_python
):
    made = possible(plan, progress=None)
    assert set(made.left_out) == {"recording"}
    assert "by the list of Mage 0.9.80" in made.left_out["recording"]
    assert made.labels["io.deploykit.left-out"] == "recording"
    assert made.tag not in (plan.tag, replace(made, left_out={"warm": "it starts later"}).tag)
    assert [one.path for one in small.asked if "/blobs/" in one.path] == [], "a plan reads no layer"


def test_another_list_gives_another_layer_and_another_tag(plan, with_python, monkeypatch):
    before = possible(plan, progress=None)
    key, tag = keys.keys(before)["warm"], before.tag
    monkeypatch.setattr(warm_list, "names", lambda _: ("json/decoder.py",))
    after = possible(plan, progress=None)
    assert keys.keys(after)["warm"] != key
    assert after.tag != tag


def test_a_layer_by_the_list_that_an_image_in_the_repository_has_is_taken_too(plan, small, with_python):
    made = possible(plan, progress=None)
    warm = image(small, made, f"0.9.80-spark4.1.0-connect-{'0' * 8}")
    found = existing_layers.find(made, {"warm": keys.keys(made)["warm"]}, Registry(small.repository))
    assert found["warm"].digest == warm


def test_without_a_list_for_the_release_the_warm_layer_is_left_out(plan, with_python, monkeypatch):
    monkeypatch.setattr(warm_list, "names", lambda _: ())
    made = possible(plan, progress=None)
    assert set(made.left_out) == {"warm"}
    assert "nobody has listed what Mage 0.9.80 imports" in made.left_out["warm"]


def test_the_base_s_own_python_changes_nothing(plan, small, monkeypatch):
    image(small, plan, f"0.9.80-spark4.1.0-connect-{'0' * 8}")
    own = Interpreter(path=sys.executable, version=plan.base.inventory.python)
    monkeypatch.setattr(interpreter, "find", lambda version, **_: own)
    assert possible(plan, progress=None).tag == plan.tag


def test_without_a_warm_start_none_is_looked_for(small, with_python):
    asked = replace(make(warm=False), repository=small.repository)
    assert possible(asked, progress=None).left_out == {}
    assert [one.path for one in small.asked if one.path.endswith("tags/list")] == []
