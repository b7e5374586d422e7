"""What a pipeline is told: lines for later steps, and a table for people."""

from pathlib import Path

from tests.unit.image.plans import make
from tests.unit.sync.environments import environment, server

from deploykit.errors import UnreachableError
from deploykit.image_reference import ImageReference
from deploykit.sync import summary
from deploykit.sync.drift import Drift, Kind, Policy
from deploykit.sync.environment import DEFAULT
from deploykit.sync.outcome import Outcome

IMAGE = ImageReference("registry.example/mage", "0.9.80-spark4.1.1-slim-00000000", "sha256:" + "1" * 64)


def done(name: str = "dev", **changes: object) -> Outcome:
    outcome = Outcome(environment=environment(name), server=server("4.1.1"), after=IMAGE, labels=make().labels)
    for key, value in changes.items():
        setattr(outcome, key, value)
    return outcome


def test_the_outputs_of_one_environment_have_plain_names_beside_its_own():
    plain = f"image={IMAGE}\ndigest={IMAGE.digest}\nspark=4.1.1\nchanged=true\n"
    assert summary.outputs([done(DEFAULT, changed=True)]) == plain
    own = "".join(f"dev_{line}\n" for line in plain.splitlines())
    assert summary.outputs([done(changed=True)]) == own + plain


def test_the_outputs_of_several_bear_their_names_and_one_says_whether_any_changed():
    text = summary.outputs([done("dev"), done("pre-prod", changed=True)])
    assert text.splitlines() == [
        f"dev_image={IMAGE}", f"dev_digest={IMAGE.digest}", "dev_spark=4.1.1", "dev_changed=false",
        f"pre_prod_image={IMAGE}", f"pre_prod_digest={IMAGE.digest}", "pre_prod_spark=4.1.1", "pre_prod_changed=true",
        "changed=true",
    ]  # fmt: skip


def test_what_failed_has_outputs_that_name_nothing():
    failed = Outcome(environment=environment(DEFAULT), error=UnreachableError("Nothing answers."))
    assert summary.outputs([failed]) == "image=\ndigest=\nspark=\nchanged=false\n"


def test_the_summary_is_a_table_with_what_drifted_what_was_noted_and_what_failed():
    drift = Drift(kind=Kind.BASE, before="a|b", after="c\nd", policy=Policy.REPORT)
    failed = Outcome(environment=environment("prod"), error=UnreachableError("Nothing answers.", why="DNS", fix="wait"))
    assert summary.markdown([done(drift=(drift,), notes=("java was not looked at.",)), failed]) == (
        "### deploykit sync\n\n"
        "| environment | server | client | verdict | image | done |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"| dev | Spark 4.1.1 (certain: sc://spark:15002) | 4.1.1 | same | `{IMAGE}` | nothing to do |\n"
        "| prod | ? |  | ? |  | failed |\n\n"
        "- dev: **base**: a\\|b → c d (report)\n"
        "- dev: java was not looked at.\n"
        "- prod: Nothing answers. DNS wait\n"
    )


def test_files_of_a_pipeline_are_appended_to(tmp_path):
    (tmp_path / "outputs").write_text("before=1\n", encoding="utf-8")
    summary.append(tmp_path / "outputs", "image=x\n")
    assert (tmp_path / "outputs").read_text(encoding="utf-8") == "before=1\nimage=x\n"


def test_the_files_to_commit_are_those_that_are_there_whoever_wrote_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("dev").mkdir()
    kept = ["values.yaml", "values.yaml.sync.json", "values.yaml.sync.json.unread"]
    for name in (*kept, ".values.yaml.part"):
        Path("dev", name).touch()
    assert summary.files([done("dev"), done("prod")]).splitlines() == [
        str(Path("dev", name).resolve()) for name in kept
    ]


def test_each_ending_has_its_word():
    acting = (Drift(kind=Kind.SERVER, before="4.0.5", after="4.1.1"),)
    assert [
        summary.did(outcome)
        for outcome in (
            done(),
            done(drift=acting, changed=True),
            done(drift=acting, changed=True, built=True),
            done(drift=acting, checked=True),
            done(drift=acting, checked=True, after=None),
            done(drift=acting),
            done(error=UnreachableError("x")),
        )
    ] == [
        "nothing to do",
        "written to dev/values.yaml, nothing built",
        "built, and written to dev/values.yaml",
        "drift: would write",
        "drift: would build",
        "nothing changed",
        "failed",
    ]
