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
        recipe = hashlib.sha256(f"{sys.version} {MAGE} {_DOCKERFILE}".encode()).hexdigest()[:12]
        reference = f"{self._name('python311')}-{recipe}"
        if self.docker("images", "--quiet", reference).strip():
            return reference
        context = self.folder / "python311"
        install(
            context / "site", f"mage-ai=={MAGE}", "kubernetes==33.1.0", "psycopg2-binary==2.9.3", "pip",
            options=("--python", sys.executable, "--only-binary", "sqlglotc"),
        )  # fmt: skip
        prefix = Path(sys.base_prefix)
        shutil.copytree(
            sysconfig.get_path("stdlib"),
            context / "lib" / "python3.11",
            ignore=shutil.ignore_patterns("site-packages", "test", "idlelib", "config-3.11-*", "__pycache__"),
        )
        shutil.copy(prefix / "bin" / "python3.11", context / "python3.11")
        for library in (prefix / "lib").glob("libpython3.11.so*"):
            shutil.copy(library, context / "lib")
        shutil.copy(TESTBED / "images" / "mageai" / "run_app.sh", context / "run_app.sh")
        self._build("python311", context, _DOCKERFILE, reference)
        shutil.rmtree(context)
        return reference

    def _name(self, name: str) -> str:
        return f"{self.registry}/deploykit-test/base:{name}"

    def _build(self, name: str, context: Path, dockerfile: str, reference: str = "") -> str:
        (context / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        reference = reference or self._name(name)
        self.docker("build", "--quiet", "--network", "none", "--tag", reference, str(context))
        return reference


_DOCKERFILE = f"""\
FROM {PYTHON_IMAGE}
RUN rm -rf /usr/local/bin/* /usr/local/lib/python3.10
COPY lib/ /usr/local/lib/
COPY python3.11 /usr/local/bin/
COPY site/ /usr/local/lib/python3.11/site-packages/
RUN ldconfig \\
 && ln -s python3.11 /usr/local/bin/python3 \\
 && ln -s python3 /usr/local/bin/python \\
 && mv /usr/local/lib/python3.11/site-packages/bin/mage /usr/local/bin/ \\
 && sed -i '1s,.*,#!/usr/local/bin/python3,' /usr/local/bin/mage
COPY run_app.sh /app/run_app.sh
ENV MAGE_DATA_DIR=/home/src/mage_data PYTHONPATH=/home/src
WORKDIR /home/src
CMD ["/bin/sh", "-c", "/app/run_app.sh"]
"""


def install(target: Path, *requirements: str, options: tuple[str, ...]) -> None:
    """Install for the image on the host, by the index that this machine uses."""
    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(target), *options, *requirements]
    done = subprocess.run(command, env=environment(None), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
