"""Where the files that travel with deploykit are: in a checkout, or inside the installed wheel."""

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder that holds `charts/` and `images/`."""
    installed = Path(__file__).parent / "assets"
    return installed if installed.is_dir() else Path(__file__).parents[2]


def chart() -> Path:
    """The `mage-ilum` Helm chart."""
    return root() / "charts" / "mage-ilum"


def image() -> Path:
    """The sources of the Mage image: template, catalog, locks, runtime library, default project."""
    return root() / "images" / "mage"
