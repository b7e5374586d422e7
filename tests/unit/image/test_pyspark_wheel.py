"""PySpark's wheel from a small sdist of the same shape. The real one is compared with pip's in `tests/image`."""

import base64
import hashlib
import io
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from deploykit.image import pyspark_wheel

RELEASE = "4.1.1"
PKG_INFO = f"Metadata-Version: 2.1\nName: pyspark\nVersion: {RELEASE}\nProvides-Extra: connect\n\nVersion: {RELEASE}\n"
REQUIRES = "py4j>=0.10\n\n[connect]\ngrpcio>=1.76.0\npandas>=2.2.0\n\n[sql]\npandas>=2.2.0\n"
FILES = {
    "PKG-INFO": PKG_INFO,
    "setup.py": "raise SystemExit('nobody runs this')\n",
    "pyspark/__init__.py": "",
    "pyspark/sql/connect/session.py": "x = 1\n",
    "pyspark/find_spark_home.py": "#!/usr/bin/env python3\nprint()\n",
    "pyspark/python/lib/py4j.zip": "zip",
    "lib/pyspark.zip": "zip",
    "deps/jars/spark-core.jar": "jar" * 100,
    "deps/jars/sub/other.jar": "jar",
    "deps/bin/spark-submit": "#!/usr/bin/env bash\nexec\n",
    "deps/sbin/start-history-server.sh": "#!/usr/bin/env bash\n",
    "deps/data/mllib/x.txt": "data",
    "deps/examples/pi.py": "print(3)\n",
    "deps/licenses/LICENSE-a.txt": "licence",
    "deps/jarsomething/no.txt": "not a place",
    "pyspark.egg-info/requires.txt": REQUIRES,
    "pyspark.egg-info/SOURCES.txt": "",
}


def sdist(path: Path, files: dict[str, str] = FILES, *, mtime: int = 1_700_000_000) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"pyspark-{RELEASE}/{name}")
            info.size, info.mtime, info.uid = len(text), mtime, 501
            info.mode = 0o755 if text.startswith("#!") else 0o644
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def pack(tmp_path: Path, *, jars: bool, files: dict[str, str] = FILES, mtime: int = 1_700_000_000) -> Path:
    source = sdist(tmp_path / f"{mtime}.tar.gz", files, mtime=mtime)
    target = tmp_path / pyspark_wheel.file_name(RELEASE, jars=jars)
    pyspark_wheel.pack(source, RELEASE, target, jars=jars)
    return target


def contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as file:
        assert file.testzip() is None
        return {name: file.read(name).decode() for name in file.namelist()}


def test_the_whole_wheel_has_every_part_at_its_place(tmp_path):
    names = {name for name in contents(pack(tmp_path, jars=True)) if ".dist-info" not in name}
    assert names == {
        "pyspark/__init__.py",
        "pyspark/sql/connect/session.py",
        "pyspark/find_spark_home.py",
        "pyspark/python/lib/py4j.zip",
        "pyspark/python/lib/pyspark.zip",
        "pyspark/jars/spark-core.jar",
        "pyspark/jars/sub/other.jar",
        "pyspark/bin/spark-submit",
        "pyspark/sbin/start-history-server.sh",
        "pyspark/data/mllib/x.txt",
        "pyspark/examples/src/main/python/pi.py",
        "pyspark/licenses/LICENSE-a.txt",
        "pyspark-4.1.1.data/scripts/spark-submit",
        "pyspark-4.1.1.data/scripts/find_spark_home.py",
    }


def test_the_wheel_without_jars_has_a_jars_folder_and_nothing_that_starts_a_spark(tmp_path):
    names = {name for name in contents(pack(tmp_path, jars=False)) if ".dist-info" not in name}
    assert not [name for name in names if name.endswith(".jar") or "examples" in name or "/data/" in name]
    assert not [name for name in names if ".data/scripts" in name]
    assert "pyspark/jars/README.txt" in names
    assert "pyspark/sql/connect/session.py" in names


