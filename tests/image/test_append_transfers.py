"""Blobs of any size between this machine and registries that break off, refuse, redirect or want to be left alone.

All of it is the real registry; what goes wrong does so in the proxy before it.
"""

import hashlib
import http.client
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.sync.calls import On
from tests.sync.exchange import Exchange
from tests.sync.faults import half, status
from tests.sync.registry_proxy import RegistryProxy

from deploykit.cli.output import Lines
from deploykit.errors import BuildError, DeploykitError, UnreachableError
from deploykit.image.append import stream
from deploykit.registry import Registry
from deploykit.registry.contents import FileContent
from deploykit.registry.mounts import Blobs
from deploykit.registry.uploads import PIECE

SIZE = 3 * PIECE + 12345
UP, DOWN = "PUT upload", "GET blob"


@dataclass(frozen=True)
class Here:
    """A repository behind the proxy, and a file that is nowhere yet."""

    proxy: RegistryProxy
    repository: str
    file: FileContent

    @property
    def blobs(self) -> Blobs:
        return Blobs(Registry(self.repository))

    def put(self) -> bool:
        return self.blobs.put(self.file, progress=Lines())

    def is_whole(self) -> bool:
        """What the registry gives back is the file; asked around the proxy's faults."""
        self.proxy.heal()
        content = self.blobs.content(self.file.digest, self.file.size)
        return b"".join(content.blocks(0)) == self.file.path.read_bytes()


@pytest.fixture
def file(tmp_path: Path) -> FileContent:
    path = tmp_path / "blob"
    path.write_bytes(os.urandom(SIZE))
    return FileContent(digest=f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}", size=SIZE, path=path)


@pytest.fixture
def here(registry: str, repository: str, file: FileContent, tmp_path: Path, monkeypatch) -> Iterator[Here]:
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        yield Here(proxy, f"{proxy.host}/{repository.partition('/')[2]}", file)


