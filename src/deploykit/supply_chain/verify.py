"""`deploykit verify`: digest, content, labels, bill of materials and signatures of an image in its registry."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploykit.errors import BuildError
from deploykit.image.label_names import INPUTS, PREFIX
from deploykit.registry import Manifest, Registry
from deploykit.supply_chain import attach, labels, materials, sign
from deploykit.supply_chain.findings import Finding, Outcome, failed, judged, ok, skipped


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found; `materials` is the bill of materials as it is attached, empty where there is none."""

    digest: str
    findings: tuple[Finding, ...]
    materials: bytes

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.outcome is not Outcome.FAILED for finding in self.findings)


def verify(registry: Registry, *, tag: str, digest: str, platform: str, key: str | None) -> Verified:
    """Look at an image by its tag, its digest or both; raises `UnreachableError` where the registry does not answer."""
    named = registry.digest(tag) if tag else digest
    manifest = None if named is None else registry.manifest(named)
    findings = [_digest(tag, digest, manifest)]
    if manifest is None:
        return Verified(digest="", findings=tuple(findings), materials=b"")
    missing = registry.missing_blobs(manifest)
    findings.append(judged("content", [f"the registry has lost {part}" for part in missing], "every blob is there"))
    document = b""
    if not missing:
        image = registry.image(manifest, platform=platform)
        config = {} if image is None else registry.config_of(image)
        own = (config.get("config") or {}).get("Labels") or {}
        findings.append(judged("labels", labels.problems(config, tag), _summary(own)))
        artifact = attach.ours(registry, manifest.digest, own.get(INPUTS, ""))
        document, found = _materials(registry, manifest.digest, own, artifact)
        findings.append(found)
        findings += _signatures(registry, manifest.digest, artifact, key)
    return Verified(digest=manifest.digest, findings=tuple(findings), materials=document)


def _digest(tag: str, digest: str, manifest: Manifest | None) -> Finding:
    if manifest is None:
        return failed("digest", f"the registry has no {tag or digest}")
    if digest and manifest.digest != digest:
        return failed("digest", f"the tag names {manifest.digest}, not {digest}")
    return ok("digest", manifest.digest)


def _summary(own: Mapping[str, str]) -> str:
    said = (f"{name} {own.get(PREFIX + name)}" for name in ("mage", "spark", "profile"))
    return ", ".join(said) + f", inputs {own.get(INPUTS, '')[:8]}"


def _materials(registry: Registry, digest: str, own: Mapping[str, str], artifact: str | None) -> tuple[bytes, Finding]:
    """The document, and whether it is what it should be."""
    if artifact is None:
        others = len(attach.attached(registry, digest))
        return b"", failed(
            "SBOM", f"none of deploykit's is attached ({others} of others)" if others else "none is attached"
        )
    try:
        document = attach.document(registry, artifact)
    except BuildError as error:
        return b"", failed("SBOM", error.what)
    problems = materials.problems(document, labels=own, digest=digest)
    return document, judged("SBOM", problems, f"CycloneDX, {len(document)} bytes, as {artifact}")


def _signatures(registry: Registry, digest: str, artifact: str | None, key: str | None) -> list[Finding]:
    if key is None:
        return [skipped("signature", "--key names the key to check by")]
    found = [_signature("signature", registry, digest, key)]
    if artifact is not None:
        found.append(_signature("SBOM's signature", registry, artifact, key))
    return found


def _signature(check: str, registry: Registry, digest: str, key: str) -> Finding:
    if sign.signed(registry, digest, public_key=key):
        return ok(check, f"by {key}")
    return failed(check, f"{key} has not signed it")
