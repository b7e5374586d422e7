"""A JSON service over HTTP: where it is, who we are there, and what its failures mean. Each wait has a limit."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from mage_ilum.connect.address import ConnectAddress
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.problems import CONNECT_SECONDS, no_answer, said, way_out
from mage_ilum.network import lookup

if TYPE_CHECKING:
    import requests

JsonObject = dict[str, object]

_PAUSE_SECONDS = 0.5
_SHOWN_OF_AN_ANSWER = 300


@dataclass(frozen=True)
class HttpService:
    """A service's address and our credentials for it, which are never shown.

    >>> HttpService("Livy", "ILUM_LIVY", "http://livy:8998", authorization="Bearer never-shown")
    HttpService(name='Livy', variables='ILUM_LIVY', url='http://livy:8998', timeout=30.0)
    """

    name: str
    """What people call it: `Livy`."""
    variables: str
    """What the names of its environment variables begin with: `ILUM_LIVY`."""
    url: str
    """Without credentials and without a slash at the end."""
    authorization: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that no message may hold."""
    example: str = field(default="http://host:port", repr=False)
    """An address to show to whom it is missing."""
    timeout: float = 30.0
    """Seconds in which a service has to say something, be it a part of its answer; connecting may take 5 s at most."""
    certificates: str | None = field(default=None, repr=False)
    """The file of those to trust; what requests trusts by itself unless set."""

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        limit: Deadline | None = None,
    ) -> JsonObject:
        """Ask, and give back the JSON object of the answer, `{}` where it is empty. Raises `ServiceError`.

        `form` is sent as multipart/form-data. Nothing is waited for beyond `limit`, should it come before `timeout`. A
        redirect is an error: it leads to a login page, most often.
        """
        import requests

        def sign(message: "requests.PreparedRequest") -> "requests.PreparedRequest":
            if self.authorization:
                message.headers["Authorization"] = self.authorization
            return message

        if not requests.utils.get_environ_proxies(self.url):  # else the proxy looks the name up
            self._look_up(self._seconds(limit))
        seconds = self._seconds(limit)
        try:
            answer = requests.request(
                method,
                f"{self.url}/{path}",
                json=json,
                files={key: (None, value) for key, value in form.items()} if form else None,
                params=query,
                headers={"Accept": "application/json", "X-Requested-By": "mage-ilum"},  # Livy asks for the latter
                auth=sign,  # also keeps requests from sending what it finds in a .netrc
                timeout=(min(CONNECT_SECONDS, seconds), seconds),
                allow_redirects=False,
                verify=self.certificates or True,
            )
        except requests.RequestException as error:
            raise self._error(*no_answer(error, self.name, self.url, seconds)) from None
        return self._read(answer)

    def look(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        retry_seconds: float = 60.0,
        limit: Deadline | None = None,
    ) -> JsonObject:
        """GET, again for up to `retry_seconds` seconds while the failure is one that may pass, but not beyond `limit`.

        Raises `ServiceError`.
        """
        end = Deadline(retry_seconds if limit is None else min(retry_seconds, limit.left))
        while True:
            try:
                return self.request("GET", path, query=query, limit=limit)
            except ServiceError as error:
                if not error.transient or end.left < _PAUSE_SECONDS:
                    raise
            time.sleep(_PAUSE_SECONDS)

    def hiding(self, *secrets: str) -> "HttpService":
        """The same service, whose messages hold none of these texts either."""
        return replace(self, secrets=(*self.secrets, *secrets))

    def redact(self, text: str) -> str:
        """The text without our secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):  # one may be a part of another
            text = text.replace(secret, "***")
        return text

    def _seconds(self, limit: Deadline | None) -> float:
        return self.timeout if limit is None else min(self.timeout, limit.left)

    def _look_up(self, seconds: float) -> None:
        """Find the name in time: what requests does itself takes as long as DNS likes."""
        place = urlsplit(self.url)
        try:
            lookup(ConnectAddress(place.hostname or "", place.port or 80), Deadline(min(CONNECT_SECONDS, seconds)))
        except ConnectionProblem as problem:
            raise self._error(problem.what, problem.code) from None

    def _read(self, answer: "requests.Response") -> JsonObject:
        try:
            content: object = answer.json() if answer.content.strip() else {}
        except ValueError:
            content = None
        status = answer.status_code
        if status < 300 and isinstance(content, dict):
            return content
        if status < 300:
            kind = answer.headers.get("Content-Type", "no content type")
            raise self._error(f"What answers at {self.url} is not {self.name}: it sends {kind}.", "not-json", status)
        if answer.is_redirect:
            target = urljoin(self.url, answer.headers["Location"]).partition("?")[0]
            raise self._error(f"{self.url} redirects to {target}", "redirect", status)
        text = self.redact(said(content) or answer.text.partition("\n")[0] or answer.reason)
        raise self._error(f"{self.name} answers {status}: {text[:_SHOWN_OF_AN_ANSWER]}", f"http-{status}", status)

    def _error(self, what: str, code: str, status: int | None = None) -> ServiceError:
        fix = way_out(code, self.name, self.url, self.variables, self.example)
        return ServiceError(self.redact(what), code=code, status=status, fix=fix)
