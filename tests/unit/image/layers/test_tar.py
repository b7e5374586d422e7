"""The same files give the same tar, and every reader of tar reads them."""

import hashlib
import io
import os
import tarfile

import pytest

from deploykit.errors import BuildError
from deploykit.image.layers import tar

LONG = "usr/local/lib/python3.10/site-packages/" + "package/" * 12 + "module.py"
TOO_LONG = "usr/" + "a" * 120 + "/" + "b" * 120
FILES = {
    "app/run_app.sh": (b"#!/bin/sh\n", 0o755),
    "app/empty": (b"", 0o644),
    "app/block": (b"x" * 512, 0o444),
    LONG: (b"long\n", 0o644),
    TOO_LONG: (b"too long\n", 0o644),
    "usr/lib/F\u0151tan\u00fas\u00edtv\u00e1ny.crt": (b"not ASCII\n", 0o644),
}


def laid_out(root, *, backwards=False):
    for path, (content, mode) in sorted(FILES.items(), reverse=backwards):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        (root / path).chmod(mode)
    (root / "app" / "link").symlink_to("run_app.sh")
    for folder, _, _ in os.walk(root):
        os.chmod(folder, 0o755)  # noqa: PTH101 - as given by os.walk
    (root / "app").chmod(0o775)
    return root


def written(root):
    return b"".join(tar.blocks(root))


@pytest.fixture
def members(tmp_path):
    with tarfile.open(fileobj=io.BytesIO(written(laid_out(tmp_path / "layer")))) as archive:
        return {
            member.name: (member, archive.extractfile(member).read() if member.isreg() else b"") for member in archive
        }


def test_every_file_is_read_back_with_its_content_and_mode(members):
    assert {
        name: (content, member.mode & 0o7777) for name, (member, content) in members.items() if member.isreg()
    } == FILES


def test_a_link_is_a_link(members):
    assert (members["app/link"][0].linkname, members["app/link"][0].mode & 0o7777) == ("run_app.sh", 0o777)


def test_a_folder_comes_before_what_is_in_it_and_keeps_its_mode(members):
    names = list(members)
    assert all(names.index(name.rpartition("/")[0]) < names.index(name) for name in names if "/" in name)
    assert members["app"][0].mode & 0o7777 == 0o775


def test_everything_is_root_s_and_of_1980(members):
    for member, _ in members.values():
        assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "root", "root", 315532800)


def test_the_order_in_which_files_were_made_and_their_dates_change_nothing(tmp_path):
    one, other = laid_out(tmp_path / "one"), laid_out(tmp_path / "other", backwards=True)
    os.utime(other / "app" / "empty", (1, 1))
    assert written(one) == written(other)


def test_the_bytes_are_those_that_docker_s_builder_wrote(tmp_path):
    # The digest that Docker 20.10 gave to a layer of the same file, by `COPY`.
    (tmp_path / "opt" / "mage-ilum").mkdir(parents=True)
    (tmp_path / "opt").chmod(0o755)
    (tmp_path / "opt" / "mage-ilum").chmod(0o755)
    (tmp_path / "opt" / "mage-ilum" / "constraints.txt").write_text("pyspark==4.1.1\n")
    (tmp_path / "opt" / "mage-ilum" / "constraints.txt").chmod(0o644)
    assert (
        hashlib.sha256(written(tmp_path)).hexdigest()
        == "a7a9ec26f20b2cceb46ba14a14b6f51f85a82a1776fc913a941486fd1d1e19dd"
    )


def test_what_is_neither_file_nor_folder_nor_link_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BuildError, match="/pipe is no file, folder or link"):
        written(tmp_path)
