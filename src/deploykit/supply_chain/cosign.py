"""The calls of `cosign`, the maintained client for signatures: which program, with which words, and what it says."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploykit.errors import BuildError, UsageError
from deploykit.registry import Registry

WORK_SECONDS = 60  # for one call, with all that it asks of registry and KMS
Finished = subprocess.CompletedProcess[str]
NOT_SIGNED = (10, 12)  # how it ends where there is no signature, and where there is none of that key


def program() -> str:
    """Where it is; raises `UsageError` where it is not installed."""
    found = shutil.which("cosign")
    if found is None:
        raise UsageError(
            "cosign is not on the PATH.",
            why="It makes and checks signatures.",
            fix="install cosign 2.6 or newer (github.com/sigstore/cosign), or leave the key out",
        )
    return found


def sign_command(cosign: str, registry: Registry, digest: str, *, key: str) -> tuple[str, ...]:
    """Sign an image of the registry. Nothing is told to the public transparency log: it would name the image."""
    return (
        cosign, "sign", "--yes", f"--key={key}", "--tlog-upload=false", "--use-signing-config=false",
        "--new-bundle-format=false", *_registry(registry), f"{registry.repository}@{digest}",
    )  # fmt: skip


def verify_command(
    cosign: str, registry: Registry, digest: str, *, public_key: str, trusted_root: Path
) -> tuple[str, ...]:
    """Check the signature by a key. `trusted_root`: an empty one keeps it from fetching the public one."""
    return (
        cosign, "verify", f"--key={public_key}", "--insecure-ignore-tlog=true", "--new-bundle-format=false",
        f"--trusted-root={trusted_root}", *_registry(registry), f"{registry.repository}@{digest}",
    )  # fmt: skip


def public_key_command(cosign: str, *, key: str) -> tuple[str, ...]:
    """Print the public half of a key."""
    return (cosign, "public-key", f"--key={key}")


def run(command: Sequence[str], *, ca_file: Path | None = None) -> Finished:
    """Run it to its end. It asks nobody: a password comes from COSIGN_PASSWORD, in the environment that it inherits."""
    environment = dict(os.environ)
    if ca_file is not None:
        from deploykit import trust

        environment["SSL_CERT_FILE"] = str(trust.bundle(ca_file))
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            errors="replace",
            timeout=WORK_SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"cosign {command[1]} did not end within {WORK_SECONDS} s.") from None


def failure(what: str, finished: Finished) -> BuildError:
    """Its own last word, without the warnings before."""
    lines = [line.removeprefix("Error: ") for line in finished.stderr.splitlines() if line.startswith("Error: ")]
    ways_out = {"decryption failed": "the key's password in COSIGN_PASSWORD", "unknown flag": "cosign 2.6 or newer"}
    return BuildError(
        what,
        why=lines[0] if lines else f"It ended with {finished.returncode}.",
        fix=next((fix for said, fix in ways_out.items() if said in finished.stderr), ""),
    )


def _registry(registry: Registry) -> tuple[str, ...]:
    return ("--allow-http-registry=true",) if registry.location.plain_http else ()
