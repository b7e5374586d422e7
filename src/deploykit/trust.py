"""Whom to trust when files are fetched: what this machine trusts, and the certificates of `--ca-file` beside it."""

import hashlib
import os
from pathlib import Path

from deploykit import cache, files

_SETTINGS = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Red Hat
    "/etc/ssl/cert.pem",  # macOS
)


def bundle(ca_file: Path | None, *, pip_certificates: str | None = None) -> Path:
    """One PEM file with all of them, in the cache; `uv` and `requests` can each name just one."""
    import ssl

    settings = (*map(os.environ.get, _SETTINGS), pip_certificates)
    set_here = next((path for path in settings if path and Path(path).is_file()), None)
    default = ssl.get_default_verify_paths().cafile
    system = next((path for path in (set_here, default, *_SYSTEM) if path and Path(path).is_file()), None)
    if system is None:
        import certifi  # only here: the set-up of a checkout runs this before anything is installed

        system = certifi.where()
    if ca_file is None:
        return Path(system)
    content = Path(system).read_bytes() + b"\n" + ca_file.read_bytes()
    target = cache.root() / "ca" / f"{hashlib.sha256(content).hexdigest()}.pem"
    if not target.is_file():
        with files.writing(target) as file:
            file.write(content)
    return target
