"""Keep the block templates of a project up to date, and leave alone the ones that somebody edited or deleted.

A record in the project says, by hash, which files were put there. A file whose hash is neither the recorded nor the new
one is a person's work.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mage_ilum.project.files import write

RECORD = ".mage_ilum.json"
"""Beside the folder that Mage lists, since it takes every file in there for a template."""
BLOCKS = "blocks"


@dataclass
class Changes:
    """Names of templates: newly put there, replaced by a newer version, kept though a newer one is known."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def refresh(shipped: Path, project: Path) -> Changes:
    """Bring the templates of one `custom_templates` folder, `project`, to the versions in another, `shipped`.

    Cut off in the middle, it is finished by the next call. Two calls at once do the same twice. Raises `OSError`.

    >>> import tempfile
    >>> from mage_ilum.project.create import SHIPPED
    >>> folder = Path(tempfile.mkdtemp())
    >>> "ilum_spark_loader" in refresh(SHIPPED / "custom_templates", folder).added
    True
    >>> refresh(SHIPPED / "custom_templates", folder)
    Changes(added=[], updated=[], kept=[])
    """
    recorded = _read(project / RECORD)
    record, changes = dict(recorded), Changes()
    for template in sorted((shipped / BLOCKS).iterdir()):
        # Code before metadata.yaml, by which Mage finds a template.
        files = {f"{BLOCKS}/{template.name}/{file.name}": file.read_bytes() for file in sorted(template.iterdir())}
        hashes = {name: _hash(content) for name, content in files.items()}
        found = {name: _hash((project / name).read_bytes()) for name in files if (project / name).is_file()}
        if found == hashes:
            record |= hashes
        elif _is_ours(hashes, found, recorded):
            (project / BLOCKS / template.name).mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                if found.get(name) != hashes[name]:
                    write(project / name, content, beside=project)
            record |= hashes
            (changes.updated if found else changes.added).append(template.name)
        elif found and any(recorded.get(name) != new for name, new in hashes.items()):
            changes.kept.append(template.name)
    if record != recorded:
        write(project / RECORD, json.dumps(record, indent=2, sort_keys=True).encode() + b"\n", beside=project)
    return changes


def _is_ours(shipped: Mapping[str, str], found: Mapping[str, str], recorded: Mapping[str, str]) -> bool:
    """Is each file of a template as we wrote it, now or earlier, or one that we have never written?

    A file that we wrote and that is gone was deleted by somebody.
    """
    return all(
        found[name] in (new, recorded.get(name)) if name in found else name not in recorded
        for name, new in shipped.items()
    )


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(record: Path) -> dict[str, str]:
    """The record; an unreadable one counts as none: then only what equals the new version is known to be ours."""
    try:
        content = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(value) for name, value in content.items()} if isinstance(content, dict) else {}
