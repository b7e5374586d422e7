"""The bill of materials: valid, complete, the same for the same plan, and readable by scanners."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from tests.unit.image.plans import JAVA, base, make

from deploykit.request import Profile
from deploykit.supply_chain import purl
from deploykit.supply_chain.sbom import sbom

pytestmark = pytest.mark.usefixtures("isolated")

DIGEST = "sha256:" + "1" * 64
PLANS = [
    *({"profile": profile} for profile in Profile),
    {"extras": ("jdbc",)},
    {"platform": "linux/amd64", "spark": "3.5.7"},
]


def of(plan, **settings):
    return json.loads(sbom(plan, labels=plan.labels, **settings))


def by_name(document):
    return {component["name"]: component for component in document["components"]}


@pytest.mark.parametrize("changes", PLANS, ids=str)
@pytest.mark.parametrize("digest", ["", DIGEST])
def test_it_is_valid_against_the_schema_of_cyclonedx(changes, digest):
    plan = make(**changes)
    problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(
        sbom(plan, labels=plan.labels, digest=digest).decode()
    )
    assert problem is None, problem


def test_the_schema_would_refuse_what_is_wrong():
    text = json.dumps(of(make()) | {"serialNumber": "x"})
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is not None


def test_the_same_plan_gives_the_same_bytes_and_another_other_ones():
    documents = [sbom(plan, labels=plan.labels, digest=DIGEST) for plan in (make(), make())]
    assert documents[0] == documents[1]
    others = [make(spark="4.1.2"), make(profile=Profile.SLIM), make(java="17.0.22+1-1~deb12u1")]
    serials = {of(plan, digest=DIGEST)["serialNumber"] for plan in (make(), *others)}
    serials |= {of(make())["serialNumber"], of(make(), digest="sha256:" + "2" * 64)["serialNumber"]}
    assert len(serials) == 6


def test_it_lists_every_wheel_with_the_hash_of_the_lock():
    plan = make(extras=("jdbc",))
    found = by_name(of(plan))
    for file in (*plan.lock.added, *plan.extras[0].lock.added):
        assert found[file.name]["version"] == file.version
        assert found[file.name]["hashes"] == [{"alg": "SHA-256", "content": file.sha256}]
        assert found[file.name]["purl"] == f"pkg:pypi/{file.name}@{file.version}"


def test_the_client_is_named_as_notices_name_it_and_says_what_it_was_made_from():
    plan = make()
    client = by_name(of(plan))["pyspark"]
    assert client["purl"] == "pkg:pypi/pyspark@4.1.1"
    assert {"name": "io.deploykit.installed", "value": "4.1.1+nojars"} in client["properties"]
    [source] = client["pedigree"]["ancestors"]
    assert source["hashes"] == [{"alg": "SHA-256", "content": plan.sdist.sha256}]
    assert source["purl"] == "pkg:pypi/pyspark@4.1.1?file_name=pyspark-4.1.1.tar.gz"
    whole = by_name(of(make(profile=Profile.FULL)))["pyspark"]
    assert {"name": "io.deploykit.installed", "value": "4.1.1"} in whole["properties"]


def test_java_is_the_debian_package_with_its_full_version_under_the_name_that_notices_are_about():
    java = by_name(of(make()))["openjdk-17"]
    parsed = PackageURL.from_string(java["purl"])
    assert (parsed.name, parsed.version) == ("openjdk-17", JAVA)
    assert parsed.qualifiers == {"arch": "source", "distro": "debian-12"}
    [package] = java["pedigree"]["ancestors"]
    assert package["purl"] == java["purl"].replace("openjdk-17@", "openjdk-17-jdk-headless@").replace("source", "amd64")
    assert "openjdk-17" not in by_name(of(make(profile=Profile.SLIM)))


def test_the_system_that_java_was_made_for_is_named_as_scanners_want_it():
    """Trivy leaves packages of a system out where there is no such component."""
    system = by_name(of(make()))["debian"]
    assert (system["type"], system["version"]) == ("operating-system", "12")


def test_jars_of_an_extra_are_maven_artifacts_with_their_hashes():
    plan = make(extras=("jdbc",))
    for artifact in plan.extras[0].artifacts:
        group, name, version = artifact.coordinates.split(":")
        jar = by_name(of(plan))[name]
        assert (jar["group"], jar["version"]) == (group, version)
        assert jar["purl"] == f"pkg:maven/{group}/{name}@{version}?type=jar"
        assert jar["hashes"][0]["content"] == artifact.sha256


def test_it_is_about_the_image_and_names_its_base_by_digest():
    image = of(make(), digest=DIGEST)["metadata"]["component"]
    parsed = PackageURL.from_string(image["purl"])
    assert (parsed.type, parsed.name, parsed.version) == ("oci", "mage-ilum", DIGEST)
    assert parsed.qualifiers["repository_url"] == "registry.example/mage-ilum"
    [ancestor] = image["pedigree"]["ancestors"]
    assert ancestor["name"] == "registry.example/mageai/mageai"
    assert PackageURL.from_string(ancestor["purl"]).version == base().digest


def test_it_carries_the_labels_of_the_image_whichever_deploykit_made_it():
    plan = make()
    labels = plan.labels | {"io.deploykit.version": "0.0.9", "maintainer": "of the base"}
    document = json.loads(sbom(plan, labels=labels))
    said = {entry["name"]: entry["value"] for entry in document["metadata"]["component"]["properties"]}
    assert said == {name: value for name, value in labels.items() if name != "maintainer"}
    assert document["metadata"]["tools"]["components"][0]["version"] == "0.0.9"


def test_every_component_is_what_the_image_depends_on_under_a_reference_of_its_own():
    document = of(make(extras=("jdbc",)), digest=DIGEST)
    references = [component["bom-ref"] for component in document["components"]]
    assert len({*references}) == len(references)
    assert document["dependencies"] == [{"ref": document["metadata"]["component"]["bom-ref"], "dependsOn": references}]


@pytest.mark.parametrize(
    ("own", "parts"),
    [
        (purl.python("Google_Auth", "1.0+local"), ("pypi", None, "google-auth", "1.0+local", {})),
        (purl.maven("org.example:a.b:1"), ("maven", "org.example", "a.b", "1", {"type": "jar"})),
        (
            purl.debian("openjdk-17-jre", "17.0.1+2-1~deb12u1", machine="arm64"),
            ("deb", "debian", "openjdk-17-jre", "17.0.1+2-1~deb12u1", {"arch": "arm64", "distro": "debian-12"}),
        ),
        (purl.debian("git", "1:2.39-1", machine="amd64"), ("deb", "debian", "git", "1:2.39-1", {"arch": "amd64"})),
        (
            purl.image("registry.example:5000/team/m", digest=DIGEST, tag="t", machine="amd64"),
            ("oci", None, "m", DIGEST, {"arch": "amd64", "repository_url": "registry.example:5000/team/m", "tag": "t"}),
        ),
    ],
)  # fmt: skip
def test_package_urls_are_written_as_the_reference_library_writes_them(own, parts):
    parsed = PackageURL.from_string(own)
    assert (parsed.type, parsed.namespace, parsed.name, parsed.version, parsed.qualifiers) == parts
    assert parsed.to_string() == own
