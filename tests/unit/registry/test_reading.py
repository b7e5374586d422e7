"""What is asked of a registry, and what counts as an answer."""

import json
from base64 import b64encode

import pytest
from tests.unit.registry.server import PASSWORD, USER, Canned, running

from deploykit.errors import BuildError, UnreachableError
from deploykit.registry import Registry
from deploykit.registry.manifest import DOCKER_LIST, OCI_INDEX, sha256

ABSENT = "sha256:" + "0" * 64
V2 = {"Docker-Distribution-Api-Version": "registry/2.0"}


def test_a_tag_that_is_there_costs_one_request_without_a_body(small, client):
    digest = small.image("a")
    assert client.digest("a") == digest
    assert [(asked.method, asked.path) for asked in small.asked] == [("HEAD", "/v2/team/mage-ilum/manifests/a")]


def test_a_digest_that_is_there_is_itself(small, client):
    digest = small.image("a")
    assert client.digest(digest) == digest


def test_what_the_registry_says_is_absent_is_absent(small, client):
    assert client.digest("nothing") is None
    assert client.digest(ABSENT) is None
    assert client.manifest("nothing") is None
    assert client.labels("nothing", platform="linux/amd64") is None


def test_a_repository_that_nobody_made_has_no_tags(small, client):
    small.canned["GET", "tags/list"] = [Canned(status=404, body=b'{"errors":[{"code":"NAME_UNKNOWN"}]}')]
    assert client.tags() == []


def test_absence_by_a_header_alone_is_absence_too(small, client):
    small.canned["HEAD", "manifests/a"] = [Canned(status=404, headers=V2)]
    assert client.digest("a") is None
    assert len(small.asked) == 1


@pytest.mark.parametrize("body", [b"404 page not found", b"<html>", b'{"message":"not found"}', b""])
def test_a_404_of_what_is_no_registry_is_not_absence(small, client, body):
    for method in ("HEAD", "GET"):
        small.canned[method, "manifests/a"] = [Canned(status=404, body=b"" if method == "HEAD" else body)] * 2
    with pytest.raises(UnreachableError):
        client.digest("a")
    with pytest.raises(UnreachableError):
        client.manifest("a")


def test_a_registry_that_names_no_digest_is_asked_for_the_manifest(small, client):
    digest = small.image("a")
    small.canned["HEAD", "manifests/a"] = [Canned(status=200)]
    assert client.digest("a") == digest


def test_a_manifest_is_checked_by_the_digest_that_was_asked_for(small, client):
    digest = small.image("a")
    assert client.manifest(digest).digest == digest
    small.manifests[digest] = (OCI_INDEX, b'{"manifests":[]}')
    with pytest.raises(BuildError, match="another manifest"):
        client.manifest(digest)


def test_a_manifest_of_a_tag_is_checked_by_the_digest_that_the_registry_names(small, client):
    small.canned["GET", "manifests/a"] = [Canned(headers={"Docker-Content-Digest": ABSENT}, body=b"{}")]
    with pytest.raises(BuildError, match="another manifest"):
        client.manifest("a")


def test_labels_are_those_of_the_image(small, client):
    small.image("a", labels={"io.deploykit.spark": "4.1.1"})
    small.image("b")
    assert client.labels("a", platform="linux/amd64") == {"io.deploykit.spark": "4.1.1"}
    assert client.labels("b", platform="linux/amd64") == {}


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_labels_of_an_index_are_those_of_the_platforms_image(small, client, media_type):
    parts = [
        {
            "digest": small.image(f"{machine}", labels={"for": machine}),
            "platform": {"os": "linux", "architecture": machine},
        }
        for machine in ("arm64", "amd64")
    ]
    small.put({"schemaVersion": 2, "manifests": parts}, "a", media_type=media_type)
    assert client.labels("a", platform="linux/amd64") == {"for": "amd64"}
    assert client.labels("a", platform="linux/arm64") == {"for": "arm64"}
    assert client.labels("a", platform="linux/s390x") is None


def test_the_images_of_an_index_are_those_with_a_platform(small, client):
    """An engine puts beside them what it says of them, and two variants of a processor are one platform."""
    machines = ("unknown", "s390x", "arm64", "arm64")
    parts = [
        {
            "digest": small.image(f"{number}"),
            "platform": {"os": "unknown" if machine == "unknown" else "linux", "architecture": machine},
        }
        for number, machine in enumerate(machines)
    ]
    small.put({"schemaVersion": 2, "manifests": parts}, "a", media_type=OCI_INDEX)
    index = client.manifest("a")
    assert [*index.platforms.items()] == [("linux/arm64", parts[2]["digest"]), ("linux/s390x", parts[1]["digest"])]
    assert index.part("linux/arm64/v8") == parts[2]["digest"]
    assert client.image(index, platform="linux/amd64") is None
    assert client.image(index, platform="linux/amd64", or_another=True).digest == parts[2]["digest"]
    assert client.image(index, platform="linux/s390x", or_another=True).digest == parts[1]["digest"]


