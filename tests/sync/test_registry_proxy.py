"""The proxy itself: what passes it is what the registry says, and each fault is what a client meets."""

import base64
import hashlib
import http.client
import json
import urllib.request

import pytest
from tests.sync import faults
from tests.sync.calls import On
from tests.sync.registry_proxy import USER, RegistryProxy
from tests.sync.upstream import MANIFESTS


@pytest.fixture
def open_proxy(registry):
    with RegistryProxy(registry, login=False) as proxy:
        yield proxy


@pytest.fixture
def manifest(base_image):
    """The address of a manifest behind the proxy."""
    name, _, tag = base_image.partition("/")[2].rpartition(":")
    return f"/v2/{name}/manifests/{tag}"


def ask(proxy, path, method="GET", headers=(), body=None):
    connection = http.client.HTTPConnection(proxy.host, timeout=5)
    try:
        connection.request(method, path, body, {"Accept": ", ".join(MANIFESTS), **dict(headers)})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_manifest_passes_unchanged_and_is_counted_with_its_bytes(open_proxy, manifest):
    status, headers, body = ask(open_proxy, manifest)
    assert status == 200
    assert headers["Docker-Content-Digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    [call] = open_proxy.calls
    assert (str(call), call.down, call.up) == ("deploykit GET manifest by tag", len(body), 0)


def test_nothing_is_told_without_the_login_and_everything_with_it(proxy, manifest):
    status, headers, _ = ask(proxy, manifest)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith(f'Bearer realm="http://{proxy.host}/token"')
    assert ask(proxy, "/token?service=registry")[0] == 401
    pair = json.loads(proxy.docker_config)["auths"][proxy.host]["auth"]
    assert base64.b64decode(pair).decode().startswith(f"{USER}:")
    status, _, body = ask(proxy, "/token?service=registry", headers={"Authorization": f"Basic {pair}"})
    token = json.loads(body)["token"]
    assert ask(proxy, manifest, headers={"Authorization": f"Bearer {token}"})[0] == 200
    assert {pair, token} <= proxy.secrets


def test_an_upload_arrives_whole_or_in_pieces(open_proxy, registry):
    data = b"x" * 200_000
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    for body in (data, iter([data[:1000], data[1000:]])):
        _, headers, _ = ask(open_proxy, "/v2/deploykit-test/proxy/blobs/uploads/", "POST", {"Content-Length": "0"})
        assert headers["Location"].startswith(f"http://{open_proxy.host}/")
        path = headers["Location"].partition(open_proxy.host)[2]
        status, _, _ = ask(open_proxy, f"{path}&digest={digest}", "PUT", body=body)
        assert status == 201
        assert open_proxy.calls[-1].up == len(data)
    with urllib.request.urlopen(f"http://{registry}/v2/deploykit-test/proxy/blobs/{digest}") as answer:
        assert answer.read() == data


def test_only_the_calls_that_were_named_go_wrong(open_proxy, manifest):
    open_proxy.inject(On(kind="GET manifest by tag", base=True, nth=2, times=1), faults.status(503))
    assert [ask(open_proxy, manifest)[0] for _ in range(3)] == [200, 503, 200]
    open_proxy.inject(On(kind="GET manifest by tag", base=True), faults.status(429, retry_after=7))
    status, headers, _ = ask(open_proxy, manifest)
    assert (status, headers["Retry-After"]) == (429, "7")
    assert ask(open_proxy, "/v2/")[0] == 200
    open_proxy.heal()
    assert ask(open_proxy, manifest)[0] == 200


@pytest.mark.parametrize("fault", [faults.cut, faults.unheard, faults.half], ids=lambda fault: fault.__name__)
def test_a_connection_that_ends_early_gives_no_whole_answer(open_proxy, manifest, fault):
    open_proxy.inject(On(kind="GET manifest by tag", base=True), fault)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        ask(open_proxy, manifest)


def test_what_hangs_is_let_go_when_the_proxy_is_healed(open_proxy, manifest):
    open_proxy.inject(On(kind="GET manifest by tag", base=True), faults.hang)
    connection = http.client.HTTPConnection(open_proxy.host, timeout=0.5)
    connection.request("GET", manifest)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    open_proxy.heal()
    assert ask(open_proxy, manifest)[0] == 200


def test_an_upload_that_is_swallowed_is_accepted_and_not_there(open_proxy, registry):
    digest = f"sha256:{hashlib.sha256(b'gone').hexdigest()}"
    _, headers, _ = ask(open_proxy, "/v2/deploykit-test/proxy/blobs/uploads/", "POST", {"Content-Length": "0"})
    open_proxy.inject(On(kind="PUT upload"), faults.swallow)
    path = headers["Location"].partition(open_proxy.host)[2]
    status, headers, _ = ask(open_proxy, f"{path}&digest={digest}", "PUT", body=b"gone")
    assert (status, headers["Docker-Content-Digest"]) == (201, digest)
    assert ask(open_proxy, f"/v2/deploykit-test/proxy/blobs/{digest}", "HEAD")[0] == 404
