"""`deploykit verify`: digest, content, labels, bill of materials and signatures of an image in its registry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from deploykit.errors import BuildError
from deploykit.image.label_names import INPUTS, PREFIX
from deploykit.registry import Manifest, Registry
from deploykit.registry.manifest import labels_of
from deploykit.supply_chain import attach, labels, materials, sign
from deploykit.supply_chain.findings import Finding, Outcome, failed, judged, ok, skipped


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found; `materials` is the bill of materials as it is attached, empty where there is none.

    Of an index it is that of the image for the platform that was asked for.
    """

    digest: str
    findings: tuple[Finding, ...]
    materials: bytes

    @property
    def wrong(self) -> list[Finding]:
        """What does not hold."""
        return [finding for finding in self.findings if finding.outcome is Outcome.FAILED]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def verify(registry: Registry, *, tag: str, digest: str, platform: str, key: str | None) -> Verified:
    """Look at an image by its tag, its digest or both; raises `UnreachableError` where the registry does not answer."""
    named = registry.digest(tag) if tag else digest
    manifest = None if named is None else registry.manifest(named)
    findings = [_digest(tag, digest, manifest)]
    if manifest is None:
        return Verified(digest="", findings=tuple(findings), materials=b"")
    missing = registry.missing_blobs(manifest)
    findings.append(judged("content", [f"the registry has lost {part}" for part in missing], "every blob is there"))
    if missing:
        return Verified(digest=manifest.digest, findings=tuple(findings), materials=b"")
    parts = manifest.platforms
    if len(parts) < 2:  # an index of one image and what its engine says of it is that image, by another digest
        one = registry.image(manifest, platform=platform, or_another=True) or manifest
        image = _image(registry, one, named=manifest.digest, tag=tag, key=key)
        return Verified(digest=manifest.digest, findings=(*findings, *image.findings), materials=image.materials)
    images = {
        name: _image(registry, registry.manifest(part) or manifest, named=part, tag="", key=key)
        for name, part in parts.items()
    }
    problems = labels.index_problems([image.labels for image in images.values()], tag)
    findings.append(judged("labels", problems, f"an index of {', '.join(images)}"))
    findings.append(_signature("signature", registry, manifest.digest, key))
    for name, image in images.items():
        findings += [replace(finding, check=f"{finding.check} ({name})") for finding in image.findings]
    document = images[platform].materials if platform in images else b""
    return Verified(digest=manifest.digest, findings=tuple(findings), materials=document)


@dataclass(frozen=True, kw_only=True)
class _Image:
    """What was found of one image."""

    labels: Mapping[str, str]
    findings: tuple[Finding, ...]
    materials: bytes


def _image(registry: Registry, image: Manifest, *, named: str, tag: str, key: str | None) -> _Image:
    """`named`: the digest that things are attached to."""
    config = registry.config_of(image)
    own = labels_of(config)
    artifact = attach.ours(registry, named, own.get(INPUTS, ""))
    document, found = _materials(registry, named, own, artifact)
    findings = [judged("labels", labels.problems(config, tag), _summary(own)), found]
    findings.append(_signature("signature", registry, named, key))
    if artifact is not None and key is not None:
        findings.append(_signature("SBOM's signature", registry, artifact, key))
    return _Image(labels=own, findings=tuple(findings), materials=document)


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


def _signature(check: str, registry: Registry, digest: str, key: str | None) -> Finding:
    if key is None:
        return skipped(check, "--key names the key to check by")
    if sign.signed(registry, digest, public_key=key):
        return ok(check, f"by {key}")
    return failed(check, f"{key} has not signed it")