def test_a_configuration_that_was_lost_or_changed_is_said(small, client):
    digest = small.image("a")
    config = client.manifest(digest).blobs()[0]
    content = small.blobs.pop(config)
    with pytest.raises(BuildError, match=f"has lost {config}"):
        client.labels("a", platform="linux/amd64")
    small.blobs[config] = content + b" "
    with pytest.raises(BuildError, match=f"has damaged {config}"):
        client.labels("a", platform="linux/amd64")


@pytest.mark.parametrize("link", [str, lambda path: f"/v2/../{path.lstrip('/')}"], ids=["path", "path with dots"])
def test_tags_are_those_of_all_pages(link):
    with running(page=2, link=link) as small:
        for number in range(5):
            small.image(f"tag{number}")
        assert Registry(small.repository).tags() == [f"tag{number}" for number in range(5)]
        assert len(small.asked) == 3


def test_a_next_page_with_the_wrong_scheme_is_asked_for_where_the_first_was():
    """A registry behind a proxy that ends TLS writes the scheme that it sees itself."""
    with running(page=2) as small:
        small.link = lambda path: f"https://{small.host}{path}"
        for number in range(3):
            small.image(f"tag{number}")
        assert len(Registry(small.repository).tags()) == 3


def test_a_comma_in_the_address_of_the_next_page_is_part_of_it(small, client):
    link = '</v2/team/mage-ilum/tags/list?last=a,b&n=1>; rel="next", </v2/>; rel="first"'
    small.canned["GET", "tags/list"] = [Canned(body=b'{"tags":["a,b"]}', headers={"Link": link}), Canned(body=b"{}")]
    assert client.tags() == ["a,b"]
    assert small.asked[-1].query == {"last": ["a,b"], "n": ["1"]}


def test_pages_without_an_end_come_to_an_end(small, client, monkeypatch):
    monkeypatch.setattr("deploykit.registry.client.PAGES", 3)
    small.canned["GET", "tags/list"] = [
        Canned(body=b'{"tags":["a"]}', headers={"Link": '</v2/team/mage-ilum/tags/list>; rel="next"'})
    ] * 9
    with pytest.raises(UnreachableError, match="could not be asked"):
        client.tags()


def test_blobs_that_a_registry_lost_are_named(small, client):
    manifest = client.manifest(small.image("a", layers=9))
    assert client.missing_blobs(manifest) == []
    lost = [manifest.blobs()[0], manifest.blobs()[5]]
    for digest in lost:
        del small.blobs[digest]
    assert client.missing_blobs(manifest) == lost


def test_what_an_index_lost_is_named(small, client):
    first, second = small.image("a"), small.image("b")
    index = client.manifest(small.put({"schemaVersion": 2, "manifests": [{"digest": first}, {"digest": second}]}))
    layer = client.manifest(first).blobs()[1]
    del small.blobs[layer]
    del small.manifests[second]
    assert client.missing_blobs(index) == [layer, second]


def test_a_layer_that_lies_elsewhere_by_design_is_not_missed(small, client):
    foreign = {"digest": ABSENT, "urls": ["https://vendor.example/layer"]}
    manifest = client.manifest(small.put({"schemaVersion": 2, "layers": [foreign]}))
    assert client.missing_blobs(manifest) == []


def test_a_blob_of_an_object_store_is_fetched_without_the_login(small, client_of, docker_config):
    content = b"{}"
    small.login = "basic"
    login = {"auths": {small.host: {"auth": b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}
    (docker_config / "config.json").write_text(json.dumps(login), encoding="utf-8")
    digest = small.put({"config": {"digest": sha256(content)}}, "a")
    with running() as store:
        target = f"http://{store.host}/bucket/object?signature=abc"
        small.canned["GET", f"blobs/{sha256(content)}"] = [
            Canned(status=401, headers={"WWW-Authenticate": "Basic"}),
            Canned(status=307, headers={"Location": target}),
        ]
        store.canned["GET", "/bucket/object"] = [Canned(body=content)]
        assert client_of(small).blob(sha256(content)) == content
        assert [asked.authorization for asked in store.asked] == [""]
        assert store.asked[0].query == {"signature": ["abc"]}
    assert client_of(small).digest("a") == digest


@pytest.mark.parametrize(
    "content",
    [{"config": "x"}, {"layers": 5}, {"layers": [{}]}, {"manifests": [{"platform": {"os": "linux"}}]}],
)
def test_what_is_no_manifest_of_an_image_is_told_in_a_sentence(small, client, content):
    small.put({"schemaVersion": 2, **content}, "odd")
    with pytest.raises(BuildError, match="is not the manifest of an image"):
        client.config("odd", platform="linux/amd64")


@pytest.mark.parametrize("config", [{}, {"config": None}])
def test_a_manifest_without_a_configuration_has_no_labels(small, client, config):
    small.put({"schemaVersion": 2, **config}, "bare")
    assert client.labels("bare", platform="linux/amd64") == {}
