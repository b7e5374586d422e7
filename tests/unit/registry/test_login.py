"""Logins as `docker login` leaves them, and the tokens that registries give for them."""

import base64
import json
from pathlib import Path

import pytest
from tests.unit.image import plans
from tests.unit.registry.conftest import TIMEOUT
from tests.unit.registry.server import IDENTITY, PASSWORD, USER, Canned, running

from deploykit.errors import BuildError, UnreachableError
from deploykit.registry import LoginRefusedError, Registry, ThrottledError
from deploykit.registry.location import locate
from deploykit.registry.login import challenges, credentials

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ABSENT = "sha256:" + "0" * 64


@pytest.fixture(params=["bearer", "basic"])
def guarded(request):
    """A registry that wants a login."""
    with running(login=request.param) as small:
        yield small


@pytest.fixture
def bearer():
    """A registry that wants tokens."""
    with running(login="bearer") as small:
        yield small


def log_in(folder: Path, host: str, **entry: str) -> None:
    (folder / "config.json").write_text(json.dumps({"auths": {host: entry or {"auth": AUTH}}}), encoding="utf-8")


def helper(folder: Path, script: str, monkeypatch) -> None:
    """A credential helper on the PATH."""
    program = folder / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_the_login_of_config_json_is_used_to_read_and_to_write(guarded, docker_config, client_of):
    log_in(docker_config, guarded.host)
    digest = guarded.image("a")
    client = client_of(guarded)
    assert client.digest("a") == digest
    assert client.put_blob(b"new") in guarded.blobs
    assert client.put_manifest("b", b"{}", "application/json") == client.digest("b")


def test_the_login_is_asked_for_once(bearer, docker_config, client_of):
    log_in(docker_config, bearer.host)
    bearer.image("a")
    client = client_of(bearer)
    for _ in range(3):
        client.digest("a")
    assert [asked.path for asked in bearer.asked].count("/token") == 1
    assert len(bearer.asked) == 3 + 2  # the question that is answered by the challenge, and the token


def test_a_plan_and_its_request_log_in_once(bearer, docker_config):
    log_in(docker_config, bearer.host)
    digest = bearer.image("a")
    for settings in (plans.request(), plans.make(), plans.request()):
        assert Registry.of(bearer.repository, settings).digest("a") == digest
    assert len(bearer.tokens) == 1


@pytest.mark.parametrize("changes", [{"timeout": 1.0}, {"insecure_registry": ("registry.example",)}])
def test_other_settings_are_another_client(changes):
    assert Registry.of("registry.example/m", plans.request(**changes)) is not Registry.of(
        "registry.example/m", plans.request()
    )


def test_a_token_is_asked_for_with_the_scope_that_is_needed(bearer, docker_config, client_of):
    """The registry asks for `pull` whatever is tried, as GitHub's does."""
    log_in(docker_config, bearer.host)
    client = client_of(bearer)
    client.digest("a")
    client.put_blob(b"new")
    assert [*bearer.tokens.values()] == [
        "repository:team/mage-ilum:pull",
        "repository:team/mage-ilum:pull,push",
    ]


def test_several_scopes_are_asked_for_one_by_one(bearer, docker_config, client_of):
    log_in(docker_config, bearer.host)
    scopes = ["repository:team/mage-ilum:pull", "repository:team/other:pull"]
    challenge = f'Bearer realm="http://{bearer.host}/token",scope="{" ".join(scopes)}"'
    bearer.canned["HEAD", "manifests/a"] = [Canned(status=401, headers={"WWW-Authenticate": challenge})]
    client_of(bearer).digest("a")
    assert [asked.query["scope"] for asked in bearer.asked if asked.path == "/token"] == [scopes]


def test_a_token_that_expired_is_renewed(bearer, docker_config, client_of):
    log_in(docker_config, bearer.host)
    digest = bearer.image("a")
    client = client_of(bearer)
    client.digest("a")
    bearer.tokens.clear()
    assert client.digest("a") == digest


