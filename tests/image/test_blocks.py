"""Blocks by a real `mage run`, in an image for each Spark line, against a real server of that line on loopback."""

import functools
import json
import re
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.image.blocks.project import lay_out
from tests.image.conftest import Deploykit
from tests.image.ingress import Ingress
from tests.needs import SHARED, missing

LINES = ["4.1.1", "3.5.7", "4.2.0", "4.0.5"]
SUBJECTS = (
    "operations",
    "results",
    "sql",
    "tables",
    "threads",
    "examples",
)  # the last one alone: doctest takes sys.stdout
BLOCKS = Path(__file__).parent / "blocks"
TOKEN = uuid.uuid4().hex
GUIDE = SHARED / "facts" / "guide-snippets.md"
RUN = """
python3 -m mage_ilum.project demo >&2 && cp -R /given/. demo && python3 /blocks/tables.py >&2
for pipeline in cases guide guide mistake; do
    mage run demo $pipeline --runtime-vars '{"execution_date": "2026-11-22"}' || echo "$pipeline: $?"
done >&2
sh /blocks/ingress.sh >&2
sh /blocks/killed.sh >&2
cat /tmp/report.json
"""

# Operations that fail on purpose, and the class of error that says so.
FAILS = {
    "unknown_column": "AnalysisException",
    "unknown_table": "AnalysisException",
    "failing_row": "PySparkException",
    "broken_syntax": "ParseException",
}
# Frames stay on Spark: each line has an error of its own for that.
NEVER = {"pickle_a_frame": {"TypeError", "AttributeError"}}
# What a line cannot do, in the words of its error.
NOT_IN = {
    ("3.5.7", "sql_over_a_frame"): "unexpected keyword argument",
    ("3.5.7", "to_arrow"): "toArrow",
    ("4.0.5", "pandas_on_spark"): "PANDAS_API_ON_SPARK_FAIL_ON_ANSI_MODE",
}


@dataclass(frozen=True)
class Run:
    """What the pipelines reported, and everything that Mage said."""

    report: dict[str, list[list[dict[str, object]]]]
    said: str

    @functools.cached_property
    def outcomes(self) -> dict[str, dict[str, dict[str, object]]]:
        """By subject and case: the classes of its error and its text."""
        [found] = self.report["cases"]
        return dict(zip(SUBJECTS, found, strict=True))


@pytest.fixture(scope="module", params=LINES)
def version(request: pytest.FixtureRequest) -> str:
    """One Spark after the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def run(
    version: str,
    build: Deploykit,
    own_spark_server: Callable[[str], str],
    needs_docker: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """What ran with this Spark: the cases, the guide's blocks in two processes, a mistake, the example pipeline through
    an ingress, and a block that is killed and tried again.
    """
    built = build("--spark", version, "--profile", "slim", "--no-verify")
    assert built.returncode == 0, built.stderr[-4000:]
    url = own_spark_server(version)
    project = tmp_path_factory.mktemp("project")
    lay_out(project, SUBJECTS, [re.sub(r'"sc://[^"]*"', f'"{url}"', code) for code in guide()])
    project.chmod(0o755)
    with Ingress(url.removeprefix("sc://"), TOKEN, project) as ingress:
        done = subprocess.run(
            [
                *(needs_docker, "run", "--rm", "--network=host", f"--env=ILUM_SPARK_CONNECT_URL={url}"),
                *(f"--env=INGRESS=sc://127.0.0.1:{ingress.port}", f"--env=TOKEN={TOKEN}"),
                *(f"--volume={project}:/given:ro", f"--volume={BLOCKS}:/blocks:ro", built.stdout.strip()),
                *("/app/run_app.sh", "sh", "-c", RUN),
            ],
            capture_output=True,
            text=True,
            timeout=540,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    return Run(report=json.loads(done.stdout.splitlines()[-1]), said=done.stderr)


def guide() -> list[str]:
    """The guide's two blocks as published; their address has to be filled in."""
    if not GUIDE.is_file():
        missing("the guide's examples", "put facts/guide-snippets.md at ../shared, or set DEPLOYKIT_SHARED")
    return re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)


def test_each_operation_does_what_is_known_of_it(run: Run, version: str) -> None:
    surprises = []
    for name, outcome in run.outcomes["operations"].items():
        expected = NEVER.get(name) or ({FAILS[name]} if name in FAILS else set())
        if (version, name) in NOT_IN:
            fine = NOT_IN[version, name] in outcome["trouble"]
        elif expected:
            fine = bool(expected & set(outcome["classes"]))
        else:
            fine = not outcome["classes"]
        surprises += [] if fine else [f"{name}: {outcome['trouble'] or 'passed'}"]
    assert not surprises, "\n\n".join(surprises)
    assert len(run.outcomes["operations"]) == 41


@pytest.mark.parametrize("subject", SUBJECTS[1:])
def test_the_library_keeps_its_word(run: Run, subject: str) -> None:
    surprises = [
        f"{name}: {outcome['trouble']}" for name, outcome in run.outcomes[subject].items() if outcome["classes"]
    ]
    assert not surprises, "\n\n".join(surprises)
    assert run.outcomes[subject]


def test_the_guides_blocks_run_unchanged_and_their_frames_reach_the_next_block(run: Run) -> None:
    first, second = run.report["guide"]
    assert first == second
    assert [found["type"] for found in first] == ["DataFrame"] * 4
    assert [found["rows"] for found in first] == [first[0]["rows"], 1000] * 2


def test_a_block_that_returns_a_spark_frame_is_told_what_to_do(run: Run) -> None:
    said = " ".join(run.said.split())  # Mage wraps its lines
    assert "The block 'returns_a_frame' returns a Spark DataFrame: output_0['orders']." in said
    assert "to_pandas(" in said
    assert "write_table(" in said
    assert "mistake: 1" in said
    assert "mistake" not in run.report


def test_the_example_pipeline_has_as_many_rows_through_an_ingress_as_a_direct_query(run: Run) -> None:
    assert "through the ingress: 0" in run.said
    [direct] = re.findall(r"above 1000: (\d+)", run.said)
    assert int(direct) > 1000
    assert f"{direct} transactions above 1000" in run.said
    assert re.search(rf"\d+ of {direct} transactions stand out", run.said)


def test_an_ingress_is_passed_with_its_authority_and_the_token_alone_and_the_token_is_said_nowhere(run: Run) -> None:
    said = " ".join(run.said.split())
    assert re.search(r"tls The certificate of \S+ is not trusted.*without the authority: 4", said)
    assert re.search(r"token \S+ does not accept the token.*with another token: 4", said)
    assert TOKEN not in run.said


def test_the_query_of_a_killed_block_is_ended_by_its_next_try(run: Run) -> None:
    assert "killed: 137, notes: 1" in run.said
    assert "next try: 0, notes: 0" in run.said
    [seconds] = re.findall(r"the next try had its answer after (\S+) s", run.said)
    assert float(seconds) < 60  # the query that was left holds every slot of the server for 120 s
