"""The call of buildx, as it was reviewed; and what builds, and goes silent, does not last for ever."""

import fcntl
import re
import sys
import time
from pathlib import Path

import pytest
from tests.unit.image.silent_engine import silent_engine

from deploykit.cli.output import Lines
from deploykit.deadline import within
from deploykit.errors import BuildError
from deploykit.image import builder, engine
from deploykit.image.builder import buildx_command, run_logged
from deploykit.image.engine import Engine

IN_LATIN_1 = "import sys; sys.stdout.buffer.write('Fehler: Zertifikat ung\xfcltig'.encode('latin-1')); sys.exit(1)"
TALKS = "import time\nfor step in range(4): print(step, flush=True); time.sleep(0.2)"
GOES_SILENT = "import time; print('#1 pulling', flush=True); time.sleep(600)"
ENDS_WELL = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); " + GOES_SILENT
DOES_NOT_LISTEN = """
import fcntl, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
plugin = subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()])
print("#1 pulling", flush=True)
plugin.wait()
"""
"""As long as it, or what it started, is there, the file that it is given is locked."""


def test_buildx_loads_one_platform_without_attestations_and_keeps_values_out_of_its_arguments():
    command = buildx_command(
        Path("/context"),
        tag="mage:1",
        platform="linux/arm64",
        build_args={"https_proxy": "http://me:p4ssw0rd@proxy.example", "HTTP_PROXY": "x"},
        network="host",
    )
    assert command == (
        "docker", "buildx", "build", "--load", "--progress=plain", "--provenance=false", "--platform=linux/arm64",
        "--tag=mage:1", "--network=host", "--build-arg=HTTP_PROXY", "--build-arg=https_proxy", "/context",
    )  # fmt: skip


def test_buildx_uses_its_own_network_unless_told():
    command = buildx_command(Path("/context"), tag="mage:1", platform="linux/amd64", build_args={}, network=None)
    assert not [word for word in command if "network" in word]


def test_what_is_no_utf_8_is_shown_as_far_as_it_can_be():
    with pytest.raises(BuildError) as caught:
        run_logged([sys.executable, "-c", IN_LATIN_1], Lines(), silence=5)
    assert caught.value.why == "Fehler: Zertifikat ung\N{REPLACEMENT CHARACTER}ltig"


def test_a_build_that_goes_silent_is_ended_and_its_last_words_are_shown():
    began = time.monotonic()
    with pytest.raises(BuildError) as caught:
        run_logged([sys.executable, "-c", GOES_SILENT], Lines(), silence=0.5)
    assert time.monotonic() - began < 5
    assert caught.value.why == "#1 pulling\nIt gave no sign of life for 0.5 s."


def test_a_build_that_is_ended_has_failed_whatever_it_says_of_itself():
    with pytest.raises(BuildError, match="could not be built"):
        run_logged([sys.executable, "-c", ENDS_WELL], Lines(), silence=0.5)


class Interrupted(Lines):
    """Ctrl-C comes with the first line."""

    def log(self, line):
        if line.startswith("#1"):
            raise KeyboardInterrupt


@pytest.mark.parametrize(("progress", "error"), [(Lines(), BuildError), (Interrupted(), KeyboardInterrupt)])
def test_nothing_is_left_of_a_build_that_does_not_listen(tmp_path, monkeypatch, progress, error):
    monkeypatch.setattr(builder, "END_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(error):
        run_logged([sys.executable, "-c", DOES_NOT_LISTEN, str(tmp_path / "lock")], progress, silence=2)
    with (tmp_path / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert time.monotonic() - began < 10


def test_a_build_that_talks_may_last_longer_than_the_silence_that_ends_one():
    run_logged([sys.executable, "-c", TALKS], Lines(), silence=0.6)


BEGUN = {
    "pushed": lambda it, _: it.push("registry.example/mage", "1", progress=Lines()),
    "pulled": lambda it, _: it.pull("registry.example/mage:1", platform="linux/amd64", progress=Lines()),
    "built": lambda it, folder: it.build(
        folder, tag="mage", platform="linux/amd64", build_args={}, network=None, progress=Lines()
    ),
}


@pytest.mark.parametrize("done", BEGUN)
def test_what_an_engine_begins_and_goes_silent_over_has_failed(monkeypatch, tmp_path, done):
    monkeypatch.setattr(engine, "WORK_SECONDS", 1)
    monkeypatch.setattr(engine, "has_buildx", lambda: False)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    with silent_engine() as port:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        with pytest.raises(BuildError, match=f"could not be {done}") as caught:
            within(5, lambda: BEGUN[done](Engine(), tmp_path))
    assert re.search("timed out|no sign of life", caught.value.why)