def test_without_a_login_a_public_registry_may_be_read_and_not_written(client_of):
    with running(login="bearer", public=True) as small:
        digest = small.image("a")
        client = client_of(small)
        assert client.digest("a") == digest
        with pytest.raises(BuildError, match="could not be pushed to") as caught:
            client.put_blob(b"new")
        assert f"docker login {small.host}" in caught.value.fix


def test_without_a_login_nothing_is_known_of_what_is_there(guarded, client_of):
    guarded.image("a")
    for reference in ("a", "nothing"):
        with pytest.raises(LoginRefusedError):
            client_of(guarded).digest(reference)


def test_a_wrong_password_is_refused_and_in_no_error(guarded, docker_config, client_of):
    wrong = base64.b64encode(b"someone:wrong-secret").decode()
    log_in(docker_config, guarded.host, auth=wrong)
    with pytest.raises(LoginRefusedError) as caught:
        client_of(guarded).digest("a")
    said = f"{caught.value.what} {caught.value.why} {caught.value.fix}"
    assert "wrong-secret" not in said
    assert wrong not in said


def test_an_identity_token_is_exchanged_for_an_access_token(bearer, docker_config, client_of):
    """What `az acr login` leaves."""
    log_in(docker_config, bearer.host, auth=base64.b64encode(b"x:").decode(), identitytoken=IDENTITY)
    digest = bearer.image("a")
    assert client_of(bearer).digest("a") == digest
    assert all(IDENTITY not in str(asked.query) for asked in bearer.asked)


@pytest.mark.parametrize("setting", ["credsStore", "credHelpers"])
def test_a_credential_helper_is_asked(guarded, docker_config, client_of, monkeypatch, setting):
    value = "test" if setting == "credsStore" else {guarded.host: "test"}
    (docker_config / "config.json").write_text(json.dumps({setting: value, "auths": {guarded.host: {}}}))
    answer = json.dumps({"Username": USER, "Secret": PASSWORD})
    helper(docker_config, f"[ \"$(cat)\" = {guarded.host} ] && echo '{answer}'", monkeypatch)
    digest = guarded.image("a")
    assert client_of(guarded).digest("a") == digest


def test_a_helper_that_has_no_login_leaves_it_to_the_file(guarded, docker_config, client_of, monkeypatch):
    config = {"credsStore": "test", "auths": {guarded.host: {"auth": AUTH}}}
    (docker_config / "config.json").write_text(json.dumps(config))
    helper(docker_config, "echo credentials not found in native keychain; exit 1", monkeypatch)
    digest = guarded.image("a")
    assert client_of(guarded).digest("a") == digest


@pytest.mark.parametrize(
    ("script", "why"),
    [("echo the key ring is locked; exit 1", "the key ring is locked"), ("echo secret-word", "credential helper")],
)
def test_a_helper_that_fails_is_said(guarded, docker_config, monkeypatch, script, why):
    (docker_config / "config.json").write_text(json.dumps({"credsStore": "test"}))
    helper(docker_config, script, monkeypatch)
    with pytest.raises(LoginRefusedError) as caught:
        Registry(guarded.repository, timeout=TIMEOUT).digest("a")
    assert why in caught.value.why
    assert "secret-word" not in caught.value.why


def test_a_helper_that_is_not_installed_is_said(guarded, docker_config, client_of):
    (docker_config / "config.json").write_text(json.dumps({"credHelpers": {guarded.host: "nowhere"}}))
    with pytest.raises(LoginRefusedError) as caught:
        client_of(guarded).digest("a")
    assert "docker-credential-nowhere not installed" in caught.value.why


def test_a_helper_that_waits_for_somebody_is_not_waited_for(guarded, docker_config, client_of, monkeypatch):
    (docker_config / "config.json").write_text(json.dumps({"credsStore": "test"}))
    helper(docker_config, "exec sleep 5", monkeypatch)
    with pytest.raises(UnreachableError) as caught:
        client_of(guarded).digest("a")
    assert f"within {TIMEOUT} s" in caught.value.why


