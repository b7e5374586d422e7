"""What is kept of a layer's entries, whatever it is compressed with."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
import zstandard

from deploykit.cli.output import Lines
from deploykit.errors import BuildError
from deploykit.image.append.scan import scan
from deploykit.registry.contents import FileContent

SITE = "usr/local/lib/python3.10/site-packages"
METADATA = "Metadata-Version: 2.1\nName: Mage_AI\nVersion: 0.9.80\nRequires-Dist: pandas<3\n"
FILES = {
    f"{SITE}/mage_ai-0.9.80.dist-info/METADATA": (METADATA, 0o644),
    f"{SITE}/old-1.egg-info/PKG-INFO": ("Name: old\nVersion: 1\n", 0o644),
    f"{SITE}/old-1.egg-info/requires.txt": ("six\n", 0o644),
    "./app/run_app.sh": ("#!/bin/sh\n", 0o755),
    "usr/local/include/python3.10/patchlevel.h": ('#define PY_VERSION "3.10.13"\n', 0o644),
    "usr/lib/x86_64-linux-gnu/libc.so.6": ("\0GNU C Library stable release version 2.36.\n\0", 0o755),
    "etc/.wh.passwd": ("", 0o644),
    "opt/.wh..wh..opq": ("", 0o644),
    "home/somebody/big": ("x" * 100_000, 0o644),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(tmp_path / "cache"))


def layer() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, (text, mode) in FILES.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), mode
            archive.addfile(info, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.10"
        archive.addfile(link)
    return buffer.getvalue()


def in_two_members(data: bytes) -> bytes:
    return gzip.compress(data[:1000]) + gzip.compress(data[1000:])


def content(data: bytes, folder: Path) -> FileContent:
    path = folder / "layer"
    path.write_bytes(data)
    return FileContent(digest=f"sha256:{hashlib.sha256(data).hexdigest()}", size=len(data), path=path)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, in_two_members, zstandard.compress])
def test_what_is_worth_to_be_known_is_kept(compress, tmp_path):
    facts = scan(content(compress(layer()), tmp_path), progress=Lines())
    assert facts.distributions[f"{SITE}/mage_ai-0.9.80.dist-info"].version == "0.9.80"
    assert facts.distributions[f"{SITE}/mage_ai-0.9.80.dist-info"].requires == ("pandas<3",)
    assert facts.distributions[f"{SITE}/old-1.egg-info"].requires == ("six",)
    assert facts.text("/app/run_app.sh") == "#!/bin/sh\n"
    assert facts.is_program("/app/run_app.sh")
    assert set(facts.versions.values()) == {"3.10.13", "2.36"}
    assert facts.links == {"usr/local/bin/python3": "python3.10"}
    assert facts.gone == {"etc/passwd"}
    assert facts.opaque == {"opt"}
    assert not any("somebody" in path for path in (*facts.texts, *facts.names))


def test_a_layer_is_read_once(tmp_path):
    found = content(gzip.compress(layer()), tmp_path)
    first = scan(found, progress=Lines())
    found.path.unlink()
    assert scan(found, progress=Lines()) == first


def test_a_damaged_layer_tells_nothing(tmp_path):
    data = bytearray(layer())
    found = content(bytes(data), tmp_path)
    data[-1] ^= 1
    found.path.write_bytes(data)
    with pytest.raises(BuildError, match="damaged"):
        scan(found, progress=Lines())
    assert not (tmp_path / "cache" / "base-layers").exists()
