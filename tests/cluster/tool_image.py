"""An image that has deploykit in it, as a company's CI has one; with the base's Python beside its own."""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.image.variants import PYTHON_IMAGE, install
from tests.needs import REPOSITORY

DOCKERFILE = f"""\
FROM {PYTHON_IMAGE}
COPY lib/ /opt/python/lib/
COPY python3.11 /opt/python/bin/
COPY site/ /opt/python/lib/python3.11/site-packages/
RUN echo /opt/python/lib >/etc/ld.so.conf.d/python.conf && ldconfig
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/opt/python/bin:/usr/local/bin:/usr/bin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
"""


def make(docker: str, registry: str, folder: Path) -> str:
    """Built and pushed, unless the registry has one of the same sources."""
    sources = sorted(path for name in ("src", "images", "charts") for path in (REPOSITORY / name).rglob("*"))
    recipe = hashlib.sha256(DOCKERFILE.encode())
    for path in [REPOSITORY / "pyproject.toml", *(path for path in sources if path.suffix != ".pyc")]:
        if path.is_file():
            recipe.update(path.read_bytes())
    reference = f"{registry}/deploykit-test/tool:{recipe.hexdigest()[:12]}"
    if subprocess.run(
        [docker, "manifest", "inspect", "--insecure", reference], check=False, capture_output=True
    ).returncode:
        _build(docker, reference, folder)
    return reference


def _build(docker: str, reference: str, folder: Path) -> None:
    install(folder / "site", str(REPOSITORY), options=("--python", sys.executable, "--no-compile"))
    left_out = shutil.ignore_patterns("site-packages", "test", "idlelib", "config-3.11-*", "__pycache__")
    shutil.copytree(sysconfig.get_path("stdlib"), folder / "lib" / "python3.11", ignore=left_out)
    shutil.copy(Path(sys.base_prefix) / "bin" / "python3.11", folder / "python3.11")
    for library in (Path(sys.base_prefix) / "lib").glob("libpython3.11.so*"):
        shutil.copy(library, folder / "lib")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", folder / "ca.crt")
    (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    for command in (("build", "--quiet", "--network", "none", "--tag", reference, str(folder)), ("push", reference)):
        subprocess.run([docker, *command], check=True, capture_output=True, timeout=600)
