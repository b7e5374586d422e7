"""The build context and the plan's hash: the same for the same inputs, and another for any other.

`DEPLOYKIT_UPDATE_GOLDEN=1 pytest tests/unit/image` writes the golden Dockerfiles again; read the difference.
"""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.needs import REPOSITORY
from tests.unit.image.plans import base, inventory, make

from deploykit import assets
from deploykit.errors import BuildError
from deploykit.image import context
from deploykit.image.wheelhouse import Wheel
from deploykit.plan import Plan
from deploykit.request import Profile

pytestmark = pytest.mark.usefixtures("isolated")

GOLDEN = REPOSITORY / "tests" / "golden"


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def written(plan: Plan, folder: Path, *wheels: Wheel) -> dict[str, str]:
    context.write(plan, folder, dependencies=wheels[1:], pyspark=wheels[0] if wheels else None, extras={}, link=False)
    return hashes(folder)


@pytest.fixture
def own_assets(tmp_path, monkeypatch):
    """A copy of the image's sources that a test may change."""
    copy = tmp_path / "assets" / "images" / "mage"
    shutil.copytree(assets.image(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(assets, "image", lambda: copy)
    return copy


def reviewed(plan: Plan) -> str:
    """The Dockerfile without what every change of a source or release changes."""
    text = context.dockerfile(plan)
    for name in ("inputs", "layers", "sources", "version"):
        text = text.replace(
            f'io.deploykit.{name}="{plan.labels[f"io.deploykit.{name}"]}"', f'io.deploykit.{name}="<{name}>"'
        )
    return text


@pytest.mark.parametrize("profile", Profile)
def test_the_dockerfile_is_the_one_that_was_reviewed(profile):
    plan = make(profile=profile)
    text = reviewed(plan)
    path = GOLDEN / f"Dockerfile.{profile}"
    if os.environ.get("DEPLOYKIT_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_dockerfile_with_an_extra_is_the_one_that_was_reviewed():
    plan = make(extras=("jdbc",))
    text = reviewed(plan)
    path = GOLDEN / "Dockerfile.with-jdbc"
    if os.environ.get("DEPLOYKIT_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_last_stage_only_copies():
    for plan in (*(make(profile=profile) for profile in Profile), make(extras=("jdbc",))):
        last = context.dockerfile(plan).rpartition("\nFROM ")[2].splitlines()[1:]
        words = {line.split()[0] for line in last if line and not line.startswith(" ")}
        assert words == {"COPY", "ENV", "USER", "WORKDIR", "CMD", "LABEL"}
        assert all(line.startswith("COPY --from=") for line in last if line.startswith("COPY"))


def test_no_stage_uses_what_only_buildkit_knows():
    for profile in Profile:
        text = context.dockerfile(make(profile=profile))
        assert "--mount" not in text
        assert "<<" not in text
        assert "syntax=" not in text


def test_the_context_is_the_same_byte_for_byte_whenever_it_is_written(tmp_path):
    assert written(make(), tmp_path / "a") == written(make(), tmp_path / "b")


def test_what_running_the_sources_left_behind_is_not_in_the_context_and_not_in_the_hash(own_assets, tmp_path):
    before = make().inputs
    left = own_assets / "runtime" / "mage_ilum" / "__pycache__" / "x.cpython-311.pyc"
    left.parent.mkdir()
    left.write_bytes(b"x")
    assert make().inputs == before
    assert not [name for name in written(make(), tmp_path / "context") if "__pycache__" in name]


def cached(path: Path, file: str) -> Wheel:
    path.write_bytes(b"wheel")
    return Wheel(file=file, path=path, sha256=hashlib.sha256(b"wheel").hexdigest())


def test_wheels_are_in_the_context_under_their_own_names(tmp_path):
    wheels = (cached(tmp_path / "blob", name) for name in ("pyspark-1.whl", "a-1.whl"))
    names = written(make(), tmp_path / "context", *wheels)
    assert {name for name in names if name.startswith("wheels/")} == {
        "wheels/pyspark/pyspark-1.whl",
        "wheels/dependencies/a-1.whl",
    }


@pytest.mark.parametrize("link", [True, False])
def test_a_wheel_is_shared_with_the_cache_only_where_that_is_asked_for(tmp_path, link):
    wheel = cached(tmp_path / "blob", "pyspark-1.whl")
    context.write(make(), tmp_path / "context", dependencies=(), pyspark=wheel, extras={}, link=link)
    assert (tmp_path / "context" / "wheels" / "pyspark" / "pyspark-1.whl").samefile(wheel.path) is link


@pytest.mark.parametrize("link", [True, False])
def test_a_wheel_that_changed_in_the_cache_is_refused_and_removed(tmp_path, link):
    wheel = cached(tmp_path / "blob", "pyspark-1.whl")
    wheel.path.write_bytes(b"other")
    with pytest.raises(BuildError, match=r"pyspark-1\.whl changed in the cache"):
        context.write(make(), tmp_path / "context", dependencies=(), pyspark=wheel, extras={}, link=link)
    assert not wheel.path.exists()


def test_the_files_of_an_extra_are_in_a_folder_of_its_own_and_named_in_the_lock_file(tmp_path):
    plan = make(extras=("jdbc",))
    files = [cached(tmp_path / name, name) for name in ("jpype1-1.7.1.whl", "driver.jar")]
    context.write(plan, tmp_path / "context", dependencies=(), pyspark=None, extras={"jdbc": files}, link=False)
    names = {str(path.relative_to(tmp_path / "context")) for path in (tmp_path / "context" / "extras").rglob("*.*")}
    assert {"extras/jdbc/wheels/jpype1-1.7.1.whl", "extras/jdbc/files/driver.jar"} <= names
    locked = json.loads(context.lock_file(plan))
    assert locked["added"]["jpype1"] == "1.7.1"
    assert locked["with"] == {"jdbc": plan.extras[0].hashes}
    assert "kyuubi-hive-jdbc-shaded-1.9.2.jar" in locked["with"]["jdbc"]


@pytest.fixture
def private_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
@pytest.mark.parametrize("link", [True, False])
def test_the_images_user_may_read_the_files_of_an_extra_whatever_the_umask_here(tmp_path, link):
    driver = cached(tmp_path / "blob", "driver.jar")
    plan = make(extras=("jdbc",))
    context.write(plan, tmp_path / "context", dependencies=(), pyspark=None, extras={"jdbc": [driver]}, link=link)
    files = tmp_path / "context" / "extras" / "jdbc" / "files"
    assert [f"{path.stat().st_mode & 0o777:o}" for path in (files, files / "driver.jar")] == ["755", "644"]


def test_an_extra_counts_only_where_it_is_asked_for():
    assert "io.deploykit.with" not in make().labels
    assert make(extras=("jdbc",)).labels["io.deploykit.with"] == "jdbc"
    assert make(extras=("jdbc", "jdbc")).inputs == make(extras=("jdbc",)).inputs
    assert "with" not in json.loads(context.lock_file(make()))


def test_a_context_for_a_base_that_is_only_assumed_says_so():
    known = base()
    assumed = replace(known, digest="", inventory=replace(known.inventory, assumed=True))
    assert "NOT TO BE BUILT AS IT IS" in context.dockerfile(make(found=assumed))
    assert "NOT TO BE BUILT" not in context.dockerfile(make())


def test_where_things_are_fetched_from_is_in_the_context_and_not_in_the_hash(tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text("certificate")
    sources = tmp_path / "debian.sources"
    sources.write_text("Types: deb\n")
    plan = make(
        ca_file=ca,
        apt_sources=sources,
        apt_mirror="https://mirror.example/debian",
        maven_mirror="https://mirror.example/maven",
        network="host",
        repository="other.example/x",
    )
    assert plan.inputs == make().inputs
    written(plan, tmp_path / "context")
    assert (tmp_path / "context" / "stages" / "ca.pem").read_text() == "certificate"
    assert (tmp_path / "context" / "stages" / "apt.sources").read_text() == "Types: deb\n"
    assert (tmp_path / "context" / "stages" / "apt.mirror").read_text() == "https://mirror.example/debian"


def test_every_input_gives_another_hash():
    plans = {
        "as it is": make(),
        "spark": make(spark="4.1.2"),
        "spark line": make(spark="4.2.0"),
        "profile": make(profile=Profile.FULL),
        "no java": make(profile=Profile.SLIM),
        "java": make(java="17.0.99"),
        "warm": make(warm=False),
        "extra": make(extras=("jdbc",)),
        "base digest": make(found=base(digest="sha256:" + "1" * 64)),
        "what is added": make(found=base(inventory(without=("zstandard",)))),
    }
    assert len({plan.inputs for plan in plans.values()}) == len(plans)


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile.j2",
        "stages/install.sh",
        "stages/run_app.sh",
        "runtime/mage_ilum/sessions/session.py",
        "project/metadata.yaml",
    ],
)
def test_every_source_file_counts(own_assets, name):
    before = make().inputs
    with (own_assets / name).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert make().inputs != before


def test_a_new_source_file_and_a_mode_count(own_assets):
    seen = [make().inputs]
    script = own_assets / "stages" / "run_app.sh"
    script.chmod(script.stat().st_mode ^ 0o100)
    seen.append(make().inputs)
    (own_assets / "project" / "new.py").touch()
    seen.append(make().inputs)
    assert len(set(seen)) == 3


def test_a_file_that_is_not_built_in_does_not_count(own_assets):
    before = make().inputs
    (own_assets / "verify" / "inside.py").write_text("")
    assert make().inputs == before


def test_the_tag_names_mage_spark_profile_and_the_hash():
    plan = make(profile=Profile.SLIM, spark="3.5.7")
    assert plan.tag == f"0.9.80-spark3.5.7-slim-{plan.inputs[:8]}"
    assert plan.labels["io.deploykit.inputs"] == plan.inputs
    assert plan.labels["io.deploykit.java"] == ""


def test_the_lock_file_says_what_has_to_be_in_the_image():
    plan = make()
    found = json.loads(context.lock_file(plan))
    assert found["added"] == {file.name: file.version for file in plan.lock.added}
    assert found["reused"] == dict(plan.lock.reused)
    assert found["sha256"] == {file.file: file.sha256 for file in plan.lock.added}
    assert found["pyspark_sdist_sha256"] == plan.line.patches["4.1.1"].sha256
