"""The lock: committed pins where they fit, and a refusal that names both requirements where nothing can."""

import re
import tomllib

import pytest
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import Version
from tests.unit.image.plans import REFERENCE, inventory

from deploykit import assets, catalog
from deploykit.errors import IncompatibleError, UnreachableError
from deploykit.image import committed, lock
from deploykit.image.inventory import Inventory

pytestmark = pytest.mark.usefixtures("isolated")

KNOWN = catalog.load()
LOCKS = sorted((assets.image() / "locks").glob("*.toml"))


def resolve(spark: str, found: Inventory) -> lock.Lock:
    version = KNOWN.spark(spark)
    return lock.resolve(version, KNOWN.lines[version.line], found, KNOWN, base=REFERENCE)


def read(path) -> committed.CommittedLock:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    found = committed.read(table["mage"], table["of"], table["python"])
    assert found is not None
    return found


def test_every_line_that_fits_the_default_mage_image_has_a_committed_lock():
    release = KNOWN.mage[KNOWN.defaults.mage]
    python = release.assumed.python
    fitting = [line for line in KNOWN.lines.values() if Version(python) >= Version(line.python.removeprefix(">="))]
    names = [*(f"spark-{line.line}" for line in fitting), *(f"with-{name}" for name in KNOWN.extras)]
    assert [committed.path(release.release, name, "3.10") for name in names] == LOCKS


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_committed_lock_is_written_again_byte_for_byte(path):
    assert committed.to_toml(read(path)) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_committed_lock_has_a_hashed_wheel_for_both_platforms_that_fits_them(path):
    pins = read(path)
    assert set(pins.files) == {"linux/amd64", "linux/arm64"}
    versions = {platform: {file.name: file.version for file in files} for platform, files in pins.files.items()}
    assert versions["linux/amd64"] == versions["linux/arm64"]
    for machine, platform in (("x86_64", "linux/amd64"), ("aarch64", "linux/arm64")):
        tags = {Tag(*text.split("-")) for text in lock.Target(python="3.10", machine=machine, glibc="2.36").tags()}
        for file in pins.files[platform]:
            name, version, _, wheel_tags = parse_wheel_filename(file.file)
            assert (name, str(version)) == (file.name, file.version)
            assert wheel_tags & tags, file.file
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.size > 0
            assert not file.url, "an address belongs to one machine's index"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_committed_lock_satisfies_everything_that_its_client_requires(path):
    from packaging.requirements import Requirement

    pins = read(path)
    versions = {**pins.against, **{file.name: file.version for file in pins.files["linux/amd64"]}}
    kind, _, name = pins.of.partition("-")
    client = (*KNOWN.lines[name].requires, *KNOWN.image_requires) if kind == "spark" else ()
    for text in client or KNOWN.extras[name].requires:
        requirement = Requirement(text)
        assert requirement.specifier.contains(versions[requirement.name]), text


def test_the_published_image_is_locked_without_asking_and_nothing_that_it_holds_is_added():
    found = inventory()
    locked = resolve("4.1.1", found)
    assert locked.source == "committed"
    assert {file.name for file in locked.added} == {"dumb-init", "py4j"}
    assert locked.reused["grpcio"] == "1.74.0"
    assert not {file.name for file in locked.added} & set(found.distributions)


def test_an_extra_is_locked_beside_the_client_without_asking():
    found = inventory()
    client = resolve("4.1.1", found)
    extra = lock.resolve_extra(KNOWN.extras["jdbc"], client, found, base=REFERENCE)
    assert extra.source == "committed"
    assert {file.name for file in extra.added} == {"jpype1"}
    assert extra.reused == {"packaging": found.distributions["packaging"]}


def test_a_base_that_has_what_an_extra_needs_keeps_it():
    found = inventory(jpype1="1.7.1")
    extra = lock.resolve_extra(KNOWN.extras["jdbc"], resolve("4.1.1", found), found, base=REFERENCE)
    assert extra.added == ()
    assert extra.reused["jpype1"] == "1.7.1"