def test_the_version_without_jars_is_a_local_one_which_the_plain_one_matches(tmp_path):
    from packaging.specifiers import SpecifierSet

    found = message_from_string(contents(pack(tmp_path, jars=False))["pyspark-4.1.1+nojars.dist-info/METADATA"])
    assert found["Version"] == "4.1.1+nojars"
    assert SpecifierSet("==4.1.1").contains(found["Version"])
    assert found.get_payload() == f"Version: {RELEASE}\n", "only the header changes"


def test_requirements_come_from_requires_txt_with_their_extras(tmp_path):
    found = message_from_string(contents(pack(tmp_path, jars=True))["pyspark-4.1.1.dist-info/METADATA"])
    assert found.get_all("Requires-Dist") == [
        "py4j>=0.10",
        'grpcio>=1.76.0; extra == "connect"',
        'pandas>=2.2.0; extra == "connect"',
        'pandas>=2.2.0; extra == "sql"',
    ]
    assert found.get_all("Provides-Extra") == ["connect", "sql"]


def test_metadata_that_has_its_requirements_is_taken_as_it_is(tmp_path):
    own = PKG_INFO.replace("Provides-Extra: connect\n", "Provides-Extra: connect\nRequires-Dist: py4j==1\n")
    wheel = pack(tmp_path, jars=True, files={**FILES, "PKG-INFO": own})
    assert contents(wheel)["pyspark-4.1.1.dist-info/METADATA"] == own


@pytest.mark.parametrize("jars", [True, False])
def test_the_same_sources_give_the_same_bytes_whenever_they_were_packed(tmp_path, jars):
    first = pack(tmp_path, jars=jars, mtime=1).read_bytes()
    assert pack(tmp_path, jars=jars, mtime=2_000_000_000).read_bytes() == first


@pytest.mark.parametrize("jars", [True, False])
def test_the_record_lists_every_file_with_its_hash(tmp_path, jars):
    files = contents(pack(tmp_path, jars=jars))
    (record,) = [name for name in files if name.endswith("/RECORD")]
    rows = dict(line.split(",", 1) for line in files[record].splitlines())
    assert set(rows) == set(files)
    assert rows.pop(record) == ","
    for name, row in rows.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name].encode()).digest()).rstrip(b"=").decode()
        assert row == f"sha256={digest},{len(files[name].encode())}"


def test_what_was_executable_stays_so_and_python_scripts_begin_as_installers_want_it(tmp_path):
    wheel = pack(tmp_path, jars=True)
    with zipfile.ZipFile(wheel) as file:
        modes = {entry.filename: entry.external_attr >> 16 for entry in file.infolist()}
    assert modes["pyspark/bin/spark-submit"] == 0o100755
    assert modes["pyspark/__init__.py"] == 0o100644
    files = contents(wheel)
    assert files["pyspark-4.1.1.data/scripts/find_spark_home.py"] == "#!python\nprint()\n"
    assert files["pyspark-4.1.1.data/scripts/spark-submit"] == FILES["deps/bin/spark-submit"]
    assert files["pyspark/find_spark_home.py"] == FILES["pyspark/find_spark_home.py"]


def test_measured_bounds_take_the_place_of_declared_ones_in_the_metadata_alone(tmp_path):
    source, target = sdist(tmp_path / "sdist.tar.gz"), tmp_path / "bounds.whl"
    bounds = {"grpcio>=1.76.0": "grpcio>=1.48.1", "pandas>=9": "pandas"}
    pyspark_wheel.pack(source, RELEASE, target, jars=False, bounds=bounds)
    metadata = message_from_string(contents(target)[f"pyspark-{RELEASE}+nojars.dist-info/METADATA"])
    assert metadata.get_all("Requires-Dist") == [
        "py4j>=0.10",
        'grpcio>=1.48.1; extra == "connect"',
        'pandas>=2.2.0; extra == "connect"',
        'pandas>=2.2.0; extra == "sql"',
    ]
