"""Killed while it makes an image without an engine: the next run ends well, and sends nothing twice."""

import os
import subprocess
import sys
import uuid

import pytest
from tests.image.conftest import SPARK
from tests.sync.calls import On
from tests.sync.faults import hang
from tests.sync.registry_proxy import RegistryProxy
from tests.sync.upstream import Upstream

from deploykit.registry import Registry


@pytest.mark.parametrize("call", ["mount", "PUT upload", "PUT manifest by tag"])
def test_killed_anywhere_it_ends_well_the_next_time(call, append_cache, base_image, registry, tmp_path):
    """Until the end there is no tag, and what was sent before is not sent again."""
    with RegistryProxy(registry) as proxy:
        (tmp_path / "config.json").write_text(proxy.docker_config)
        repository = f"{proxy.host}/deploykit-test/{uuid.uuid4().hex[:12]}"
        base = f"{proxy.host}/{base_image.partition('/')[2]}"
        command = ["image", "--engine=registry", "--push", "--profile=slim", "--no-warm", f"--base={base}"]
        environment = {**os.environ, "DEPLOYKIT_CACHE": str(append_cache), "DOCKER_CONFIG": str(tmp_path)}

        def start() -> subprocess.Popen[str]:
            arguments = [*command, f"--spark={SPARK}", f"--repository={repository}"]
            return subprocess.Popen(
                [sys.executable, "-m", "deploykit", *arguments],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

        proxy.inject(On(kind=call, nth=2 if call == "PUT upload" else 1), hang)
        first = start()
        proxy.wait_for(On(kind=call, nth=2 if call == "PUT upload" else 1), seconds=120)
        first.kill()
        first.communicate()
        proxy.heal()
        at = Upstream(registry, repository.partition("/")[2])
        assert [tag for tag in at.tags() if "spark" in tag] == []
        second = start()
        out, err = second.communicate(timeout=300)
        assert second.returncode == 0, err
        assert len([tag for tag in at.tags() if "spark" in tag]) == 1
        found = Registry(f"{registry}/{at.name}")
        assert found.missing_blobs(found.manifest(out.split()[-1].rpartition("@")[2])) == []
