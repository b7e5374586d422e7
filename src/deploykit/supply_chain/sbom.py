"""The bill of materials of what our layers add to a base: CycloneDX, and the same bytes for the same plan."""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from deploykit.image import pyspark_wheel
from deploykit.image.label_names import PREFIX, VERSION
from deploykit.image_reference import ImageReference
from deploykit.plan import Plan
from deploykit.supply_chain import purl

MEDIA_TYPE = "application/vnd.cyclonedx+json"
SPEC = "1.5"  # the newest that scanners of the last years all read; nothing here needs a newer one
_NAMESPACE = uuid.UUID("6ad0f2f4-7c8e-5d39-9a52-1f2a0d8c7e11")

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"


def sbom(plan: Plan, *, labels: Mapping[str, str], digest: str = "") -> bytes:
    """The document for an image that was made from a plan, and bears `labels`: another deploykit may have made it.

    `digest` binds it to that one image; where it is empty, the tag does.
    """
    version = labels.get(VERSION) or "0"
    added = [*_components(plan, version)]
    image = _image(plan, labels, digest)
    content: dict[str, Json] = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "deploykit", "version": version}]},
            "component": image,
        },
        "components": [*added],
        "dependencies": [{"ref": image["bom-ref"], "dependsOn": [component["bom-ref"] for component in added]}],
        # What the base holds is not listed: a scanner of the image sees that, and the base's makers say it.
        "compositions": [{"aggregate": "incomplete", "assemblies": [image["bom-ref"]]}],
    }
    inputs = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, inputs)}"
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()


def _components(plan: Plan, version: str) -> Iterator[dict[str, Json]]:
    """What is added, in the order of the layers."""
    if plan.profile.java:
        if release := purl.debian_release(plan.java.version):
            # Without the system, scanners do not know what a Debian package is to be compared with.
            yield {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": release}
        yield _java(plan)
    for file in sorted(plan.lock.added, key=lambda file: file.name):
        yield _wheel(file.name, file.version, file.file, file.sha256, "dependencies")
    for extra in plan.extras:
        for file in sorted(extra.lock.added, key=lambda file: file.name):
            yield _wheel(file.name, file.version, file.file, file.sha256, f"with-{extra.name}")
        for artifact in extra.artifacts:
            group, name, release = artifact.coordinates.split(":")
            found = _component(name, release, purl.maven(artifact.coordinates), f"with-{extra.name}", artifact.sha256)
            yield {**found, "group": group, **_properties(layer=f"with-{extra.name}", file=artifact.file)}
    yield _pyspark(plan)
    own = _component("mage_ilum", version, purl.purl("generic", "mage_ilum", version), "mage-ilum")
    yield {**own, **_properties(layer="mage-ilum")}


def _image(plan: Plan, labels: Mapping[str, str], digest: str) -> dict[str, Json]:
    """The image itself, with those of its labels that are ours; what it was made from is its ancestor."""
    ours = plan.labels
    machine = plan.platform.partition("/")[2]
    own = purl.image(plan.repository, digest=digest, tag=plan.tag, machine=machine)
    base = ImageReference.split(plan.base.reference)
    return {
        "bom-ref": own,
        "type": "container",
        "name": plan.repository,
        "version": plan.tag,
        "purl": own,
        "pedigree": {
            "ancestors": [
                {
                    "type": "container",
                    "name": base.repository,
                    "version": plan.base.identity,
                    "purl": purl.image(base.repository, digest=plan.base.digest, tag=base.tag, machine=machine),
                }
            ]
        },
        "properties": [
            {"name": name, "value": value}
            for name, value in sorted(labels.items())
            if name in ours or name.startswith(PREFIX)
        ],
    }


def _wheel(name: str, version: str, file: str, sha256: str, layer: str) -> dict[str, Json]:
    found = _component(name, version, purl.python(name, version), layer, sha256)
    return {**found, **_properties(layer=layer, file=file)}


def _java(plan: Plan) -> dict[str, Json]:
    """The runtime, under the name of the source package: Debian's notices are about those, and so are scanners."""
    package, version = plan.java_package, plan.java.version
    source = "-".join(package.split("-")[:2])  # openjdk-17 of openjdk-17-jdk-headless
    binary = purl.debian(package, version, machine=plan.platform.partition("/")[2])
    return {
        **_component(source, version, purl.debian(source, version, machine="source"), "jre"),
        "pedigree": {
            "ancestors": [{"type": "library", "name": package, "version": version, "purl": binary}],
            "notes": f"A runtime in /opt/java, made by jlink with {', '.join(plan.java_modules)}.",
        },
        **_properties(layer="jre"),
    }


def _pyspark(plan: Plan) -> dict[str, Json]:
    """Under the version that notices of vulnerabilities name; the one that it bears in the image is a property."""
    release, jars = plan.spark.release, plan.profile.jars
    notes = "with all its files" if jars else "without its jars, examples and launchers, under measured requirements"
    return {
        **_component("pyspark", release, purl.python("pyspark", release), "pyspark"),
        "pedigree": {
            "ancestors": [
                {
                    "type": "library",
                    "name": "pyspark",
                    "version": release,
                    "purl": purl.purl("pypi", "pyspark", release, file_name=f"pyspark-{release}.tar.gz"),
                    "hashes": [{"alg": "SHA-256", "content": plan.sdist.sha256}],
                }
            ],
            "notes": f"Packed from the published source distribution, {notes}.",
        },
        **_properties(
            layer="pyspark",
            file=pyspark_wheel.file_name(release, jars=jars),
            installed=pyspark_wheel.version(release, jars=jars),
        ),
    }


def _component(name: str, version: str, url: str, layer: str, sha256: str = "") -> dict[str, Json]:
    """`layer` keeps apart what two layers hold, since a reference may not occur twice."""
    hashes: dict[str, Json] = {"hashes": [{"alg": "SHA-256", "content": sha256}]} if sha256 else {}
    return {
        "bom-ref": f"{layer}/{url}",
        "type": "library",
        "name": name,
        "version": version,
        "purl": url,
        **hashes,
    }


def _properties(**values: str) -> dict[str, Json]:
    return {"properties": [{"name": f"{PREFIX}{name}", "value": value} for name, value in sorted(values.items())]}
