"""Files of Maven repositories: by a mirror on the loopback address, or by a Maven that does as it is told."""

import hashlib
import http.server
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploykit.catalog import Artifact
from deploykit.cli.output import Lines
from deploykit.errors import BuildError, UnreachableError, UsageError
from deploykit.image import maven

CONTENT = b"jar" * 1000
ARTIFACT = Artifact(coordinates="org.example:a-b:1.0", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))
OTHER = Artifact(coordinates="org.example:a-b:1.0", sha256="0" * 64, size=1)

# Does what `mvn dependency:copy` does, with what the test put into its file.
MAVEN = """#!{python}
import pathlib, shutil, sys
options = dict(text[2:].split("=", 1) for text in sys.argv if text.startswith("-D"))
if not pathlib.Path({jar!r}).exists():
    sys.stdout.reconfigure(encoding="latin-1")
    print("[ERROR] Could not find artifact " + options["artifact"] + " f\\xfcr")
    sys.exit(1)
shutil.copy({jar!r}, options["outputDirectory"] + "/a-b-1.0.jar")
"""


@pytest.fixture(autouse=True)
def own_cache(isolated):
    return isolated


@pytest.fixture
def mirror() -> Iterator[str]:
    """A repository by Maven's layout, below a path."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/maven/org/example/a-b/1.0/a-b-1.0.jar":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/maven/"
        server.shutdown()
        thread.join()


@pytest.fixture
def own_maven(tmp_path, monkeypatch) -> Path:
    """The file that the `mvn` on the PATH finds in its repository, or does not."""
    jar = tmp_path / "repository.jar"
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(MAVEN.format(python=sys.executable, jar=str(jar)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return jar


def fetch(artifact: Artifact = ARTIFACT, mirror: str | None = None) -> Path:
    return maven.into_cache(artifact, mirror=mirror, ca_file=None, progress=Lines())


def test_a_mirror_is_asked_by_mavens_layout_and_once(mirror):
    path = fetch(mirror=mirror)
    assert path.read_bytes() == CONTENT
    assert fetch(mirror="http://127.0.0.1:1/") == path


def test_a_mirror_that_serves_another_file_is_refused(mirror, own_cache):
    with pytest.raises(BuildError, match=r"a-b-1\.0\.jar"):
        fetch(OTHER, mirror)
    assert not (own_cache / "blobs").exists()


def test_a_mirror_without_the_file_is_unreachable_with_its_answer(mirror):
    with pytest.raises(UnreachableError) as caught:
        fetch(mirror=mirror + "other")
    assert "404" in caught.value.why
    assert "--maven-mirror" in caught.value.fix


def test_without_a_mirror_maven_is_asked(own_maven):
    own_maven.write_bytes(CONTENT)
    path = fetch()
    assert path.read_bytes() == CONTENT
    assert path.name == ARTIFACT.sha256


def test_what_maven_brings_is_checked_and_not_kept(own_maven, own_cache):
    own_maven.write_bytes(b"other")
    with pytest.raises(BuildError, match="is not the file that the catalog names"):
        fetch()
    assert not (own_cache / "blobs").exists()


def test_what_maven_says_is_told_whatever_it_is_written_in(own_maven):
    with pytest.raises(UnreachableError) as caught:
        fetch()
    assert caught.value.why == "[ERROR] Could not find artifact org.example:a-b:1.0 f\N{REPLACEMENT CHARACTER}r"


def test_without_maven_and_without_a_mirror_both_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(UsageError) as caught:
        fetch()
    assert "--maven-mirror" in caught.value.fix
