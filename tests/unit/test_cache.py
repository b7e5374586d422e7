"""The cache: all or nothing, and safe with two builds at once."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from deploykit import cache
from deploykit.errors import UsageError

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def own_cache(isolated):
    return isolated


def test_the_place_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPLOYKIT_CACHE", "/chosen")
    assert cache.root() == Path("/chosen")
    monkeypatch.delenv("DEPLOYKIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache.root() == Path("/xdg/deploykit")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.root() == tmp_path / ".cache" / "deploykit"


def test_a_user_without_a_home_is_told_to_name_a_place(monkeypatch):
    for name in ("DEPLOYKIT_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 1000660000)
    with pytest.raises(UsageError) as raised:
        cache.root()
    assert raised.value.fix == "set DEPLOYKIT_CACHE"


def test_a_damaged_or_missing_answer_counts_as_absent(own_cache):
    assert cache.read_json("kind", "key") is None
    cache.write_json("kind", "key", {"a": 1})
    assert cache.read_json("kind", "key") == {"a": 1}
    (own_cache / "kind" / "key.json").write_text('{"a": ')
    assert cache.read_json("kind", "key") is None


def test_scratch_is_on_the_caches_file_system_and_gone_afterwards(own_cache):
    with cache.scratch() as folder:
        assert folder.stat().st_dev == own_cache.stat().st_dev
        (folder / "x").write_text("x")
    assert not folder.exists()


def holds(key: str, log: Path) -> None:
    with cache.only_one(key):
        with log.open("a") as file:
            file.write("in\n")
        deadline = time.monotonic() + 0.2
        while time.monotonic() < deadline and log.read_text().count("in") == 1:
            pass  # long enough for the other to come in, if it can
        with log.open("a") as file:
            file.write("out\n")


def test_two_processes_never_hold_the_same_key_at_once(tmp_path):
    log = tmp_path / "log"
    log.touch()
    processes = [SPAWN.Process(target=holds, args=("key", log)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert log.read_text().split() == ["in", "out", "in", "out"]


def test_different_keys_are_held_at_once():
    with cache.only_one("a"), cache.only_one("b"):
        pass
