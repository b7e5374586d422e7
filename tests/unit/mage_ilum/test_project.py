"""The project is laid out once, its templates follow the image, and what a person wrote stays."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from mage_ilum.project import create as creation
from mage_ilum.project import templates as refreshing
from mage_ilum.project.create import SHIPPED, create
from mage_ilum.project.templates import RECORD, refresh

CUSTOM = SHIPPED / "custom_templates"
UUIDS = sorted(template.name for template in (CUSTOM / "blocks").iterdir())
CODE = Path("blocks/ilum_spark_loader/ilum_spark_loader.py")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def run(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-m", "mage_ilum.project", path],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The templates of a later image: one changed, one more."""
    folder = tmp_path / "newer"
    shutil.copytree(CUSTOM, folder)
    with (folder / CODE).open("a") as code:
        code.write("# newer\n")
    shutil.copytree(folder / "blocks" / "ilum_sql", folder / "blocks" / "ilum_more")
    return folder


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """The `custom_templates` of a project that an image has started with once."""
    folder = tmp_path / "project" / "custom_templates"
    refresh(CUSTOM, folder)
    return folder


def test_a_fresh_project_is_the_default_one_with_every_template(tmp_path):
    folder = tmp_path / "new" / "default_repo"
    done = run(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"mage-ilum: created the project {folder}",
        f"mage-ilum: block templates: {len(UUIDS)} added, 0 updated",
    ]
    found = contents(folder)
    del found[f"custom_templates/{RECORD}"]
    assert found == contents(SHIPPED)


def test_a_second_start_says_and_changes_nothing(tmp_path):
    run(tmp_path / "project")
    before = contents(tmp_path)
    done = run(tmp_path / "project")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert contents(tmp_path) == before


def test_an_existing_project_gets_the_templates_and_nothing_else(tmp_path):
    own = {"metadata.yaml": b"spark_config: {spark_master: local}\n", "data_loaders/mine.py": b"mine = 1\n"}
    for name, content in own.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert run(tmp_path).returncode == 0
    found = contents(tmp_path)
    assert {name: found.pop(name) for name in own} == own
    assert {Path(name).parts[0] for name in found} == {"custom_templates"}


def test_a_creation_that_was_cut_off_is_finished_and_keeps_what_was_written_since(tmp_path):
    (tmp_path / creation.UNFINISHED).touch()
    (tmp_path / "metadata.yaml").write_text("mine: true\n")
    assert create(SHIPPED, tmp_path)
    assert (tmp_path / "metadata.yaml").read_text() == "mine: true\n"
    assert (tmp_path / "pipelines" / "account_totals" / "metadata.yaml").is_file()
    assert not create(SHIPPED, tmp_path)


class Meanwhile(type(Path())):
    """A folder in which another pod begins to lay out the project while it is listed."""

    def iterdir(self):
        for name in (creation.UNFINISHED, "metadata.yaml"):
            (self / name).touch()
        return super().iterdir()


def test_a_project_that_another_pod_has_begun_is_finished_and_not_taken_for_somebodys(tmp_path):
    assert create(SHIPPED, Meanwhile(tmp_path))
    assert (tmp_path / "pipelines" / "account_totals" / "metadata.yaml").is_file()


def test_a_folder_that_a_volume_brings_empty_becomes_the_project(tmp_path):
    (tmp_path / "lost+found").mkdir()
    assert create(SHIPPED, tmp_path)


@pytest.mark.parametrize("kind", ["main", "sub"])
def test_a_project_of_projects_is_left_to_mage(tmp_path, kind):
    done = run(tmp_path / "project", PROJECT_TYPE=kind)
    assert done.returncode == 0
    assert not (tmp_path / "project").exists()


def test_an_upgrade_updates_what_nobody_edited_and_adds_what_is_new(templates, newer):
    changes = refresh(newer, templates)
    assert (changes.added, changes.updated, changes.kept) == (["ilum_more"], ["ilum_spark_loader"], [])
    assert (templates / CODE).read_bytes() == (newer / CODE).read_bytes()


def test_an_edited_template_is_kept_over_upgrades_and_named(templates, newer):
    (templates / CODE).write_text("mine = 1\n")
    assert refresh(CUSTOM, templates).kept == []
    for _ in range(2):
        changes = refresh(newer, templates)
        assert (changes.updated, changes.kept) == ([], ["ilum_spark_loader"])
        assert (templates / CODE).read_text() == "mine = 1\n"


def test_a_template_whose_description_was_edited_keeps_its_code_too(templates, newer):
    (templates / CODE).with_name("metadata.yaml").write_text("name: mine\n")
    before = (templates / CODE).read_bytes()
    assert refresh(newer, templates).kept == ["ilum_spark_loader"]
    assert (templates / CODE).read_bytes() == before


def test_a_deleted_template_does_not_come_back(templates, newer):
    shutil.rmtree((templates / CODE).parent)
    refresh(CUSTOM, templates)
    assert refresh(newer, templates).updated == []
    assert not (templates / CODE).exists()


def test_a_template_of_the_same_name_that_was_there_before_is_somebodys(tmp_path):
    (tmp_path / CODE).parent.mkdir(parents=True)
    (tmp_path / CODE).write_text("mine = 1\n")
    changes = refresh(CUSTOM, tmp_path)
    assert changes.kept == ["ilum_spark_loader"]
    assert (tmp_path / CODE).read_text() == "mine = 1\n"


