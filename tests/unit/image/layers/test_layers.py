"""A layer is made once, and is the same wherever and by whomever it is made."""

import gzip
import io
import marshal
import os
import platform
import sys
import tarfile
from dataclasses import replace
from functools import partial

import pytest
from tests.unit.image.plans import make

from deploykit import cache
from deploykit.errors import BuildError
from deploykit.image.layers import layer, layers, trees
from deploykit.image.layers.interpreter import Interpreter
from deploykit.image.layers.layer import made
from deploykit.request import Profile

START = "#!/bin/bash\nexec mage start\n"
USERS = "root:x:0:0:root:/root:/bin/bash\n"
MODULE = "usr/local/lib/python3.10/site-packages/mage_ai/shared/files.py"
PYTHON = Interpreter(path=sys.executable, version=platform.python_version())


class Base:
    """What the base's files say."""

    def text(self, path):
        return {"/app/run_app.sh": START, "/etc/passwd": USERS}.get(path)

    def uncompiled(self, library, names, *, progress):
        assert library == "/usr/local/lib/python3.10"
        yield from {"usr/local/lib/python3.10/json/decoder.py": b"a = 1\n", MODULE: b"b = {2, 3}\n"}.items()


class Quiet:
    """Nobody looks."""

    def step(self, text): ...

    def advance(self, name, done, total): ...

    def log(self, line): ...


def mage_ilum(profile=Profile.SLIM):
    """The last layer, made with this Python."""

    def fill(root, work, progress):
        trees.mage_ilum(root, make(profile=profile), Base(), compiler=PYTHON, scratch=work)

    return partial(made, "mage-ilum", f"key-{profile}", fill, Quiet())


def warm():
    """The bytecode of the base, by a list."""

    def fill(root, work, progress):
        trees.warm(root, make(), Base(), compiler=PYTHON, progress=progress)

    return partial(made, "warm", "key-warm", fill, Quiet())


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPLOYKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        packed = mage_ilum()().path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        return {
            member.name: (member.mode & 0o7777, archive.extractfile(member).read() if member.isfile() else None)
            for member in archive
        }


@pytest.mark.parametrize("layer_of", [mage_ilum, warm])
def test_another_folder_umask_and_time_zone_give_the_same_digest(layer_of, isolated, tmp_path, monkeypatch):
    here = layer_of()()
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    before = os.umask(0o077)
    try:
        there = layer_of()()
    finally:
        os.umask(before)
    assert there.path != here.path
    assert (there.diff_id, there.digest, there.size) == (here.diff_id, here.digest, here.size)


def test_what_was_made_is_not_made_again(isolated, monkeypatch):
    first = mage_ilum()()
    monkeypatch.setattr(layer.compressed, "write", lambda *_: pytest.fail("it was made again"))
    assert mage_ilum()() == first


def test_a_layer_that_the_cache_lost_is_made_again(isolated):
    first = mage_ilum()()
    first.path.unlink()
    assert mage_ilum()() == first
    assert first.path.is_file()


def test_a_layer_that_is_damaged_in_the_cache_is_made_again(isolated):
    first = mage_ilum()()
    whole = first.path.read_bytes()
    first.path.write_bytes(whole[:-1] + b"x")
    assert mage_ilum()() == first
    assert first.path.read_bytes() == whole


def test_nothing_is_left_in_the_cache_but_the_layer(isolated):
    made_file = mage_ilum()()
    assert list((cache.root() / "scratch").iterdir()) == []
    assert [path.name for path in (cache.root() / "blobs" / "sha256").iterdir()] == [made_file.digest[7:]]


def test_the_base_s_start_script_is_kept_beside_the_wrapper(members):
    assert members["app/run_app.mage.sh"] == (0o755, START.encode())
    assert b"dumb-init" in members["app/run_app.sh"][1]


def test_group_0_may_write_where_mage_writes_and_nowhere_else(members):
    writable = {name for name, (mode, _) in members.items() if mode & 0o020}
    assert writable == {"home/mage", "home/src", "home/src/mage_data"}


def test_the_library_is_compiled_and_the_project_is_not(members):
    compiled = {name for name in members if name.endswith(".pyc")}
    assert any(name.startswith("opt/mage-ilum/lib/mage_ilum/__pycache__/") for name in compiled)
    assert not any(name.startswith("opt/mage-ilum/project/") for name in compiled)


def test_the_base_s_users_are_kept_and_uid_1000_gets_a_name(members):
    assert members["etc/passwd"] == (0o644, f"{USERS}mage:x:1000:0::/home/mage:/bin/sh\n".encode())


def test_without_an_interpreter_all_but_the_warm_layer_can_be_made(isolated):
    found = {one.name: one for one in layers(replace(make(profile=Profile.SLIM), compiler=""), Base())}
    assert [name for name, one in found.items() if one.make is None] == ["warm"]
    assert "engine" in found["warm"].why


def test_a_warm_layer_by_the_list_is_bytecode_at_the_base_s_own_paths_and_nothing_else(isolated):
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(warm()().path.read_bytes()))) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
        assert {member.mode & 0o7777 for member in archive if member.isfile()} == {0o644}
        assert {member.mode & 0o7777 for member in archive if member.isdir()} == {0o755}
    tag = sys.implementation.cache_tag
    compiled = f"{MODULE.rpartition('/')[0]}/__pycache__/files.{tag}.pyc"
    assert set(files) == {compiled, f"usr/local/lib/python3.10/json/__pycache__/decoder.{tag}.pyc"}
    assert int.from_bytes(files[compiled][4:8], "little") == 1, "by the hash of its source, which nobody checks"
    assert marshal.loads(files[compiled][16:]).co_filename == f"/{MODULE}"


def test_by_the_list_the_warm_layer_can_be_made_here(isolated):
    plan = replace(make(), compiler=PYTHON.version, left_out={"recording": "by a list"})
    assert next(one for one in layers(plan, Base()) if one.name == "warm").make is not None


def test_an_interpreter_that_was_never_here_or_went_is_missed_with_two_ways_out(isolated):
    with pytest.raises(BuildError, match=r"no Python 3\.0\.0 here") as caught:
        layers(replace(make(profile=Profile.SLIM), compiler="3.0.0"), Base())
    assert caught.value.fix == "DEPLOYKIT_PYTHON=/path/to/python, or --engine docker"
