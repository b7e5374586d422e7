"""Variants of the base image, as other Mage images may be. Built from the host's files: no network in a build."""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uv
from tests.needs import MAGE, TESTBED, missing

from deploykit.image.index import environment

SITE = "/usr/local/lib/python3.10/site-packages"
PYTHON_IMAGE = "testbed/python:3.10-bookworm"


@dataclass(frozen=True)
class Variants:
    """Makes variants; the engine's cache keeps them for the next run."""

    base: str
    registry: str
    docker: Callable[..., str]
    folder: Path

    def with_distributions(self, name: str, *requirements: str) -> str:
        """The base with more distributions in it."""
        context = self.folder / name
        install(context / "site", *requirements, options=("--no-deps", "--python-version", "3.10"))
        return self._build(name, context, f"FROM {self.base}\nCOPY site/ {SITE}/\n")

    def with_file(self, name: str, path: str, text: str) -> str:
        """The base with one more file."""
        context = self.folder / name
        context.mkdir()
        (context / "file").write_text(text, encoding="utf-8")
        return self._build(name, context, f"FROM {self.base}\nCOPY file {path}\n")

    def with_python_311(self) -> str:
        """Mage on the Python 3.11 that runs the tests; 1.1 GB, so it is made once for a machine."""
        if sys.version_info[:2] != (3, 11) or not (TESTBED / "images" / "mageai" / "run_app.sh").is_file():
            missing("a Mage image on Python 3.11", "run the tests with Python 3.11 beside the testbed")
        recipe = hashlib.sha256(f"{sys.version} {MAGE} {_PYTHON_311} {_SETTINGS}".encode()).hexdigest()[:12]
        reference = f"{self._name('python311')}-{recipe}"
        if self.docker("images", "--quiet", reference).strip():
            return reference
        root = self.folder / "python311"
        self._unpack(PYTHON_IMAGE, root, ".dockerenv", "usr/local/bin/*", "usr/local/lib/python3.10")
        _lay_out_python_311(root)
        changes = [f"--change={setting}" for setting in _SETTINGS]
        with subprocess.Popen(["tar", "-c", "--numeric-owner", "-C", root, "."], stdout=subprocess.PIPE) as packed:
            self.docker("import", *changes, "-", reference, stdin=packed.stdout)
        assert packed.returncode == 0
        shutil.rmtree(root)
        return reference

    def _unpack(self, image: str, root: Path, *without: str) -> None:
        """The files of an image, but for those that match."""
        root.mkdir()
        archive = root.with_suffix(".tar")
        container = self.docker("create", image).strip()
        self.docker("export", "--output", str(archive), container)
        self.docker("rm", container)
        excluded = [f"--exclude={pattern}" for pattern in without]
        subprocess.run(
            ["tar", "-x", "-p", "--numeric-owner", "-C", root, "-f", archive, "--anchored", *excluded], check=True
        )
        archive.unlink()

    def _name(self, name: str) -> str:
        return f"{self.registry}/deploykit-test/base:{name}"

    def _build(self, name: str, context: Path, dockerfile: str) -> str:
        (context / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        reference = self._name(name)
        self.docker("build", "--quiet", "--network", "none", "--tag", reference, str(context))
        return reference


_PYTHON_311 = (f"mage-ai=={MAGE}", "kubernetes==33.1.0", "psycopg2-binary==2.9.3", "pip")
_SETTINGS = (
    "ENV LANG=C.UTF-8",
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV MAGE_DATA_DIR=/home/src/mage_data PYTHONPATH=/home/src",
    "WORKDIR /home/src",
    'CMD ["/bin/sh", "-c", "/app/run_app.sh"]',
)


def _lay_out_python_311(root: Path) -> None:
    """The Python that runs the tests, and Mage for it, in `/usr/local` of a system that has none."""
    local = root / "usr" / "local"
    site = local / "lib" / "python3.11" / "site-packages"
    shutil.copytree(
        sysconfig.get_path("stdlib"),
        site.parent,
        ignore=shutil.ignore_patterns("site-packages", "test", "idlelib", "config-3.11-*", "__pycache__"),
    )
    install(site, *_PYTHON_311, options=("--python", sys.executable, "--only-binary", "sqlglotc"))
    prefix = Path(sys.base_prefix)
    shutil.copy(prefix / "bin" / "python3.11", local / "bin")
    (local / "bin" / "python3").symlink_to("python3.11")
    (local / "bin" / "python").symlink_to("python3")
    for library in (prefix / "lib").glob("libpython3.11.so*"):
        shutil.copy(library, root / "usr" / "lib")  # where it is found without ldconfig
    _, _, script = (site / "bin" / "mage").read_text(encoding="utf-8").partition("\n")
    mage = local / "bin" / "mage"
    mage.write_text(f"#!/usr/local/bin/python3\n{script}", encoding="utf-8")
    mage.chmod(0o755)
    (site / "bin" / "mage").unlink()
    for folder in ("app", "home/src"):
        (root / folder).mkdir(parents=True)
    shutil.copy(TESTBED / "images" / "mageai" / "run_app.sh", root / "app")


def install(target: Path, *requirements: str, options: tuple[str, ...]) -> None:
    """Install for the image on the host, by the index that this machine uses."""
    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(target), *options, *requirements]
    done = subprocess.run(command, env=environment(None), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
