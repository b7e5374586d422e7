"""What is wrong with the files of an image is found without running any of them."""

import base64
import hashlib
import struct
from pathlib import Path

import pytest
from tests.unit.image.plans import base, inventory, make

from deploykit.image import context
from deploykit.image.append import elf, imports, static
from deploykit.image.append.facts import Facts
from deploykit.image.append.static import Added, problems
from deploykit.image.platform import host_platform
from deploykit.request import Profile

SITE = "usr/local/lib/python3.10/site-packages"
LIBC = frozenset({"usr/lib/libc.so.6", "usr/lib/libpthread.so.0", "usr/lib/libm.so.6", "usr/lib/libdl.so.2"})
THIS_MACHINE = Path("/bin/true")


def entry(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


@pytest.fixture
def plan():
    held = ("grpcio", "grpcio-status", "googleapis-common-protos")
    return make(profile=Profile.SLIM, found=base(inventory(without=held)))


@pytest.fixture
def files(plan) -> dict[str, bytes]:
    """An image's files as they have to be, as far as the checks look at them."""
    found = {
        "opt/mage-ilum/lock.json": context.lock_file(plan).encode(),
        "opt/mage-ilum/lib/mage_ilum/__init__.py": b"",
    }
    versions = {file.name: file.version for file in plan.lock.added} | {"pyspark": "4.1.1+nojars"}
    modules = {
        "grpcio-status": {"grpc_status/__init__.py": b"", "grpc_status/rpc_status.py": b"import grpc\n"},
        "grpcio": {"grpc/__init__.py": b"from grpc import _x\nimport logging\n", "grpc/_x.py": b""},
        "googleapis-common-protos": {"google/rpc/error_details_pb2.py": b""},
        "pyspark": {
            "pyspark/__init__.py": b"",
            "pyspark/sql/__init__.py": b"",
            "pyspark/sql/connect/__init__.py": b"",
            "pyspark/sql/connect/session.py": b"import pandas\nfrom pyspark.sql import connect\n",
        },
    }
    for name, version in versions.items():
        info = f"{name.replace('-', '_')}-{version}.dist-info"
        own = modules.get(name, {}) | {f"{info}/METADATA": f"Name: {name}\nVersion: {version}\n".encode()}
        lines = [f"{path},{entry(data)},{len(data)}" for path, data in own.items()]
        own[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", "x/__pycache__/y.pyc,,"]).encode()
        found |= {f"{SITE}/{path}": data for path, data in own.items()}
    return found


@pytest.fixture
def wrong(plan):
    def wrong(files: dict[str, bytes], *, names: frozenset[str] = LIBC, **settings: object) -> dict[str, str]:
        added = Added(**settings)
        for path, data in files.items():
            added.see(path, data)
        base = frozenset({f"{SITE}/pandas", f"{Path(SITE).parent}/logging", *names})
        return {check.name: check.problem for check in problems(plan, Facts(names=base), added) if check.problem}

    return wrong


def test_an_image_as_it_has_to_be_passes(files, wrong):
    assert wrong(files) == {}


def test_a_file_that_is_not_the_one_of_its_wheel_is_found(files, wrong):
    files[f"{SITE}/grpc/_x.py"] = b"x = 1\n"
    assert wrong(files) == {"every file of a wheel is the one of its record": f"/{SITE}/grpc/_x.py is another file"}


def test_a_file_that_is_missing_is_found(files, wrong):
    del files[f"{SITE}/pyspark/sql/__init__.py"]
    assert f"/{SITE}/pyspark/sql/__init__.py is missing" in wrong(files).values()


def test_another_version_than_the_locks_is_found(files, wrong):
    metadata = f"{SITE}/py4j-0.10.9.9.dist-info/METADATA"
    files[metadata] = b"Name: py4j\nVersion: 0.10.9.7\n"
    assert "py4j is 0.10.9.7, not 0.10.9.9" in wrong(files)["distributions are those of the lock"]


def test_a_distribution_that_is_not_in_the_lock_is_found(files, wrong):
    files[f"{SITE}/six-1.dist-info/METADATA"] = b"Name: six\nVersion: 1\n"
    assert wrong(files)["distributions are those of the lock"] == "six is 1, not None"


def test_a_lock_of_another_plan_is_found(files, wrong):
    files["opt/mage-ilum/lock.json"] = b"{}"
    assert "the lock is the plan's" in wrong(files)


def test_a_whiteout_is_found(files, wrong):
    assert "nothing of the base is removed" in wrong({**files, "app/.wh.run_app.sh": b""})


def test_an_import_that_leads_nowhere_is_found(files, wrong):
    data = b"import nowhere_to_be_found\n"
    files["opt/mage-ilum/lib/mage_ilum/__init__.py"] = data
    assert wrong(files) == {"what is imported at the start is there": "nowhere_to_be_found is nowhere"}


def test_a_library_that_the_base_lacks_is_found(files, wrong):
    files["opt/x/true"] = THIS_MACHINE.read_bytes()
    assert wrong(files) == {}
    assert wrong(files, names=frozenset()) == {"libraries that they need are there": "/opt/x/true needs libc.so.6"}


def test_a_program_for_another_machine_is_found(files, wrong):
    data = bytearray(THIS_MACHINE.read_bytes())
    data[18] = 183 if data[18] != 183 else 62
    files["opt/x/true"] = bytes(data)
    assert any(name.startswith("programs and libraries are for") for name in wrong(files))


def test_layers_that_were_looked_at_before_are_not_missed(files, wrong):
    rest = {path: data for path, data in files.items() if "grpc" not in path and "google" not in path}
    assert wrong(rest) != {}
    assert wrong(rest, unread=frozenset({"dependencies"})) == {}


def test_what_a_program_says_about_itself_is_read():
    found = elf.read(THIS_MACHINE.read_bytes())
    assert found is not None
    assert found.platform == host_platform()
    assert "libc.so.6" in found.needed
    assert elf.read(b"#!/bin/sh\n") is None
    assert elf.read(THIS_MACHINE.read_bytes()[:100]) is None


def test_a_file_that_ends_before_the_names_of_its_libraries_tells_nothing():
    header = struct.pack("<4sBB10sHHIQQQIHHH", elf.MAGIC, 2, 1, b"", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2)
    loaded = struct.pack("<IIQQQQQQ", 1, 0, 0, 0, 0, 1 << 20, 1 << 20, 0)
    dynamic = struct.pack("<IIQQQQQQ", 2, 0, 176, 176, 0, 32, 32, 0)
    names_at, first_name = struct.pack("<qQ", 5, 1000), struct.pack("<qQ", 1, 0)
    data = header.ljust(64, b"\0") + loaded + dynamic + names_at + first_name
    assert elf.read(data) is None
    assert elf.read(data.ljust(1000, b"\0") + b"libc.so.6\0").needed == ("libc.so.6",)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import b", {"p.q", "p.q.b"}),
        ("from ..x import y", {"p.x", "p.x.y"}),
        ("try:\n import a\nexcept ImportError:\n pass", set()),
        ("if TYPE_CHECKING:\n import a", set()),
        ("def f():\n import a", set()),
        ("class C:\n import a", {"a"}),
    ],
)
def test_what_is_imported_at_once_is_read_from_the_source(source, found):
    assert imports.imported(source.encode(), "p.q.m", is_package=False) == found


def test_what_draws_may_lack_what_it_draws_with():
    assert static.DESKTOP.fullmatch("opt/java/lib/libawt_xawt.so")
    assert not static.DESKTOP.fullmatch("opt/java/lib/libnet.so")
