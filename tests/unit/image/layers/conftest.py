"""An archive of Debian packages on the loopback address, signed by a key of ours that is trusted for one test."""

import hashlib
import http.server
import lzma
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.needs import missing
from tests.unit.mage_ilum.servers import web

from deploykit.image.layers.debian import release

SUITE = "bookworm"


@pytest.fixture
def signed(tmp_path, monkeypatch):
    """A factory of lists that a key of ours signed, which `release` trusts for this test."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--quiet", "--homedir", str(home), "--passphrase", "", "--pinentry-mode", "loopback"]
    try:
        subprocess.run([*gpg, "--quick-generate-key", "archive@example", "ed25519", "sign"], check=True)
    except FileNotFoundError:
        missing("gpg", "install GnuPG")
    keyring = tmp_path / "keyring.gpg"
    keyring.write_bytes(subprocess.run([*gpg, "--export"], check=True, capture_output=True).stdout)
    monkeypatch.setattr(release, "KEYRING", keyring)

    def sign(text):
        done = subprocess.run([*gpg, "--clearsign"], input=text.encode(), check=True, capture_output=True)
        return done.stdout

    yield sign
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


@pytest.fixture
def archive(signed: Callable[[str], bytes]):
    """A factory: the port of a web server that has a list of packages, by `deb http://127.0.0.1:PORT bookworm main`."""

    @contextmanager
    def serve(*stanzas: str) -> Iterator[int]:
        packages = lzma.compress("\n\n".join(stanzas).encode())
        names = [f"main/binary-{machine}/Packages.xz" for machine in ("amd64", "arm64")]
        listed = "".join(f" {hashlib.sha256(packages).hexdigest()} {len(packages)} {name}\n" for name in names)
        files = {f"/dists/{SUITE}/{name}": packages for name in names}
        files[f"/dists/{SUITE}/InRelease"] = signed(f"Codename: {SUITE}\nSHA256:\n{listed}")

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        with web(Handler) as port:
            yield port

    return serve
