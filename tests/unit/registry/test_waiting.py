"""Work waits for a registry as long as that asks to, and says so; a question waits no longer than its own limit."""

import io
import tarfile
import time

import pytest
from tests.unit.registry.conftest import TIMEOUT
from tests.unit.registry.server import Canned
from tests.unit.steps import Steps

from deploykit.errors import UnreachableError
from deploykit.image.append import stream
from deploykit.registry import Registry, ThrottledError
from deploykit.registry.manifest import sha256
from deploykit.registry.mounts import Blobs

MOMENT = Canned(status=429, headers={"Retry-After": "1"})
TOO_LONG = Canned(status=429, headers={"Retry-After": "121"})
PRESSED = Canned(status=429)


@pytest.fixture
def said():
    return Steps()


@pytest.fixture
def working(small, said):
    """The client of work; its limit for one question is shorter than what the registry asks to wait."""
    return Registry(small.repository, timeout=TIMEOUT, progress=said)


@pytest.fixture
def layer(small):
    """One with a single file in it, which the registry has."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("file"))
    data = buffer.getvalue()
    small.blobs[sha256(data)] = data
    return sha256(data), len(data)


def read(working, layer, said):
    content = Blobs(working).content(*layer)
    return [member.name for member, _ in stream.entries(content, progress=said)]


def test_the_tag_that_comes_last_is_put_when_the_registry_wants_it(small, working, said):
    small.canned["PUT", "manifests/a"] = [MOMENT]
    began = time.monotonic()
    assert working.put_manifest("a", b"{}", "application/json") == sha256(b"{}")
    assert time.monotonic() - began >= 1
    assert said.said == [f"The registry of {small.repository} asks to wait: going on in 1 s"]


def test_a_layer_is_read_when_the_registry_wants_it(small, working, layer, said):
    small.canned["GET", layer[0]] = [MOMENT]
    began = time.monotonic()
    assert read(working, layer, said) == ["file"]
    assert time.monotonic() - began >= 1
    assert len(said.said) == 1


def test_who_does_not_say_how_long_is_asked_again_after_a_little_more_each_time(small, working, layer, said):
    small.canned["GET", layer[0]] = [PRESSED, PRESSED]
    small.canned["HEAD", "manifests/a"] = [PRESSED, PRESSED]
    began = time.monotonic()
    assert read(working, layer, said) == ["file"]
    assert working.digest("a") is None
    assert time.monotonic() - began >= 2 * (0.2 + 0.4)
    assert said.said == []


def test_more_than_two_minutes_are_not_waited(small, working, layer, said):
    small.canned["PUT", "manifests/a"] = [TOO_LONG]
    small.canned["GET", layer[0]] = [TOO_LONG]
    with pytest.raises(ThrottledError) as caught:
        working.put_manifest("a", b"{}", "application/json")
    assert caught.value.seconds == 121
    with pytest.raises(UnreachableError, match="could not be read"):
        read(working, layer, said)
    assert said.said == []


def test_a_question_does_not_press(small, client):
    small.canned["HEAD", "manifests/a"] = [PRESSED] * 2
    with pytest.raises(ThrottledError):
        client.digest("a")
    assert len(small.asked) == 1
