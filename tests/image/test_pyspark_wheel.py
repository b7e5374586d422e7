"""Our wheel of the published sdist against pip's: file by file."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
import uv
from packaging.requirements import Requirement
from tests.needs import TESTS_CACHE

from deploykit import catalog
from deploykit.cli.output import Lines
from deploykit.image import download, index, index_settings, pyspark_wheel
from deploykit.image.index import Target

RELEASE = "4.1.1"
OWN = {"RECORD", "WHEEL", "METADATA"}


@pytest.fixture(scope="module")
def own_cache() -> Iterator[Path]:
    """A cache for this test: deploykit itself keeps no sdist."""
    folder = TESTS_CACHE / "pyspark"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEPLOYKIT_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def sdist(own_cache) -> Path:
    """The published sdist, 455 MB."""
    known = catalog.load().lines["4.1"].patches[RELEASE]
    target = Target(python="3.10", machine="x86_64", glibc="2.36")
    (found,) = index.locate({"pyspark": RELEASE}, target, ca_file=None)
    assert (found.sha256, found.size) == (known.sha256, known.size)
    return download.into_cache(found, ca_file=None, progress=Lines())


@pytest.fixture(scope="module")
def by_pip(own_cache, sdist, tmp_path_factory) -> Path:
    """The wheel that the sdist's own `setup.py` makes; kept, since that takes a minute."""
    kept = own_cache / "by-pip" / f"{sdist.name}.whl"
    if not kept.is_file():
        folder = tmp_path_factory.mktemp("pip")
        named = folder / f"pyspark-{RELEASE}.tar.gz"
        named.symlink_to(sdist)
        build = [uv.find_uv_bin(), "build", "--quiet", "--wheel", "--python", sys.executable]
        command = [*build, "--config-setting=--build-option=--compression=stored", "-o", folder, named]
        subprocess.run(command, check=True, env=index_settings.environment(None), timeout=600)
        (wheel,) = folder.glob("*.whl")
        kept.parent.mkdir(exist_ok=True)
        shutil.move(wheel, kept)
    return kept


def contents(wheel: Path) -> dict[str, int]:
    """Each file's CRC, but for what describes the wheel itself."""
    with zipfile.ZipFile(wheel) as file:
        files = [entry for entry in file.infolist() if not entry.is_dir()]
    return {entry.filename: entry.CRC for entry in files if Path(entry.filename).name not in OWN}


def metadata(wheel: Path):
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(file.read(name))


def test_our_wheel_holds_what_pips_holds_and_asks_for_the_same(sdist, by_pip, tmp_path):
    ours = tmp_path / pyspark_wheel.file_name(RELEASE, jars=True)
    pyspark_wheel.pack(sdist, RELEASE, ours, jars=True)
    mine, theirs = contents(ours), contents(by_pip)
    assert mine.keys() - theirs.keys() == set()
    assert theirs.keys() - mine.keys() == set()
    assert {name for name in theirs if mine[name] != theirs[name]} == set()

    def requirements(wheel):
        return {str(Requirement(text)) for text in metadata(wheel).get_all("Requires-Dist")}

    assert requirements(ours) == requirements(by_pip)
    for key in ("Name", "Version", "Requires-Python"):
        assert metadata(ours)[key] == metadata(by_pip)[key]
    assert set(metadata(ours).get_all("Provides-Extra")) == set(metadata(by_pip).get_all("Provides-Extra"))


def test_the_wheel_without_jars_is_the_same_python(sdist, by_pip, tmp_path):
    ours = tmp_path / pyspark_wheel.file_name(RELEASE, jars=False)
    pyspark_wheel.pack(sdist, RELEASE, ours, jars=False)
    mine, theirs = contents(ours), contents(by_pip)
    assert {name for name in mine.keys() - theirs.keys() if ".dist-info/" not in name} == {"pyspark/jars/README.txt"}
    assert {name for name in mine.keys() & theirs.keys() if mine[name] != theirs[name]} == set()
    python = {name for name in theirs if name.startswith("pyspark/") and name.endswith(".py")}
    assert {name for name in python - mine.keys() if "/examples/" not in name} == set()
    assert ours.stat().st_size < 7_000_000
