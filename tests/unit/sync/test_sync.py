"""A sync that cannot use a file has failed for that environment, and the next one goes on; an index is kept."""

import errno
from pathlib import Path

import pytest
from tests.unit.image.plans import REFERENCE, make
from tests.unit.registry.server import Canned, running
from tests.unit.steps import Steps
from tests.unit.supply_chain.images import push
from tests.unit.sync.environments import environment

from deploykit import files
from deploykit.deploy import values_image
from deploykit.errors import IncompatibleError, UnreachableError, UsageError
from deploykit.image.append import index
from deploykit.image.platform import MACHINES
from deploykit.image_reference import ImageReference
from deploykit.registry import Registry
from deploykit.sync import record, sync
from deploykit.sync.drift import Kind
from deploykit.sync.outcome import Options, Outcome

pytestmark = pytest.mark.usefixtures("isolated")


def run(*, check: bool = True) -> Outcome:
    return sync.run(environment(), Options(check=check), progress=Steps())


def test_a_file_that_cannot_be_read_is_the_error_of_its_environment():
    Path("dev/values.yaml").mkdir(parents=True)
    error = run().error
    assert isinstance(error, UsageError)
    assert error.what == "dev/values.yaml cannot be used."


def test_a_folder_that_cannot_be_made_is_the_error_of_its_environment():
    Path("dev").touch()
    error = run(check=False).error
    assert isinstance(error, UsageError)
    assert error.what.endswith("/dev cannot be used.")


def synced(*, text: str | None = None, repository: str, check: bool = False) -> Outcome:
    """A sync for Spark 4.1.1, with a values file of this text; REFERENCE is the base."""
    values = Path("dev/values.yaml")
    values.parent.mkdir(exist_ok=True)
    if text is not None:
        values.write_text(text, encoding="utf-8")
    asked = environment(repository=repository, base=REFERENCE, spark="4.1.1", any_platform=True)
    return sync.run(asked, Options(check=check), progress=Steps())


def test_a_values_file_that_nobody_made_is_said_to_be_new(isolated, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    with running() as small:
        push(make(repository=small.repository), Registry(small.repository))
        first = synced(repository=small.repository)
        second = synced(repository=small.repository)
    assert first.notes[0] == "There was no dev/values.yaml: what a sync writes is a new file of that name."
    assert (first.changed, second.changed, second.notes) == (True, False, ())


def test_a_record_that_cannot_be_read_is_said_and_kept(isolated, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    kept = Path("dev/values.yaml.sync.json")
    kept.parent.mkdir()
    kept.write_text("<<<<<<< HEAD\n", encoding="utf-8")
    with running() as small:
        push(make(repository=small.repository), Registry(small.repository))
        checked = synced(text="", repository=small.repository, check=True)
        assert [note.partition(",")[0] for note in checked.notes] == [f"{kept} cannot be read"]
        done = synced(repository=small.repository)
    assert (done.changed, done.notes[:1]) == (True, checked.notes)
    assert kept.with_name("values.yaml.sync.json.unread").read_text(encoding="utf-8") == "<<<<<<< HEAD\n"
    assert record.read(kept).syncs


@pytest.mark.parametrize("check", [True, False])
def test_a_registry_that_does_not_answer_is_no_drift(isolated, monkeypatch, closed_port, check):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    done = synced(repository=f"127.0.0.1:{closed_port}/mage", check=check)
    assert isinstance(done.error, UnreachableError)


def test_a_registry_that_lists_no_tags_is_asked_for_one(isolated, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    with running() as small:
        small.canned["GET", "tags/list"] = [Canned(status=403)]
        found = synced(repository=small.repository, check=True)
    assert found.error is None
    assert [drift.kind for drift in found.drift] == [Kind.VALUES]
    assert found.after is None


def test_a_full_disk_is_the_error_of_its_environment_and_a_bug_is_none(monkeypatch):
    def fails(code: int):
        def only_one(*_: object, **__: object) -> None:
            raise OSError(code, "words")

        monkeypatch.setattr(files, "only_one", only_one)

    fails(errno.ENOSPC)
    assert str(run(check=False).error) == "A file cannot be used."
    fails(errno.EBADF)
    with pytest.raises(OSError, match="words"):
        run(check=False)


@pytest.mark.parametrize("platforms", [("linux/arm64", "linux/s390x"), ("linux/ppc64le", "linux/s390x")])
def test_an_index_without_this_machine_s_platform_stays(monkeypatch, isolated, platforms):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    with running() as small:
        registry = Registry(small.repository)
        plans = [make(repository=small.repository, spark="4.0.1", platform=name) for name in platforms]
        for plan in (*plans, make(repository=small.repository)):
            push(plan, registry)
        deployed = ImageReference(small.repository, *index.put(plans, registry))
        text = values_image.with_image("", deployed, where=Path("dev/values.yaml"))
        error = synced(text=text, repository=small.repository).error
    assert isinstance(error, IncompatibleError)
    assert f"index of {' and '.join(platforms)}" in error.what
    assert error.fix == "name one platform in deploykit.toml", "nobody makes an image for the others"
    assert Path("dev/values.yaml").read_text(encoding="utf-8") == text


def test_an_index_stays_until_there_is_another_one_of_its_platforms(monkeypatch, isolated):
    monkeypatch.setenv("DOCKER_CONFIG", str(isolated))
    with running() as small:
        registry = Registry(small.repository)

        def index_for(spark: str) -> ImageReference:
            plans = [make(repository=small.repository, spark=spark, platform=name) for name in MACHINES.values()]
            for plan in plans:
                push(plan, registry)
            return ImageReference(small.repository, *index.put(plans, registry))

        def synced(spark: str) -> Outcome:
            asked = environment(repository=small.repository, base=REFERENCE, spark=spark, any_platform=True)
            return sync.run(asked, Options(), progress=Steps())

        values = Path("dev/values.yaml")
        values.parent.mkdir()
        values.write_text(values_image.with_image("", index_for("4.0.1"), where=values), encoding="utf-8")
        before = values.read_bytes()
        assert synced("4.0.1").error is None
        push(make(repository=small.repository), registry)  # of one platform
        error = synced("4.1.1").error
        assert isinstance(error, IncompatibleError)
        assert "index of linux/amd64 and linux/arm64" in error.what
        assert "--platform linux/amd64 --also-platform linux/arm64" in error.fix
        assert values.read_bytes() == before
        newer = index_for("4.1.1")
        assert synced("4.1.1").after == newer
        assert synced("4.1.1").drift == ()
