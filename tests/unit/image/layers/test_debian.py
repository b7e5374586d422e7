"""Debian's packages without apt: sources, signatures, versions, unpacking."""

import io
import lzma
import tarfile

import pytest
from tests.unit.steps import Steps

from deploykit.errors import BuildError, DeploykitError, IncompatibleError
from deploykit.image.layers.debian import newest, release, suites
from deploykit.image.layers.debian.deb import unpack
from deploykit.image.layers.debian.sources import Suite
from deploykit.image.layers.debian.versions import order

ONE_LINE = """
deb http://mirror.example/debian bookworm main contrib
# deb http://mirror.example/debian bookworm-backports main
deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] https://mirror.example/debian-security bookworm-security main
deb-src http://mirror.example/debian bookworm main
deb https://third.example/packages stable other
"""
STANZAS = """Types: deb deb-src
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
Enabled: yes

Types: deb
URIs: http://mirror.example/off
Suites: bookworm
Components: main
Enabled: no
"""


def named(found):
    return [(suite.address, suite.name) for suite in found]


def test_both_forms_of_apt_s_lists_are_read():
    assert named(suites({"/etc/apt/sources.list": ONE_LINE}.get)) == [
        ("http://mirror.example/debian", "bookworm"),
        ("https://mirror.example/debian-security", "bookworm-security"),
    ]
    assert named(suites({"/etc/apt/sources.list.d/debian.sources": STANZAS}.get)) == [
        ("http://mirror.example/debian", "bookworm"),
        ("http://mirror.example/debian", "bookworm-updates"),
        ("http://mirror.example/debian-security", "bookworm-security"),
    ]


def test_a_mirror_takes_the_place_of_the_base_s_list():
    base = {"/etc/apt/sources.list": ONE_LINE, "/etc/os-release": "ID=debian\nVERSION_CODENAME=trixie\n"}.get
    assert named(suites(base, mirror="https://cache.example/debian/")) == [
        ("https://cache.example/debian", "trixie"),
        ("https://cache.example/debian", "trixie-updates"),
        ("https://cache.example/debian-security", "trixie-security"),
    ]


def test_a_base_that_names_no_source_is_told_what_to_type():
    with pytest.raises(IncompatibleError) as caught:
        suites({}.get)
    assert "--apt-mirror" in caught.value.fix


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("17.0.19+10-1~deb12u2", "17.0.21.1+2-1~deb12u1"),
        ("17.0.9+9-1", "17.0.10+1-1"),
        ("1.0~rc1-1", "1.0-1"),
        ("1.0", "1.0-1"),
        ("2:1.0", "10:0.1"),
        ("1.0-1", "1.0-1+b1"),
        ("1.0-1~deb12u1", "1.0-1"),
        ("1.0a", "1.0+"),
        ("9", "10"),
    ],
)
def test_versions_have_the_order_of_dpkg(older, newer):
    assert order(older) < order(newer)
    assert not order(newer) < order(older)


SUITE = Suite(address="http://mirror.example/debian-security", name="bookworm-security")
LIST = """Codename: bookworm-security
Valid-Until: Sat, 01 Jan 2222 00:00:00 UTC
Acquire-By-Hash: yes
SHA256:
 8575ec1f224d635ce30646a2a1388bee267a7f37fae3f997687643c9ebb8fb43   378100 main/binary-amd64/Packages.xz
"""


def test_a_list_that_debian_signed_says_where_the_packages_are_listed(signed):
    text = release.verified(signed(LIST), SUITE)
    url, sha256, size = release.packages(text, SUITE, "amd64")
    assert url == f"{SUITE.address}/dists/bookworm-security/main/binary-amd64/by-hash/SHA256/{sha256}"
    assert (sha256[:8], size) == ("8575ec1f", 378100)


def test_a_list_that_was_changed_or_that_another_key_signed_is_refused(signed, monkeypatch, tmp_path):
    whole = signed(LIST)
    with pytest.raises(BuildError, match="cannot be trusted"):
        release.verified(whole.replace(b"378100", b"378101"), SUITE)
    monkeypatch.setattr(release, "KEYRING", tmp_path / "none.gpg")
    with pytest.raises(BuildError, match="cannot be trusted"):
        release.verified(whole, SUITE)


