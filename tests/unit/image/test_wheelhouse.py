"""Wheels are those of the lock, whatever else the index has. A real uv asks a real web server."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.image.test_yanked import TARGET, project, serving

from deploykit import cache
from deploykit.cli.output import Lines
from deploykit.errors import BuildError
from deploykit.image import wheelhouse
from deploykit.image.index import File

OLDER, BEST = "six-1.16.0-py2.py3-none-any.whl", "six-1.16.0-py3-none-any.whl"


@pytest.fixture
def published(tmp_path, monkeypatch, isolated) -> Iterator[Path]:
    """The folder that an index serves, which this machine uses; its best wheel of six was added later."""
    folder = tmp_path / "index"
    folder.mkdir()
    with serving(folder) as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        project(folder, "six", {OLDER: "", BEST: ""})
        yield folder


def fetched(sha256: str) -> bytes:
    """The wheel of a committed lock, which names no address."""
    file = File(name="six", version="1.16.0", file=OLDER, sha256=sha256, size=1)
    [wheel] = wheelhouse.dependencies([file], TARGET, ca_file=None, progress=Lines())
    return wheel.path.read_bytes()


def test_the_locked_wheel_is_fetched_and_not_the_one_that_fits_best(published):
    for name in (OLDER, BEST):
        content = (published / "files" / name).read_bytes()
        assert fetched(hashlib.sha256(content).hexdigest()) == content


def test_a_wheel_that_is_damaged_in_the_cache_is_fetched_again(published):
    content = (published / "files" / OLDER).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    fetched(sha256)
    cache.blob(sha256).write_bytes(b"other")
    assert fetched(sha256) == content


def test_an_index_without_the_locked_wheel_is_said_to_have_another(published):
    with pytest.raises(BuildError, match=r"does not serve six 1\.16\.0 as it was locked") as caught:
        fetched("1" * 64)
    assert "1" * 64 in caught.value.why
