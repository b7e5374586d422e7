"""See to a Mage project before Mage starts: create it where there is none, and bring the block templates up to date.

Run by the image's start script as `python3 -m mage_ilum.project PATH`; it may be run by hand as well, and again. What a
person wrote, edited or deleted stays as it is.
"""

import os
import sys
from pathlib import Path

from mage_ilum.project.files import write
from mage_ilum.project.templates import refresh

SHIPPED = Path(__file__).parents[3] / "project"
"""The default project: beside `lib/` in the image, beside `runtime/` in the repository."""
TEMPLATES = "custom_templates"
UNFINISHED = ".mage-ilum-unfinished"
"""Marks a project whose creation was cut off; it is finished at the next start."""
SWITCH = "MAGE_ILUM_TEMPLATES"

_NOT_A_PROJECT = {"lost+found"}


def create(shipped: Path, project: Path) -> bool:
    """Lay out the default project in a folder that is absent, empty, or left unfinished by an earlier start.

    Everything else is somebody's project and is not touched: the answer is then False. The block templates are left
    out, they are `refresh`'s. Safe against a second pod that does the same. Raises `OSError`.

    >>> import tempfile
    >>> project = Path(tempfile.mkdtemp()) / "default_repo"
    >>> create(SHIPPED, project), create(SHIPPED, project)
    (True, False)
    >>> (project / "metadata.yaml").read_text().splitlines()[0]
    'project_type: standalone'
    """
    project.mkdir(parents=True, exist_ok=True)
    marker = project / UNFINISHED
    if all(entry.name in _NOT_A_PROJECT for entry in project.iterdir()):
        marker.touch()
    elif not marker.exists():  # looked for last: a second pod's comes before anything else of it
        return False
    for source in sorted(shipped.rglob("*")):
        name = source.relative_to(shipped)
        target = project / name
        if source.is_file() and name.parts[0] != TEMPLATES and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write(target, source.read_bytes(), beside=project)
    marker.unlink(missing_ok=True)
    return True


def main(arguments: list[str]) -> int:
    """Create the project and refresh its templates; the exit code is 1 where there is no project to start with."""
    if len(arguments) != 1:
        print("usage: python3 -m mage_ilum.project PATH", file=sys.stderr)
        return 2
    project = Path(arguments[0]).absolute()
    if not project.exists() and os.environ.get("PROJECT_TYPE", "standalone") != "standalone":
        return 0  # a project that is a part of others: Mage lays it out, and only where nothing is there yet
    try:
        if create(SHIPPED, project):
            print(f"mage-ilum: created the project {project}", flush=True)
    except OSError as error:
        print(
            f"mage-ilum: the project {project} cannot be created: {error.strerror}.\n"
            f"  Why: user id {os.getuid()} of group {os.getgid()} has to write there.\n"
            f"  Try: mount a volume that this user or group may write to, or one that holds a project.",
            file=sys.stderr,
        )
        return 1
    if os.environ.get(SWITCH) != "0":
        _refresh(project)
    return 0


def _refresh(project: Path) -> None:
    """Bring the templates up to date and say what changed; where that fails, Mage starts all the same."""
    templates = project / (os.environ.get("CUSTOM_TEMPLATES_DIRECTORY") or TEMPLATES)
    try:
        changes = refresh(SHIPPED / TEMPLATES, templates)
    except OSError as error:
        said = f"mage-ilum: the block templates in {templates} were not brought up to date: {error.strerror}."
        if isinstance(error, PermissionError):
            said += (
                f"\n  Why: user id {os.getuid()} of group {os.getgid()} has to write there, and so has Mage.\n"
                f"  Try: `chmod -R g+rwX '{project}'` as the user whose files they are, where they are of that group. "
                "Kubernetes does so by fsGroup, but on no hostPath or NFS volume."
            )
        print(said, file=sys.stderr)
        return
    if changes.added or changes.updated:
        print(f"mage-ilum: block templates: {len(changes.added)} added, {len(changes.updated)} updated", flush=True)
    for name in changes.kept:
        print(f"mage-ilum: the block template {name} was edited, so its newer version is left out", flush=True)