def test_text_around_what_was_signed_is_not_read(signed):
    whole = signed(LIST)
    assert "Evil" not in release.verified(whole + b"\nEvil: yes\n", SUITE)


def test_a_list_whose_time_is_over_or_of_another_suite_is_refused(signed):
    with pytest.raises(BuildError) as caught:
        release.verified(signed(LIST.replace("2222", "2002").replace("Sat", "Tue")), SUITE)
    assert "valid until" in caught.value.why
    with pytest.raises(BuildError):
        release.verified(signed(LIST.replace("bookworm", "buster")), SUITE)


@pytest.mark.parametrize(
    "ask",
    [
        lambda suite: newest({"x": None}, [suite], "amd64", ca_file=None, timeout=1, progress=Steps()),
        lambda suite: release.packages(LIST, suite, "s390x"),
        lambda suite: release.unverified(b"<html>", suite),
    ],
    ids=["away", "without a list", "no list"],
)
def test_a_mirror_s_password_is_in_no_error(closed_port, ask):
    suite = Suite(address=f"http://me:p@ssw0rd@127.0.0.1:{closed_port}/debian", name="bookworm")
    with pytest.raises(DeploykitError) as caught:
        ask(suite)
    error = caught.value
    assert f"http://***@127.0.0.1:{closed_port}/debian" in f"{error.what} {error.why}"
    assert "ssw0rd" not in f"{error.what} {error.why} {error.fix}"


def deb(tmp_path, *members):
    """A Debian package with these files, folders and links."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            elif content.startswith(b"->"):
                info.type, info.linkname = tarfile.SYMTYPE, content[2:].decode()
            else:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content or b""))
    path = tmp_path / "x.deb"
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, content in (
            ("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.xz", lzma.compress(packed.getvalue())),
        ):  # fmt: skip
            file.write(f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode())
            file.write(content + b"\n" * (len(content) % 2))
    return path


def test_a_package_is_unpacked_without_dpkg_and_its_links_stay_inside(tmp_path):
    package = deb(
        tmp_path, ("./usr/lib/jvm", None), ("./usr/lib/jvm/java.security", b"->/etc/java/java.security"),
        ("./etc/java/java.security", b"here"), ("./usr/share/doc/x", b"left out"),
    )  # fmt: skip
    unpack(package, tmp_path / "root", below=("usr/lib/jvm", "etc"))
    assert (tmp_path / "root/usr/lib/jvm/java.security").read_bytes() == b"here"
    assert not (tmp_path / "root/usr/share").exists()


def test_it_is_unpacked_by_a_python_older_than_the_filters_of_tarfile(tmp_path, monkeypatch):
    """3.11.2, as Debian 12 has it."""
    monkeypatch.delattr(tarfile, "tar_filter")
    monkeypatch.delattr(tarfile.TarInfo, "replace")
    unpack(deb(tmp_path, ("./etc/java", b"->/etc/x"), ("./etc/x", b"here")), tmp_path / "root", below=("etc",))
    assert (tmp_path / "root/etc/java").read_bytes() == b"here"


def test_a_package_whose_files_are_packed_in_another_way_is_told_in_a_sentence(tmp_path):
    package = deb(tmp_path, ("./etc/x", b"here"))
    package.write_bytes(package.read_bytes().replace(lzma.compress(b"")[:6], b"\x28\xb5\x2f\xfd\0\0"))
    with pytest.raises(BuildError, match="cannot be unpacked"):
        unpack(package, tmp_path / "root", below=("etc",))


def test_a_package_that_reaches_outside_is_refused(tmp_path):
    with pytest.raises(BuildError, match="leads out of it"):
        unpack(deb(tmp_path, ("./etc/../../../evil", b"x")), tmp_path / "root", below=("etc",))
    assert not (tmp_path / "evil").exists()