def test_other_templates_of_the_project_are_not_touched(templates, newer):
    (templates / "blocks" / "mine").mkdir()
    (templates / "blocks" / "mine" / "mine.py").write_text("mine = 1\n")
    refresh(newer, templates)
    assert (templates / "blocks" / "mine" / "mine.py").read_text() == "mine = 1\n"


@pytest.mark.parametrize("cut", ["code", "record"])
def test_an_update_that_was_cut_off_is_finished(templates, newer, cut):
    shutil.copy(newer / CODE, templates / CODE)
    if cut == "record":
        shutil.copytree(newer / "blocks", templates / "blocks", dirs_exist_ok=True)
    refresh(newer, templates)
    assert contents(templates / "blocks") == contents(newer / "blocks")
    assert refresh(newer, templates) == refreshing.Changes()


def test_a_first_start_that_was_cut_off_is_finished(tmp_path):
    (tmp_path / CODE).parent.mkdir(parents=True)
    shutil.copy(CUSTOM / CODE, tmp_path / CODE)
    refresh(CUSTOM, tmp_path)
    assert contents(tmp_path / "blocks") == contents(CUSTOM / "blocks")


@pytest.mark.parametrize("record", ["", "{", "[]", '{"blocks/ilum_sql/ilum_sql.py": 7}'])
def test_a_record_that_cannot_be_read_costs_no_edit(templates, newer, record):
    (templates / CODE).write_text("mine = 1\n")
    (templates / RECORD).write_text(record)
    refresh(newer, templates)
    assert (templates / CODE).read_text() == "mine = 1\n"
    assert json.loads((templates / RECORD).read_text())


def test_pods_that_start_at_once_end_with_one_whole_project(tmp_path):
    folder, answers = tmp_path / "project", []
    together = threading.Barrier(4)

    def start():
        together.wait()
        create(SHIPPED, folder)
        refresh(CUSTOM, folder / "custom_templates")
        answers.append(True)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(answers) == 4
    found = contents(folder)
    del found[f"custom_templates/{RECORD}"]
    assert found == contents(SHIPPED)


def test_a_volume_that_cannot_be_written_stops_nothing_where_there_is_a_project(tmp_path):
    """A file where the templates' folder should be refuses root too, unlike a mode."""
    (tmp_path / "metadata.yaml").touch()
    (tmp_path / "custom_templates").touch()
    done = run(tmp_path)
    assert done.returncode == 0
    assert "were not brought up to date: Not a directory." in done.stderr
    assert "chmod" not in done.stderr


def test_a_project_that_belongs_to_another_user_is_told_as_that(tmp_path, monkeypatch, capsys):
    """Root may write everywhere, so the refusal is made up."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "metadata.yaml").touch()
    monkeypatch.setattr(creation, "refresh", refused)
    creation.main([str(tmp_path)])
    said = capsys.readouterr().err
    assert "were not brought up to date: Permission denied." in said
    assert f"Try: `chmod -R g+rwX '{tmp_path}'`" in said


def test_where_no_project_can_be_created_the_start_ends_with_the_reason(tmp_path):
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "project")
    assert done.returncode == 1
    assert f"the project {tmp_path / 'file' / 'project'} cannot be created: Not a directory." in done.stderr
    assert "Traceback" not in done.stderr


def test_templates_can_be_switched_off_and_follow_mages_own_setting(tmp_path):
    run(tmp_path / "off", MAGE_ILUM_TEMPLATES="0")
    assert (tmp_path / "off" / "metadata.yaml").is_file()
    assert not (tmp_path / "off" / "custom_templates").exists()
    run(tmp_path / "named", CUSTOM_TEMPLATES_DIRECTORY="ours")
    assert (tmp_path / "named" / "ours" / CODE).is_file()


def test_the_default_project_starts_no_local_spark_and_reports_to_nobody():
    settings = yaml.safe_load((SHIPPED / "metadata.yaml").read_text())
    assert settings["spark_config"]["use_custom_session"] is True
    assert settings["help_improve_mage"] is False


@pytest.mark.parametrize("uuid", UUIDS)
def test_a_template_is_what_mage_reads(uuid):
    folder = CUSTOM / "blocks" / uuid
    assert {file.name for file in folder.iterdir()} == {"metadata.yaml", f"{uuid}.py"}
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())
    assert metadata["language"] == "python"
    assert metadata["block_type"] in {"data_loader", "transformer", "data_exporter", "custom"}
    assert metadata["name"].startswith("Ilum - ")
    code = (folder / f"{uuid}.py").read_text()
    assert f"@{metadata['block_type']}\n" in code
    assert not {"{{", "{%", "{#"} & {code[i : i + 2] for i in range(len(code))}, "Mage may render it with Jinja"


def test_without_its_record_deleted_templates_come_back_and_edited_ones_stay(templates):
    shutil.rmtree(templates / "blocks" / "ilum_sql")
    (templates / CODE).write_text("mine = 1\n")
    (templates / RECORD).unlink()
    changes = refresh(CUSTOM, templates)
    assert (changes.added, changes.updated, changes.kept) == (["ilum_sql"], [], ["ilum_spark_loader"])
    assert (templates / CODE).read_text() == "mine = 1\n"
