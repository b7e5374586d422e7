"""A layer's key changes with what is in it, and with nothing else."""

from dataclasses import replace

import pytest
from tests.unit.image.plans import base, inventory, make

from deploykit.image.layers.keys import keys, label
from deploykit.request import Profile

pytestmark = pytest.mark.usefixtures("isolated")


def changed(one, other):
    """The names of layers whose keys differ."""
    here, there = keys(one), keys(other)
    return {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)}


def test_layers_lie_with_the_rarest_change_first():
    names = ["jre", "dependencies", "warm", "with-jdbc", "pyspark", "mage-ilum"]
    assert list(keys(make(extras=("jdbc",)))) == names
    assert list(keys(make(profile=Profile.SLIM, warm=False))) == ["dependencies", "pyspark", "mage-ilum"]


def test_a_patch_of_spark_changes_pyspark_and_what_is_ours():
    assert changed(make(), make(spark="4.1.2")) == {"pyspark", "mage-ilum"}


def test_another_java_changes_the_runtime_alone():
    assert changed(make(), make(java="17.0.22+1-1~deb12u1")) == {"jre"}


def test_a_new_digest_of_the_base_keeps_what_does_not_come_from_it():
    assert changed(make(), make(found=base(digest="sha256:" + "1" * 64))) == {"warm", "mage-ilum"}


def test_another_release_of_python_compiles_anew():
    found = base(inventory(python="3.10.14"))
    assert changed(make(), make(found=found)) == {"dependencies", "pyspark", "mage-ilum"}


def test_what_is_left_out_is_no_input_of_a_layer_and_leaves_no_key():
    assert changed(make(), replace(make(), compiler="")) == {"dependencies", "pyspark", "mage-ilum"}
    assert changed(make(), replace(make(), left_out={"warm": "it starts later"})) == {"warm"}


def test_a_warm_layer_by_the_list_depends_on_the_compiler_and_not_on_the_client():
    listed = replace(make(), left_out={"recording": "by a list"})
    assert changed(make(), listed) == {"warm"}
    assert "warm" in changed(listed, replace(listed, compiler="3.10.14"))
    other = replace(listed, lock=replace(listed.lock, added=listed.lock.added[1:]))
    assert "warm" not in changed(listed, other)
    assert "warm" in changed(make(), replace(other, left_out={}))


def test_what_is_left_out_gives_another_tag_and_a_label():
    cold = replace(make(), compiler="", left_out={"warm": "it starts later", "bytecode": "no Python"})
    assert len({plan.tag for plan in (make(), make(warm=False), cold, replace(make(), compiler="3.10.14"))}) == 4
    assert cold.labels["io.deploykit.left-out"] == "bytecode warm"
    assert cold.labels["io.deploykit.warm"] == "true", "what was asked for: the image is no drift"
    assert "io.deploykit.left-out" not in make().labels


def test_with_jars_it_is_another_pyspark_and_another_java():
    assert changed(make(), make(profile=Profile.FULL)) == {"jre", "pyspark", "mage-ilum"}


def test_where_things_are_fetched_from_and_pushed_to_changes_nothing():
    elsewhere = replace(make(), repository="other.example/mage", apt_mirror="http://mirror.example", network="host")
    assert changed(make(), elsewhere) == set()


def test_the_label_of_an_image_names_its_layers_in_order():
    plan = make(profile=Profile.SLIM)
    expected = " ".join(f"{name}={key[:16]}" for name, key in keys(plan).items())
    assert plan.labels["io.deploykit.layers"] == label(keys(plan)) == expected
