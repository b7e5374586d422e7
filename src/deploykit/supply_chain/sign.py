"""Signatures by a key of the user's own: a file that cosign made, or a key in a KMS."""

import os
import tempfile
from pathlib import Path

from deploykit.errors import UsageError
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.supply_chain import cosign

TRUSTED_ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


def ready(key: str) -> None:
    """Raise `UsageError` unless images can be signed with this key, as far as that is seen without asking anybody."""
    cosign.program()
    if _in_kms(key):
        return
    if not Path(key).is_file():
        raise UsageError(
            f"There is no key {key}.",
            fix="`cosign generate-key-pair` makes cosign.key; or name a key of a KMS, such as awskms:///alias/mage",
        )
    if "COSIGN_PASSWORD" not in os.environ:
        raise UsageError(
            f"Nobody is here to type the password of {key}.",
            why="The variable COSIGN_PASSWORD is not set.",
            fix="set it where secrets of the pipeline are kept; to nothing for a key without a password",
        )


def ready_to_check(key: str) -> None:
    """Raise `UsageError` unless signatures can be checked by this key, as far as that is seen from its name."""
    cosign.program()
    if not _in_kms(key) and not Path(key).is_file():
        raise UsageError(f"There is no key {key}.", fix="the file cosign.pub of whoever signs, or the URI of a KMS")


def sign(registry: Registry, digest: str, *, key: str, progress: Progress, what: str) -> None:
    """Sign an image, by its digest, unless that key has signed it. Raises `BuildError` when that fails."""
    ready(key)
    program = cosign.program()
    if signed(registry, digest, public_key=public_key(key)):
        return
    progress.step(f"Signing {what}")
    finished = cosign.run(cosign.sign_command(program, registry, digest, key=key), ca_file=registry.ca_file)
    if finished.returncode:
        raise cosign.failure(f"{registry.repository}@{digest} could not be signed.", finished)


def signed(registry: Registry, digest: str, *, public_key: str) -> bool:
    """Whether that key has signed it. `public_key`: PEM, a path, or the URI of a KMS."""
    program = cosign.program()
    with tempfile.TemporaryDirectory(prefix="deploykit-") as folder:
        if public_key.startswith("-----BEGIN"):
            public_key = _written(folder, "cosign.pub", public_key)
        root = _written(folder, "trusted_root.json", TRUSTED_ROOT)
        command = cosign.verify_command(program, registry, digest, public_key=public_key, trusted_root=Path(root))
        finished = cosign.run(command, ca_file=registry.ca_file)
    if finished.returncode not in (0, *cosign.NOT_SIGNED):
        raise cosign.failure(f"The signature of {registry.repository}@{digest} could not be checked.", finished)
    return finished.returncode == 0


def public_key(key: str) -> str:
    """What checks the signatures of a key: its public half as PEM, or the same URI of a KMS."""
    if _in_kms(key):
        return key
    finished = cosign.run(cosign.public_key_command(cosign.program(), key=key))
    if finished.returncode:
        raise cosign.failure(f"The key {key} cannot be used.", finished)
    return finished.stdout


def _written(folder: str, name: str, content: str) -> str:
    path = Path(folder) / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def _in_kms(key: str) -> bool:
    return "://" in key