class Remembers:
    """A registry that keeps what came before a connection ended, and says how much that was.

    The testbed's has it too, but then calls the upload invalid; others, as the specification has it, go on.
    """

    location = ""

    def kept_in_part(self, exchange: Exchange) -> None:
        data = b"".join(exchange.body())[: SIZE // 2]
        upstream = http.client.HTTPConnection(exchange.registry.upstream, timeout=60)
        path = exchange.path.partition("&digest=")[0]
        headers = {"Content-Type": "application/octet-stream", "Host": exchange.registry.host}
        upstream.request("PATCH", path, body=data, headers=headers)
        answer = upstream.getresponse()
        assert answer.status == 202
        self.location = str(answer.getheader("Location"))
        upstream.close()
        exchange.hang_up()

    def says_how_much(self, exchange: Exchange) -> None:
        exchange.answer(204, {"Location": self.location, "Range": f"0-{SIZE // 2 - 1}"})


def limited(exchange: Exchange) -> None:
    """A gateway that takes bodies of 1 MiB at most, as nginx does unless it is told otherwise."""
    if int(exchange.headers.get("Content-Length") or 0) > 1 << 20:
        exchange.answer(413)
    else:
        exchange.forward()


def test_a_blob_is_sent_once_in_one_piece(here):
    assert here.put()
    assert here.proxy.counted()["deploykit PUT upload"] == 1
    assert not here.put()
    assert here.is_whole()


def test_an_upload_that_broke_off_goes_on_where_the_registry_says(here):
    registry = Remembers()
    here.proxy.inject(On(kind=UP, times=1), registry.kept_in_part)
    here.proxy.inject(On(kind="GET upload"), registry.says_how_much)
    assert here.put()
    again = sum(call.up for call in here.proxy.calls if call.kind == "PATCH upload")
    assert again == SIZE - SIZE // 2
    assert here.is_whole()


def test_an_upload_that_broke_off_and_that_the_registry_calls_invalid_then_is_begun_anew(here):
    here.proxy.inject(On(kind=UP, times=1), Remembers().kept_in_part)
    assert here.put()
    assert here.proxy.counted()["deploykit POST upload"] == 2
    assert here.is_whole()


@pytest.mark.parametrize("code", [500, 502, 503])
def test_an_upload_that_met_a_registry_in_trouble_is_tried_again(here, code):
    here.proxy.inject(On(kind=UP, times=2), status(code))
    assert here.put()
    assert here.is_whole()


def test_an_upload_waits_as_long_as_the_registry_asks_to(here):
    here.proxy.inject(On(kind=UP, times=1), status(429, retry_after=1))
    assert here.put()
    assert here.is_whole()


def test_who_asks_to_wait_for_an_hour_is_not_waited_for(here):
    here.proxy.inject(On(kind=UP), status(429, retry_after=3600))
    with pytest.raises(UnreachableError, match="too many requests") as raised:
        here.put()
    assert "3600 s" in raised.value.why


def test_behind_a_gateway_that_limits_bodies_a_blob_goes_in_pieces(here):
    for kind in (UP, "PATCH upload"):
        here.proxy.inject(On(kind=kind), limited)
    assert here.put()
    assert here.proxy.counted()["deploykit PATCH upload"] == 4
    assert here.is_whole()


def test_a_session_that_the_registry_has_forgotten_is_begun_anew(here):
    here.proxy.inject(On(kind=UP, times=1), status(404))
    assert here.put()
    assert here.proxy.counted()["deploykit POST upload"] == 2
    assert here.is_whole()


def test_a_registry_that_never_gets_well_ends_in_an_error_of_ours(here, monkeypatch):
    monkeypatch.setattr("deploykit.registry.uploads.TRIES", 2)
    here.proxy.inject(On(kind=UP), status(500))
    with pytest.raises(DeploykitError) as raised:
        here.put()
    assert "500" in raised.value.why


def test_bytes_that_are_not_those_of_the_digest_are_never_there(here, monkeypatch):
    monkeypatch.setattr("deploykit.registry.uploads.TRIES", 2)
    here.file.path.write_bytes(bytes(SIZE))
    with pytest.raises(BuildError):
        here.put()
    assert not here.blobs.has(here.file.digest)


def test_a_login_that_may_not_write_is_a_push_that_failed(here):
    here.proxy.inject(On(kind="POST upload"), status(403))
    with pytest.raises(BuildError, match="could not be pushed to"):
        here.put()


def test_a_blob_of_another_repository_is_mounted_and_not_sent(here, registry):
    here.put()
    other = Registry(f"{here.repository}-other")
    taken = Blobs(other, reads=(here.blobs.registry,)).take(here.file.digest, SIZE, source=here.blobs, progress=Lines())
    assert taken == "mounted"
    assert here.proxy.counted(other.location.path)["deploykit PUT upload"] == 0
    asked = [call for call in here.proxy.calls if call.kind == "token"]
    assert asked


def test_a_mount_that_is_refused_becomes_a_copy_that_the_disk_never_sees(here):
    def refused(exchange: Exchange) -> None:
        exchange.path = exchange.path.partition("?")[0]
        exchange.forward()

    here.put()
    here.proxy.inject(On(kind="mount"), refused)
    other = Blobs(Registry(f"{here.repository}-other"))
    assert other.take(here.file.digest, SIZE, source=here.blobs, progress=Lines()) == "copied"
    assert b"".join(other.content(here.file.digest, SIZE).blocks(0)) == here.file.path.read_bytes()


def test_a_copy_from_another_registry_goes_on_when_either_side_breaks_off(here, registry):
    here.put()
    here.proxy.inject(On(kind=DOWN, times=2), half)
    with RegistryProxy(registry, login=False) as second:
        second.inject(On(kind=UP, times=1), status(502))
        there = Blobs(Registry(f"{second.host}/{urlsplit(here.repository).path.partition('/')[2]}x"))
        assert there.take(here.file.digest, SIZE, source=here.blobs, progress=Lines()) == "copied"
        assert b"".join(there.content(here.file.digest, SIZE).blocks(0)) == here.file.path.read_bytes()


def test_an_object_store_that_a_blob_is_redirected_to_never_sees_the_login(here, registry):
    seen: list[str | None] = []

    def look(exchange: Exchange) -> None:
        seen.append(exchange.headers.get("Authorization"))
        exchange.forward()

    here.put()
    with RegistryProxy(registry, login=False) as store:
        store.inject(On(kind=DOWN), look)
        here.proxy.inject(
            On(kind=DOWN), lambda exchange: exchange.answer(307, {"Location": f"http://{store.host}{exchange.path}"})
        )
        content = here.blobs.content(here.file.digest, SIZE)
        assert b"".join(content.blocks(SIZE - 10)) == here.file.path.read_bytes()[-10:]
    assert seen == [None]


def test_a_layer_that_breaks_off_while_it_is_read_goes_on(here, registry, base_image):
    """The smallest layers of the base; what is read of them is the same as without trouble."""
    base = Registry(base_image.rpartition(":")[0])
    layers = base.manifest(base_image.rpartition(":")[2]).content["layers"]
    smallest = min(layers, key=lambda layer: layer["size"])
    behind = Blobs(Registry(f"{here.proxy.host}/{base.location.path}"))
    here.proxy.inject(On(kind=DOWN, times=3, base=True), half)

    def names(blobs: Blobs) -> list[str]:
        content = blobs.content(smallest["digest"], smallest["size"])
        return [member.name for member, _ in stream.entries(content, progress=Lines())]

    assert names(behind) == names(Blobs(base))
    assert here.proxy.met == 3
