"""What is changed of Mage's page: its copy for a base path is the pod's own.

Mage deletes and writes 58 MB anew at each start, beside the pipelines' results. On a volume that pods share, one pod's
start takes the page from under the others, and of two that start at once one answers under no base path.
"""

import tempfile
from pathlib import Path
from typing import Protocol


class _Server(Protocol):
    """What matters here of Mage's module `server`."""

    BASE_PATH_EXPORTS_FOLDER: str


def apply(module: _Server) -> None:
    """Change the folder that `mage_ai.server.server` copies its page to: absolute, it replaces the one before it."""
    module.BASE_PATH_EXPORTS_FOLDER = str(Path(tempfile.gettempdir(), module.BASE_PATH_EXPORTS_FOLDER))