def test_a_base_without_grpcio_gets_it_from_the_committed_lock():
    locked = resolve("4.1.1", inventory(without=("grpcio", "grpcio-status", "googleapis-common-protos", "zstandard")))
    assert locked.source == "committed"
    assert {"grpcio", "grpcio-status", "googleapis-common-protos", "zstandard"} <= {file.name for file in locked.added}


def test_a_base_in_which_anything_moved_is_resolved_anew_and_not_guessed():
    with pytest.raises(UnreachableError, match="package index"):
        resolve("4.1.1", inventory(protobuf="6.33.1"))


def test_the_constraints_hold_the_client_and_its_set_and_nothing_else():
    lines = resolve("4.1.1", inventory()).constraints(KNOWN.spark("4.1.1"))
    assert lines == (
        "pyspark==4.1.1",
        "grpcio==1.74.0",
        "grpcio-status==1.74.0",
        "protobuf==6.33.6",
        "googleapis-common-protos==1.76.0",
        "py4j==0.10.9.9",
        "pandas==2.3.3",
        "pyarrow==25.0.1",
        "numpy==1.26.4",
    )


@pytest.mark.parametrize(
    ("spark", "distribution", "version", "required"),
    [
        ("4.1.1", "grpcio", "1.46.3", "grpcio>=1.48.1"),
        ("4.0.5", "grpcio", "1.62.0", "grpcio>=1.67.0"),
        ("4.1.1", "grpcio_status", "1.46.3", "grpcio-status>=1.48.1"),
        ("4.1.1", "protobuf", "5.29.5", "protobuf>=6.33.0,<7"),
        ("4.1.1", "protobuf", "7.36.2", "protobuf>=6.33.0,<7"),
        ("4.2.0", "protobuf", "6.33.0", "protobuf>=6.33.5,<7"),
        ("3.5.7", "numpy", "2.1.0", "numpy>=1.15,<2"),
        ("3.5.7", "py4j", "0.10.9.9", "py4j==0.10.9.7"),
        ("4.1.1", "pandas", "2.1.4", "pandas>=2.2.0"),
    ],
)
def test_a_distribution_that_would_have_to_move_is_refused_with_both_requirements(
    spark, distribution, version, required
):
    name = distribution.replace("_", "-")
    with pytest.raises(IncompatibleError) as caught:
        resolve(spark, inventory(**{distribution: version}))
    assert caught.value.exit_code == 3
    assert caught.value.what == f"Spark {spark} and {REFERENCE} clash over {name}."
    assert f"requires {required};" in caught.value.why
    assert f"holds {name} {version}" in caught.value.why


def test_a_refusal_names_who_holds_the_distribution_where_that_is_known():
    from dataclasses import replace

    found = replace(inventory(protobuf="5.29.5"), requires={"mage-ai": ("protobuf<6", "requests")})
    with pytest.raises(IncompatibleError) as caught:
        resolve("4.1.1", found)
    assert "protobuf>=6.33.0,<7" in caught.value.why
    assert "(mage-ai 0.9.80 requires protobuf<6)" in caught.value.why


@pytest.mark.parametrize("name", ["pyspark", "pyspark-client", "pyspark-connect"])
def test_a_base_with_a_client_is_refused_with_the_way_out(name):
    with pytest.raises(IncompatibleError) as caught:
        resolve("3.5.0", inventory(**{name: "3.5.0"}))
    assert f"{REFERENCE} has a {name} 3.5.0 already" in caught.value.what
    assert "--base" in caught.value.fix


@pytest.mark.parametrize("python", ["3.11.7", "3.12.1"])
def test_a_base_with_a_newer_python_is_no_reason_to_refuse_spark_4_3(python):
    with pytest.raises(UnreachableError):  # it is resolved: the index is asked, which is closed here
        resolve("4.3.0", inventory(python=python))
