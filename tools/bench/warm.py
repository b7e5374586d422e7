"""How long `mage run` takes: the first in a fresh container, as every worker pod of the Kubernetes executor is one, and
those after it.
"""

import re
import statistics
import tempfile
from pathlib import Path

from engine import NotHereError, build_ours, docker, place
from row import Row, not_measured, seconds

SPARK = "4.1.1"
RUNS = 3

PIPELINE = """\
name: one
uuid: one
type: python
blocks:
- {name: one, uuid: one, type: data_loader, language: python, executor_type: local_python,
   upstream_blocks: [], downstream_blocks: [], all_upstream_blocks_executed: true, status: not_executed}
"""

BLOCK = """\
if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader


@data_loader
def load(*args, **kwargs):
    return 1
"""

PROJECT = {
    "metadata.yaml": "project_type: standalone\nhelp_improve_mage: false\n",
    "io_config.yaml": "version: 0.1.1\ndefault: {}\n",
    "requirements.txt": "",
    "data_loaders/one.py": BLOCK,
    "pipelines/one/metadata.yaml": PIPELINE,
    **{f"{folder}/__init__.py": "" for folder in (".", "data_loaders", "pipelines", "pipelines/one")},
}


AGAIN = """\
mage run bench one >/dev/null
for _ in 1 2 3; do
    begin="$EPOCHREALTIME"
    mage run bench one >/dev/null
    echo "took $(python3 -c "print($EPOCHREALTIME - $begin)")"
done
"""


def first_run() -> list[Row]:
    """The median of fresh containers, after one that brings the layers into the page cache; ours against the base."""
    what, bar = "first `mage run` in a fresh container, against the base", 0.55
    try:
        where = place()
    except NotHereError as error:
        return [not_measured(what, f"≤ {bar} x", str(error))]
    base, ours = _times(where.base, build_ours(SPARK, where))
    return [
        Row(
            what=what,
            measured=f"{ours:.1f} s, {ours / base:.2f} x",
            bar=f"≤ {bar} x",
            guide=f"{base:.1f} s (the base)",
            holds=ours <= bar * base,
        )
    ]


def further_runs() -> list[Row]:
    """What our hooks and PySpark's being there cost a block in a container that has run one before."""
    what = "further `mage run`s of one block, against the base: ours / ours without hooks"
    try:
        where = place()
    except NotHereError as error:
        return [not_measured(what, "-", str(error))]
    image = build_ours(SPARK, where)
    kinds = ((where.base, "1"), (image, "1"), (image, "0"))
    rounds = [[_again(*kind) for kind in kinds] for _ in range(RUNS)]
    base, ours, unhooked = (statistics.median(times) for times in zip(*rounds, strict=True))
    return [
        Row(
            what=what,
            measured=f"{ours:.2f} s, {ours / base:.2f} x / {unhooked:.2f} s, {unhooked / base:.2f} x",
            bar="-",
            guide=f"{base:.2f} s (the base)",
        )
    ]


def _times(*images: str) -> list[float]:
    """The images take turns, so that what else the machine does falls on all of them."""
    rounds = [[_once(image) for image in images] for _ in range(RUNS + 1)][1:]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def _once(image: str) -> float:
    return seconds(lambda: _in_container(image, "mage", "run", "bench", "one"))[1]


def _again(image: str, hooks: str) -> float:
    """The median of three runs after the first one, in seconds."""
    said = _in_container(image, "env", f"MAGE_ILUM_HOOKS={hooks}", "bash", "-c", AGAIN)
    return statistics.median(map(float, re.findall(r"^took ([\d.]+)$", said, re.MULTILINE)))


def _in_container(image: str, *command: str) -> str:
    """What a command says in a new container with the project."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "bench"
        for name, text in PROJECT.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for path in (Path(folder), project, *project.rglob("*")):
            path.chmod(0o777)  # the container's user is another one
        mounted = ("--volume", f"{project}:/home/src/bench")
        return docker("run", "--rm", "--network", "none", *mounted, image, *command)
