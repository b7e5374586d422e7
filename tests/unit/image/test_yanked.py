"""What an index says of published files: taken back, or a newer patch. A real uv asks a real web server."""

import functools
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.image.plans import make

from deploykit.errors import UnreachableError
from deploykit.image import index
from deploykit.image.index import Target

pytestmark = pytest.mark.usefixtures("isolated")

TARGET = Target(python="3.10", machine="x86_64", glibc="2.36")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


def project(folder: Path, name: str, files: dict[str, str]) -> None:
    """A project of the index: file names, and what each link has besides."""
    lines = []
    for file, attributes in files.items():
        version = file.removesuffix(".tar.gz").split("-")[1]
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        (folder / "files").mkdir(exist_ok=True)
        (folder / "files" / f"{file}.metadata").write_bytes(metadata)
        known = f'data-dist-info-metadata="sha256={hashlib.sha256(metadata).hexdigest()}"'
        content = f"what is in {file}".encode()
        (folder / "files" / file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        lines.append(f'<a href="/files/{file}#sha256={digest}" {known} {attributes}>{file}</a>')
    page = folder / "simple" / name
    page.mkdir(parents=True)
    (page / "index.html").write_text(f"<html><body>{''.join(lines)}</body></html>", encoding="utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of the index of a folder's projects."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def published(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder that an index serves, which this machine uses."""
    folder = tmp_path / "index"
    folder.mkdir()
    with serving(folder) as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        yield folder


def test_what_was_taken_back_is_named_with_its_reason(published):
    project(published, "six", {"six-1.16.0-py3-none-any.whl": 'data-yanked="broken on &lt;3.6"'})
    project(published, "attrs", {"attrs-24.1.0-py3-none-any.whl": 'data-yanked=""'})
    project(published, "idna", {"idna-3.7-py3-none-any.whl": ""})
    project(published, "pyspark", {"pyspark-4.1.1.tar.gz": 'data-yanked="wrong jars"'})
    pins = {"six": "1.16.0", "attrs": "24.1.0", "idna": "3.7", "pyspark": "4.1.1"}
    assert index.yanked(pins, TARGET, ca_file=None) == {
        "six": "broken on <3.6", "attrs": "no reason given", "pyspark": "wrong jars",
    }  # fmt: skip


def test_an_index_that_is_away_is_not_one_where_nothing_was_taken_back(monkeypatch, closed_port):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{closed_port}/simple")
    with pytest.raises(UnreachableError):
        index.yanked({"six": "1.16.0"}, TARGET, ca_file=None)


def test_the_newest_patch_of_a_line_is_found_without_fetching_it(published):
    project(
        published, "pyspark", {f"pyspark-{version}.tar.gz": "" for version in ("4.0.9", "4.1.1", "4.1.12", "4.2.0")}
    )
    assert index.newest("pyspark", "==4.1.*", TARGET, ca_file=None) == "4.1.12"


def test_whether_what_is_held_fits_is_not_asked_whatever_configuration_of_uv_is_named(published, tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    own.write_text(f'[[index]]\nurl = "{os.environ["UV_DEFAULT_INDEX"]}"\ndefault = true\n', encoding="utf-8")
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("UV_CONFIG_FILE", str(own))
    project(published, "six", {"six-1.16.0-py3-none-any.whl": ""})
    with (published / "files/six-1.16.0-py3-none-any.whl.metadata").open("a", encoding="utf-8") as metadata:
        metadata.write("Requires-Dist: nowhere\n")
    [found] = index.resolve(["six"], TARGET, held={"six": "1.16.0"}, preferred={}, ca_file=None)
    assert found.version == "1.16.0"


def test_a_pin_that_is_to_be_avoided_is_not_taken(published):
    project(published, "six", {"six-1.15.0-py3-none-any.whl": "", "six-1.16.0-py3-none-any.whl": ""})
    [usual] = index.resolve(["six"], TARGET, held={}, preferred={"six": "1.16.0"}, ca_file=None)
    [other] = index.resolve(["six"], TARGET, held={}, preferred={}, avoid=("six==1.16.0",), ca_file=None)
    assert (usual.version, other.version) == ("1.16.0", "1.15.0")


def test_a_committed_lock_with_a_pin_that_is_to_be_avoided_does_not_count():
    """The index is asked, which is away here; any other pin leaves the lock as it is."""
    held = make()
    [pin] = [f"{file.name}=={file.version}" for file in held.lock.added if file.name == "py4j"]
    assert make(avoid=("py4j==0.0.1",)).inputs == held.inputs
    with pytest.raises(UnreachableError):
        make(avoid=(pin,))
