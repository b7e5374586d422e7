"""`deploykit verify`: is an image in a registry what it says it is."""

from pathlib import Path

import click

from deploykit import files
from deploykit.cli import output
from deploykit.cli.registry_options import insecure_registry
from deploykit.cli.seconds import Seconds
from deploykit.errors import BuildError
from deploykit.image.platform import host_platform
from deploykit.image_reference import ImageReference
from deploykit.registry import Registry
from deploykit.supply_chain.sign import ready_to_check
from deploykit.supply_chain.verify import Verified, verify


@click.command()
@click.argument("image", metavar="IMAGE")
@click.option(
    "--key", envvar="DEPLOYKIT_KEY", metavar="KEY", help="The key that must have signed it: cosign.pub, or a KMS's URI."
)
@click.option(
    "--sbom", type=click.Path(dir_okay=False, path_type=Path), help="Write the bill of materials there, for a scanner."
)
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    envvar="DEPLOYKIT_CA_FILE",
    help="Certificates to trust too.",
)
@insecure_registry
@click.option(
    "--timeout",
    type=Seconds(),
    default=3.0,
    show_default=True,
    envvar="DEPLOYKIT_TIMEOUT",
    help="Seconds for each question to the registry.",
)
@output.format_option
def command(
    *,
    image: str,
    key: str | None,
    sbom: Path | None,
    ca_file: Path | None,
    insecure_registry: tuple[str, ...],
    timeout: float,
    output_format: str,
) -> None:
    """Check digest, content, labels, bill of materials and signature of an image in its registry."""
    named = ImageReference.parse(image)
    if key:
        ready_to_check(key)
    registry = Registry(named.repository, timeout=timeout, ca_file=ca_file, insecure=insecure_registry)
    platform = host_platform()
    found = verify(registry, tag=named.tag, digest=named.digest, platform=platform, key=key)
    _show(image, found, output_format)
    if sbom is not None and found.materials:
        files.write(sbom, found.materials, fix="another --sbom")
        output.talk(f"Wrote {sbom}")
    elif sbom is not None:
        output.talk(f"Nothing was written to {sbom}: there is no bill of materials for {platform}")
    if wrong := found.wrong:
        why = "; ".join(f"{finding.check}: {finding.text}" for finding in wrong)
        raise BuildError(f"{image} is not what it should be.", why=why)


def _show(image: str, found: Verified, output_format: str) -> None:
    if output_format == "json":
        rows = [{"check": row.check, "outcome": row.outcome, "text": row.text} for row in found.findings]
        output.data_json({"image": image, "digest": found.digest, "holds": found.holds, "findings": rows})
        return
    output.table(("check", "outcome", "found"), [(row.check, row.outcome, row.text) for row in found.findings])
