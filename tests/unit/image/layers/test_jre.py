"""What the Java runtime is made of, as an archive offers it."""

import pytest
from tests.unit.image.layers.conftest import SUITE
from tests.unit.image.plans import JAVA, base, make, request
from tests.unit.steps import Steps

from deploykit import catalog
from deploykit.errors import BuildError
from deploykit.image import java
from deploykit.image.layers import jre

pytestmark = pytest.mark.usefixtures("isolated")

NEWER = "17.0.99+1-1~deb12u1"


def package(name: str, version: str) -> str:
    return (
        f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nFilename: pool/x.deb\nSize: 1\nSHA256: {'0' * 64}"
    )


def test_a_version_that_a_security_fix_took_away_is_asked_for_anew_in_the_next_run(archive, tmp_path):
    sources, known = tmp_path / "debian.sources", catalog.load()
    names = (known.java.package, known.java.package.replace("-jdk-", "-jre-"), jre.ZLIB)
    with archive(*(package(name, NEWER) for name in names)) as port:
        sources.write_text(f"deb http://127.0.0.1:{port} {SUITE} main\n", encoding="utf-8")
        asked = request(apt_sources=sources)
        java.newest(asked, base(), known, ask=lambda _: JAVA, progress=Steps())
        with pytest.raises(BuildError, match="Debian does not offer") as caught:
            jre.make(tmp_path, tmp_path, Steps(), plan=make(apt_sources=sources), base={}.get)
    assert caught.value.fix == "run it again"
    assert java.newest(asked, base(), known, ask=lambda _: NEWER, progress=Steps()).version == NEWER
