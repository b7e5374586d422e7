"""Blobs of any size: what is asked, and what is put, with one login."""

import time
from pathlib import Path

import pytest
from tests.unit.mage_ilum.servers import blackhole
from tests.unit.registry.conftest import TIMEOUT
from tests.unit.registry.server import Canned, SmallRegistry, running
from tests.unit.registry.test_login import log_in
from tests.unit.supply_chain.images import Said

from deploykit.errors import BuildError, UnreachableError
from deploykit.registry import RefusedError, Registry
from deploykit.registry.contents import FileContent
from deploykit.registry.errors import BrokenOffError
from deploykit.registry.manifest import sha256
from deploykit.registry.mounts import Blobs

BLOB = b"a layer"


class Quiet(Said):
    def advance(self, name: str, done: int, total: int) -> None:
        pass


def put(small: SmallRegistry, folder: Path) -> bool:
    path = folder / "blob"
    path.write_bytes(BLOB)
    content = FileContent(digest=sha256(BLOB), size=len(BLOB), path=path)
    return Blobs(Registry(small.repository)).put(content, progress=Quiet())


def test_a_blob_is_asked_for_and_put_with_one_login(docker_config, tmp_path):
    with running(login="bearer") as small:
        log_in(docker_config, small.host)
        assert put(small, tmp_path)
        assert small.blobs[sha256(BLOB)] == BLOB
        assert [*small.tokens.values()] == ["repository:team/mage-ilum:pull,push"]


def invalid(code: str) -> Canned:
    return Canned(status=400, body=f'{{"errors":[{{"code":"{code}"}}]}}'.encode())


@pytest.mark.parametrize("code", ["DIGEST_INVALID", "SIZE_INVALID", "DENIED"])
def test_a_blob_that_the_registry_does_not_take_is_sent_once(small, tmp_path, code):
    small.canned["PUT", ""] = [invalid(code)] * 9
    with pytest.raises(BuildError, match="could not be pushed to") as caught:
        put(small, tmp_path)
    assert code in caught.value.why
    assert [asked.method for asked in small.asked].count("PUT") == 1


def test_an_upload_that_the_registry_does_not_know_any_more_is_begun_anew(small, tmp_path):
    small.canned["PUT", ""] = [invalid("BLOB_UPLOAD_INVALID")]
    assert put(small, tmp_path)
    assert [asked.method for asked in small.asked] == ["HEAD", "POST", "PUT", "POST", "PUT"]


def test_a_session_that_went_on_and_holds_other_bytes_is_begun_anew(small, tmp_path):
    """The registry had kept what came with an answer that was lost, and puts the same behind it."""
    small.canned["PUT", ""] = [Canned(status=502), invalid("DIGEST_INVALID")]
    small.canned["GET", ""] = [Canned(status=204)]
    assert put(small, tmp_path)
    assert [asked.method for asked in small.asked].count("POST") == 2


def test_an_answer_to_an_upload_that_is_cut_off_is_none(small, tmp_path):
    small.canned["PUT", ""] = [Canned(status=201, body=b"created", cut=True)]
    small.canned["GET", ""] = [Canned(status=404)]
    assert put(small, tmp_path)
    assert [asked.method for asked in small.asked].count("PUT") == 2


def test_a_registry_that_does_not_answer_is_waited_for_as_long_as_is_said():
    with blackhole() as port:
        blobs = Blobs(Registry(f"127.0.0.1:{port}/m", timeout=TIMEOUT))
        for ask in (blobs.has, lambda digest: next(blobs.content(digest, 1).blocks(0))):
            began = time.monotonic()
            with pytest.raises((UnreachableError, BrokenOffError)):
                ask(sha256(BLOB))
            assert time.monotonic() - began < TIMEOUT + 0.5


def test_who_may_only_read_has_a_push_that_failed(tmp_path):
    with running(login="bearer", public=True) as small, pytest.raises(RefusedError):
        put(small, tmp_path)
