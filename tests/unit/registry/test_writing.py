"""What is put into a registry: each blob once, the manifest last."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.unit.registry.conftest import TIMEOUT
from tests.unit.registry.server import Canned, digest_tag, running

from deploykit.errors import BuildError, UnreachableError
from deploykit.registry import Registry
from deploykit.registry.manifest import sha256

SBOM = {"artifact_type": "application/vnd.cyclonedx+json", "media_type": "application/vnd.cyclonedx+json"}


KINDS = {
    "referrers API": {"has_referrers": True},
    "terse API": {"has_referrers": True, "terse": True},
    "tag schema": {},
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def registry(request):
    """A registry of OCI 1.1, one that says little of it, or one from before."""
    with running(**request.param) as small:
        yield small


def test_a_blob_is_put_once(small, client):
    assert client.put_blob(b"content") == sha256(b"content")
    assert small.blobs == {sha256(b"content"): b"content"}
    small.asked.clear()
    client.put_blob(b"content")
    assert small.wrote() == []


def test_where_to_upload_may_be_said_as_a_whole_address(small, client):
    small.link = lambda path: f"https://{small.host}{path}"  # with the scheme that it sees behind a proxy
    assert client.put_blob(b"content") in small.blobs


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413])
def test_a_push_that_is_refused_is_a_failed_push(small, client, status):
    small.canned["PUT", "manifests/a"] = [Canned(status=status, body=b'{"errors":[{"code":"DENIED"}]}')] * 3
    small.canned["POST", "blobs/uploads/"] = [Canned(status=status)] * 3
    with pytest.raises(BuildError, match="could not be pushed to") as caught:
        client.put_manifest("a", b"{}", "application/json")
    assert "DENIED" in caught.value.why
    with pytest.raises(BuildError, match="could not be pushed to"):
        client.put_blob(b"content")


def test_a_manifest_whose_blobs_the_registry_does_not_know_for_a_moment_is_put_again(small, client):
    """As a registry says while another push writes the entry of the same blob anew."""
    body = b'{"errors":[{"code":"DIGEST_INVALID"},{"code":"MANIFEST_BLOB_UNKNOWN"}]}'
    small.canned["PUT", "manifests/a"] = [Canned(status=400, body=body)]
    assert client.put_manifest("a", b"{}", "application/json") == sha256(b"{}")
    small.canned["PUT", "manifests/a"] = [Canned(status=400, body=body)] * 3
    with pytest.raises(BuildError, match="could not be pushed to"):
        client.put_manifest("a", b"{}", "application/json")


@pytest.mark.parametrize("answer", [Canned(status=501), Canned(status=200, body=b"<html>Please log in</html>")])
def test_a_push_that_gets_no_answer_is_unreachable(small, client, answer):
    small.canned["PUT", "manifests/a"] = [answer]
    with pytest.raises(UnreachableError):
        client.put_manifest("a", b"{}", "application/json")


@pytest.mark.parametrize("status", [500, 502])
def test_an_upload_that_breaks_is_tried_again(small, client, status):
    small.canned["POST", "blobs/uploads/"] = [Canned(status=status)]
    assert client.put_blob(b"content") in small.blobs


def test_what_is_attached_is_listed_and_holds_what_was_given(registry):
    client = Registry(registry.repository, timeout=TIMEOUT)
    image = registry.image("a")
    digest = client.attach(image, data=b"{}x", annotations={"io.deploykit.inputs": "abc"}, **SBOM)
    [entry] = client.referrers(image)
    assert entry["digest"] == digest
    assert entry["artifactType"] == SBOM["artifact_type"]
    assert entry["annotations"] == {"io.deploykit.inputs": "abc"}
    manifest = client.manifest(digest)
    assert entry["size"] == len(manifest.raw)
    assert manifest.content["subject"]["digest"] == image
    assert client.missing_blobs(manifest) == []
    assert client.blob(manifest.content["layers"][0]["digest"]) == b"{}x"
    assert (digest_tag(image) in client.tags()) is not registry.has_referrers


def test_what_is_attached_is_not_attached_again(registry):
    client = Registry(registry.repository, timeout=TIMEOUT)
    image = registry.image("a")
    first = client.attach(image, data=b"x", annotations={"a": "1", "b": "2"}, **SBOM)
    registry.asked.clear()
    assert client.attach(image, data=b"x", annotations={"b": "2", "a": "1"}, **SBOM) == first
    assert registry.wrote() == []
    assert len(client.referrers(image)) == 1


def test_a_registry_that_lists_attachments_a_moment_later_and_does_not_say_so_is_given_a_moment():
    with running(has_referrers=True, terse=True) as small:
        client = Registry(small.repository, timeout=TIMEOUT)
        image, small.lag = small.image("a"), 3
        digest = client.attach(image, data=b"x", annotations={}, **SBOM)
        assert [entry["digest"] for entry in client.referrers(image)] == [digest]


def test_a_registry_that_lists_attachments_a_moment_later_is_believed_and_given_no_index():
    with running(has_referrers=True) as small:
        client = Registry(small.repository, timeout=TIMEOUT)
        image, small.lag = small.image("a"), 9
        digest = client.attach(image, data=b"x", annotations={}, **SBOM)
        assert client.attach(image, data=b"x", annotations={}, **SBOM) == digest
        assert digest_tag(image) not in client.tags()
        small.lag = 0
        assert [entry["digest"] for entry in client.referrers(image)] == [digest]


def test_several_things_are_attached_and_told_apart_by_their_type(registry):
    client = Registry(registry.repository, timeout=TIMEOUT)
    image = registry.image("a")
    other = {"artifact_type": "application/vnd.example", "media_type": "text/plain"}
    digests = [client.attach(image, data=b"x", annotations={}, **kind) for kind in (SBOM, other)]
    assert [entry["digest"] for entry in client.referrers(image)] == digests
    assert [entry["digest"] for entry in client.referrers(image, artifact_type="application/vnd.example")] == digests[
        1:
    ]
    assert client.referrers(registry.image("b")) == []


def test_all_pages_of_the_api_are_read():
    with running(has_referrers=True, page=2) as small:
        client = Registry(small.repository)
        image = small.image("a")
        for number in range(5):
            client.attach(image, data=b"%d" % number, annotations={}, **SBOM)
        assert len(client.referrers(image)) == 5


@pytest.mark.parametrize("answer", [
    Canned(status=400), Canned(status=405), Canned(status=404, body=b'{"errors":[{"code":"NOT_FOUND"}]}'),
    Canned(status=200, body=b"<html>", headers={"Content-Type": "text/html"}),
])  # fmt: skip
def test_whatever_a_registry_without_the_api_answers_the_tag_is_asked(small, client, answer):
    image = small.image("a")
    client.attach(image, data=b"x", annotations={}, **SBOM)
    small.canned["GET", f"referrers/{image}"] = [answer]
    assert len(client.referrers(image)) == 1


def test_a_registry_that_cannot_be_asked_for_attachments_is_not_taken_for_one_without(small, client):
    image = small.image("a")
    client.attach(image, data=b"x", annotations={}, **SBOM)
    for status in (401, 403, 429, 501):
        small.canned["GET", f"referrers/{image}"] = [Canned(status=status)]
        with pytest.raises(UnreachableError):
            client.referrers(image)


def test_an_attachment_that_is_broken_off_at_any_step_is_completed_by_a_second_run(registry):
    """Each request that writes fails in turn."""
    steps = 0
    while True:
        client = Registry(registry.repository, timeout=TIMEOUT)
        image = registry.image(f"image{steps}")
        attachment = {"data": b"data %d" % steps, "annotations": {}, **SBOM}
        registry.blobs.pop(sha256(b"{}"), None)
        registry.asked.clear()
        registry.lost_write = steps
        try:
            client.attach(image, **attachment)
        except UnreachableError:
            steps += 1
        else:
            break
        registry.lost_write = None
        digest = client.attach(image, **attachment)
        assert [entry["digest"] for entry in client.referrers(image)] == [digest]
        assert client.missing_blobs(client.manifest(digest)) == []
    assert steps == (5 if registry.has_referrers else 6)


def test_two_that_attach_the_same_at_once_leave_one(registry):
    image = registry.image("a")

    def attach(_):
        return Registry(registry.repository).attach(image, data=b"x", annotations={}, **SBOM)

    with ThreadPoolExecutor(4) as pool:
        assert len({*pool.map(attach, range(8))}) == 1
    assert len(Registry(registry.repository).referrers(image)) == 1


def test_nothing_is_attached_to_what_is_not_there(small, client):
    with pytest.raises(BuildError, match="has no sha256:"):
        client.attach("sha256:" + "0" * 64, data=b"x", annotations={}, **SBOM)
    assert small.wrote() == []
