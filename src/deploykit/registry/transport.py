"""One question to a registry: limits, login, redirects, throttling, a second try; each failure as an error of ours."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from deploykit.deadline import within
from deploykit.errors import first_line
from deploykit.progress import Progress
from deploykit.registry.answer import Answer
from deploykit.registry.backoff import WORK_SECONDS, Backoff
from deploykit.registry.errors import cannot_ask, login_refused, throttled
from deploykit.registry.location import Location, is_here
from deploykit.registry.login import Login

if TYPE_CHECKING:
    from requests import Session

REDIRECTS = 5
REDIRECTING = (301, 302, 303, 307, 308)
_PASSING = (500, 502, 503, 504)
"""What a gateway says while the registry behind it restarts; and 500 a registry, of what another push is writing."""


class Transport:
    """Asks one registry, and keeps connections open. Safe to use from several threads.

    `progress`: of the work that waits where the registry asks to; None for questions.
    """

    def __init__(
        self, location: Location, repository: str, *, timeout: float, ca_file: Path | None, progress: Progress | None
    ) -> None:
        self._location = location
        self._repository = repository
        self._timeout = timeout
        self._ca_file = ca_file
        self._progress = progress
        self._login = Login(location, repository, self._token, timeout=timeout)
        self._one = threading.Lock()
        self._session: Session | None = None

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        write: bool = False,
    ) -> Answer:
        """An answer that is about what was asked. `url`: an address, or a path of this registry.

        Raises `LoginRefusedError` for 401 and 403, `ThrottledError` for 429, `UnreachableError` for 5xx and silence.
        """
        address = urljoin(self._location.base, url)
        login = self._login.header(write=write)
        answer = self._tried(method, address, headers or {}, body, login)
        if answer.status == 401:
            with self._one:
                if self._login.header(write=write) == login:  # else another thread has just logged in
                    self._login.renew(answer.headers.get("www-authenticate", ""), write=write)
            answer = self._tried(method, address, headers or {}, body, self._login.header(write=write))
        if answer.status in (401, 403):
            forbidden = answer.status == 403
            raise login_refused(self._repository, self._location.host, answer.says, forbidden=forbidden)
        if answer.status == 429:
            raise throttled(self._repository, answer.retry_after)
        if answer.status >= 500:
            raise cannot_ask(self._repository, answer.says, fix="run it again when the registry is well")
        return answer

    def _tried(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, login: str | None
    ) -> Answer:
        """Everything that is asked here may be asked twice: it reads, or names what it writes by its digest."""
        seconds = self._timeout if self._progress is None else WORK_SECONDS
        backoff = Backoff(self._repository, seconds=seconds, progress=self._progress)
        while True:
            try:
                answer = self._followed(method, url, headers, body, login)
            except _LostError as lost:
                if not backoff.again():
                    raise cannot_ask(self._repository, str(lost)) from None
            else:
                if not self._may_pass(answer) or not backoff.again(answer.retry_after):
                    return answer

    def _may_pass(self, answer: Answer) -> bool:
        """Whether another answer may come after a while; who only asks and is not told how long does not press."""
        if answer.status == 429:
            return answer.retry_after is not None or self._progress is not None
        return answer.status in _PASSING

    def _followed(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, login: str | None
    ) -> Answer:
        """Along redirects, as to the object store that holds a blob: it must never see the login."""
        for _ in range(REDIRECTS):
            sent = {**headers, "Authorization": login} if login and self._is_own(url) else headers
            answer = self._send(method, url, sent, body)
            if answer.status not in REDIRECTING or "location" not in answer.headers:
                return answer
            if answer.status == 303:
                method, body = "GET", None
            url = self._onward(answer.location)
        raise cannot_ask(self._repository, f"It redirects more than {REDIRECTS} times.")

    def _is_own(self, url: str) -> bool:
        """Whether an address is of this registry, which alone may see the login."""
        return urlsplit(url)[:2] == urlsplit(self._location.base)[:2]

    def _onward(self, url: str) -> str:
        """Where a redirect leads; raises `UnreachableError` where that is less safe than the registry itself."""
        if urlsplit(url).scheme != "https" and not self._location.plain_http:
            raise cannot_ask(self._repository, "It redirects to plain HTTP.")
        return url

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        import requests

        try:
            return within(self._timeout, lambda: self._exchange(method, url, headers, body))
        except (TimeoutError, requests.Timeout):
            raise cannot_ask(self._repository, f"There was no whole answer within {self._timeout:g} s.") from None
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise cannot_ask(self._repository, first_line(error)) from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise _LostError(first_line(error)) from None
        except requests.RequestException as error:  # its text may repeat an address with a proxy's password in it
            raise cannot_ask(self._repository, f"It could not be asked that way ({type(error).__name__}).") from None

    def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        with self._open().request(
            method,
            url,
            data=body,
            headers={"Accept-Encoding": "identity", **headers},
            timeout=self._timeout,
            proxies=proxies(url),
            allow_redirects=False,
        ) as answer:
            received = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(url=url, status=answer.status_code, headers=received, body=answer.content)

    def _open(self) -> "Session":
        if self._session is None:
            from http.cookiejar import DefaultCookiePolicy

            import requests

            from deploykit import trust

            session = requests.Session()
            session.trust_env = False  # or a login in ~/.netrc takes the place of ours
            session.verify = str(trust.bundle(self._ca_file))
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # Harbor takes a cookie for a browser
            self._session = session
        return self._session

    def _token(
        self, url: str, *, parameters: Mapping[str, str], authorization: str | None, form: bool
    ) -> Mapping[str, object]:
        if form:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._tried("POST", url, headers, urlencode(parameters).encode(), None)
        else:
            headers = {"Authorization": authorization} if authorization else {}
            scopes = parameters["scope"].split()  # apart in an address, one text in a form
            asked = urlencode({**parameters, "scope": scopes}, doseq=True)
            answer = self._tried("GET", f"{url}{'&' if urlsplit(url).query else '?'}{asked}", headers, None, None)
        if answer.status == 429:
            raise throttled(self._repository, answer.retry_after)
        why = f"The address that it names for logins answered {answer.status}."
        if answer.status in (400, 401, 403):
            raise login_refused(self._repository, self._location.host, why)
        if answer.status != 200 or answer.json is None:
            raise cannot_ask(self._repository, why)
        return answer.json


class _LostError(Exception):
    """The connection was refused, or broke: where one was kept open too long, a new one may do."""


def proxies(url: str) -> dict[str, str]:
    """The proxy that leads to an address, as requests takes it; none leads to this machine."""
    from requests.utils import get_environ_proxies

    return {} if is_here(urlsplit(url).netloc) else dict(get_environ_proxies(url))
