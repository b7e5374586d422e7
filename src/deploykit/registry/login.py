"""Logins as Docker has them: what `docker login` left, and the tokens that a registry gives for it."""

import base64
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from deploykit.deadline import within
from deploykit.registry.errors import cannot_ask, login_refused
from deploykit.registry.location import Location

_CHALLENGE = re.compile(r'(?i)\b(basic|bearer)(?:\s+|$)((?:[\w-]+\s*=\s*(?:"[^"]*"|[^\s,"]+)\s*,?\s*)*)')
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A user with a password or, where `user` is empty, an identity token (Azure's registries give such)."""

    user: str
    secret: str

    @property
    def basic(self) -> str:
        """The header of basic authentication."""
        return f"Basic {base64.b64encode(f'{self.user}:{self.secret}'.encode()).decode()}"


class AskForToken(Protocol):
    """A question to the address that gives tokens; returns its JSON object."""

    def __call__(
        self, url: str, *, parameters: Mapping[str, str], authorization: str | None, form: bool
    ) -> Mapping[str, object]: ...


class Login:
    """What is sent as `Authorization`: nothing until the registry asks for it."""

    def __init__(self, location: Location, repository: str, ask: AskForToken, *, timeout: float) -> None:
        self._location = location
        self._repository = repository
        self._ask = ask
        self._timeout = timeout
        self._headers: dict[bool, str] = {}
        self.also: tuple[str, ...] = ()  # scopes beside this repository's, for what mounts blobs of others

    def header(self, *, write: bool) -> str | None:
        """What was found out for such requests; who may write may read."""
        return self._headers.get(True) or self._headers.get(write)

    def renew(self, challenge: str, *, write: bool) -> None:
        """Do what a `WWW-Authenticate` header asks for; raises `LoginRefusedError` where that cannot be done."""
        offered = challenges(challenge)
        self._headers.pop(True, None)
        if (bearer := offered.get("bearer")) and "realm" in bearer:
            self._headers[write] = f"Bearer {self._token(bearer, write=write)}"
        elif "basic" in offered:
            found = credentials(self._location, self._repository, timeout=self._timeout)
            if found is None or not found.user:
                raise login_refused(self._repository, self._location.host, "It wants a user and a password.")
            self._headers[write] = found.basic
        else:
            raise login_refused(self._repository, self._location.host, "It asks for a login of an unknown kind.")

    def _token(self, bearer: Mapping[str, str], *, write: bool) -> str:
        realm = bearer["realm"]
        if urlsplit(realm).scheme != "https" and not self._location.plain_http:
            raise login_refused(self._repository, self._location.host, "It wants the login sent over plain HTTP.")
        # Some registries ask for `pull` whatever is tried: what a push needs is known better here.
        scope = f"repository:{self._location.path}:pull,push"
        if not write:
            scope = bearer.get("scope") or f"repository:{self._location.path}:pull"
        scope = " ".join((scope, *self.also))
        parameters = {name: value for name in ("service",) if (value := bearer.get(name))} | {"scope": scope}
        found = credentials(self._location, self._repository, timeout=self._timeout)
        if found is None or found.user:
            basic = None if found is None else found.basic
            answer = self._ask(realm, parameters=parameters, authorization=basic, form=False)
        else:
            grant = {"grant_type": "refresh_token", "refresh_token": found.secret, "client_id": "deploykit"}
            answer = self._ask(realm, parameters=parameters | grant, authorization=None, form=True)
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            raise cannot_ask(self._repository, "The address that it names for logins gave no token.")
        return token


def challenges(header: str) -> dict[str, dict[str, str]]:
    """The ways to log in that a `WWW-Authenticate` header offers: `{"bearer": {"realm": …}}`."""
    return {
        match[1].lower(): {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(match[2])}
        for match in _CHALLENGE.finditer(header)
    }


def credentials(location: Location, repository: str, *, timeout: float) -> Credentials | None:
    """What `docker login` left for a registry; None for nothing. Raises as `entry` does."""
    known = {name.lower(): value for name, value in entry(location.host, repository, timeout=timeout).items()}
    if token := known.get("identitytoken"):
        return Credentials(user="", secret=token)
    if known.get("username"):
        return Credentials(user=known["username"], secret=known.get("password") or "")
    return None


def entry(host: str, repository: str, *, timeout: float) -> dict[str, str]:
    """What `docker login` left for a host, in `config.json` or with a credential helper, as Docker's API takes it.

    Empty for nothing. Raises `LoginRefusedError` where it cannot be read, and `UnreachableError` where a helper takes
    longer than `timeout` seconds: it may wait for somebody who unlocks a key ring.
    """
    import docker.auth
    import docker.errors

    def read() -> dict[str, str]:
        with warnings.catch_warnings():  # a helper that is not installed is warned of, and then raised
            warnings.simplefilter("ignore")
            return docker.auth.resolve_authconfig(docker.auth.load_config(), host) or {}

    try:
        return within(timeout, read)
    except TimeoutError:
        why = f"The credential helper that Docker's config.json names gave no login within {timeout:g} s."
        raise cannot_ask(repository, why) from None
    except (docker.errors.DockerException, ValueError, KeyError, AttributeError, TypeError, OSError) as error:
        raise login_refused(repository, host, _unusable(error)) from None


def _unusable(error: Exception) -> str:
    """A helper's own words, or just that the file cannot be read: what is in it is secret."""
    if isinstance(error.__cause__, RuntimeError):
        return f"The login could not be read: {error.__cause__}"
    return "Docker's config.json, or what its credential helper answered, could not be read."