@pytest.mark.parametrize("text", ["{", '{"auths":{"HOST":{"auth":"###"}}}', '{"auths":{"HOST":"x"}}', "[]"])
def test_a_damaged_file_is_a_refused_login(guarded, docker_config, client_of, text):
    (docker_config / "config.json").write_text(text.replace("HOST", guarded.host))
    with pytest.raises(LoginRefusedError):
        client_of(guarded).digest("a")


def test_a_login_in_netrc_is_none_of_ours(guarded, docker_config, client_of, monkeypatch):
    """It would take the place of the one that Docker has."""
    log_in(docker_config, guarded.host)
    netrc = docker_config / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    digest = guarded.image("a")
    assert client_of(guarded).digest("a") == digest


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LoginRefusedError), (403, LoginRefusedError), (429, ThrottledError)]
)
def test_what_the_address_for_tokens_answers_is_told_apart(bearer, client_of, status, kind):
    bearer.canned["GET", "/token"] = [Canned(status=status)] * 3
    with pytest.raises(kind):
        client_of(bearer).digest("a")


@pytest.mark.parametrize("answer", [Canned(status=500), Canned(body=b"<html>"), Canned(body=b"{}"), Canned(status=404)])
def test_an_address_for_tokens_that_gives_none_cannot_be_asked(bearer, client_of, answer):
    bearer.canned["GET", "/token"] = [answer] * 3
    with pytest.raises(UnreachableError) as caught:
        client_of(bearer).digest("a")
    assert type(caught.value) is UnreachableError


def test_a_login_is_not_sent_over_plain_http_for_a_registry_that_has_tls(docker_config):
    from deploykit.registry.login import Login

    def never(*arguments, **settings):
        raise AssertionError

    login = Login(locate("registry.example/m"), "registry.example/m", never, timeout=1)
    with pytest.raises(LoginRefusedError, match="refuses the login") as caught:
        login.renew('Bearer realm="http://registry.example/token"', write=False)
    assert "plain HTTP" in caught.value.why


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Basic realm="x"', {"basic": {"realm": "x"}}),
        ("Basic", {"basic": {}}),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:m:pull,push"',
            {"bearer": {"realm": "https://a/t", "service": "s", "scope": "repository:m:pull,push"}},
        ),
        (
            'bearer realm = "https://a/t" , error="invalid_token"',
            {"bearer": {"realm": "https://a/t", "error": "invalid_token"}},
        ),
        ('Basic realm="x", Bearer realm="https://a/t"', {"basic": {"realm": "x"}, "bearer": {"realm": "https://a/t"}}),
        (
            'Bearer realm="https://a/t", Basic realm="basic y"',
            {"bearer": {"realm": "https://a/t"}, "basic": {"realm": "basic y"}},
        ),
        ("Negotiate", {}),
        ("", {}),
    ],
)
def test_a_challenge_is_read_whatever_its_form(header, found):
    assert challenges(header) == found


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io"])
def test_docker_hubs_login_is_found_under_each_of_its_names(docker_config, key):
    log_in(docker_config, key)
    found = credentials(locate("team/m"), "team/m", timeout=1)
    assert (found.user, found.secret) == (USER, PASSWORD)


def test_two_ways_to_the_same_registry_are_two_logins(docker_config):
    log_in(docker_config, "registry.example:5000")
    assert credentials(locate("registry.example:5000/m"), "m", timeout=1).user == USER
    assert credentials(locate("registry.example/m"), "m", timeout=1) is None


def test_many_questions_at_once_log_in_once(bearer, docker_config):
    from concurrent.futures import ThreadPoolExecutor

    log_in(docker_config, bearer.host)
    digest = bearer.image("a")
    client = Registry(bearer.repository)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: client.digest("a"), range(16))) == {digest}
    assert [asked.path for asked in bearer.asked].count("/token") == 1
