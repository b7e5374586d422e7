"""Blobs of any size: what is asked, and what is put, with one login."""

from pathlib import Path

import pytest
from tests.unit.registry.server import SmallRegistry, running
from tests.unit.registry.test_login import log_in
from tests.unit.supply_chain.images import Said

from deploykit.registry import RefusedError, Registry
from deploykit.registry.contents import FileContent
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


def test_who_may_only_read_has_a_push_that_failed(tmp_path):
    with running(login="bearer", public=True) as small, pytest.raises(RefusedError):
        put(small, tmp_path)
