"""HTTP to one registry: logins, redirects, limits, other tries; each failure as an error of ours."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from deploykit.deadline import within
from deploykit.errors import first_line
from deploykit.progress import Progress
from deploykit.registry.answer import Answer
from deploykit.registry.backoff import Backoff
from deploykit.registry.errors import BrokenOffError, cannot_ask, login_refused, throttled
from deploykit.registry.location import Location, is_here
from deploykit.registry.login import Login
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from requests import Response, Session

    from deploykit.registry.contents import Part

REDIRECTS = 5
_REDIRECTING = (301, 302, 303, 307, 308)
_PASSING = (500, 502, 503, 504)
"""What a gateway says while the registry behind it restarts; and 500 a registry, of what another push is writing."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, but for the login; `body` is made anew for each time that it is sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: "Callable[[], Part | bytes | None]" = lambda: None


class Transport:
    """Asks one registry, and keeps connections open. Safe to use from several threads.

    `timeout`: seconds for one question, with its redirects and tries; a login, where it wants one, has as long for each
    of its own. `progress`: of work, whose every try has that long, and which waits where the registry asks to.
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
        seconds: float | None = None,
    ) -> Answer:
        """An answer that is about what was asked. `url`: an address, or a path of this registry.

        `seconds`: in the place of `timeout`, for what takes a registry longer. Raises `LoginRefusedError` for 401 and
        403, `ThrottledError` for 429, `UnreachableError` for 5xx and silence.
        """
        request = Request(
            method=method, url=urljoin(self._location.base, url), headers=headers or {}, body=lambda: body
        )
        limit = seconds or self._timeout
        answer = self._read(self._logged_in(lambda login: self._tried(request, login, limit), write=write))
        if answer.status == 429:
            raise throttled(self._repository, answer.retry_after)
        if answer.status >= 500:
            raise cannot_ask(self._repository, answer.says, fix="run it again when the registry is well")
        return answer

    def _logged_in(self, send: "Callable[[str | None], Response]", *, write: bool) -> "Response":
        """What comes back with the login that is known, or with a new one where the registry wants that."""
        login = self._login.header(write=write)
        answer = send(login)
        if answer.status_code == 401 and self._is_own(answer.url):
            challenge = self._read(answer).headers.get("www-authenticate", "")
            with self._one:
                if self._login.header(write=write) == login:  # else another thread has just logged in
                    self._login.renew(challenge, write=write)
            answer = send(self._login.header(write=write))
        if answer.status_code not in (401, 403):
            return answer
        said = self._read(answer)
        if not self._is_own(said.url):
            why = f"It redirects to {urlsplit(said.url).hostname}, which answered {said.status}."
            raise cannot_ask(self._repository, why, fix="see whether this machine's clock is right, and run it again")
        raise login_refused(self._repository, self._location.host, said.says, forbidden=said.status == 403)

    def _tried(self, request: Request, login: str | None, seconds: float) -> "Response":
        """Everything that is asked here may be asked twice: it reads, or names what it writes by its digest."""
        limit = Deadline(seconds)
        backoff = Backoff(self._repository, limit=None if self._progress else limit, progress=self._progress)

        def whole() -> tuple["Response", Answer]:
            answer = self._followed(request, login, (min(self._timeout, limit.left), limit.left))
            return answer, self._read(answer)

        while True:
            try:
                answer, found = within(limit.left, whole)
            except (TimeoutError, BrokenOffError) as error:
                late = isinstance(error, TimeoutError) or limit.over
                if late or not backoff.again():
                    why = f"There was no whole answer within {seconds:g} s." if late else str(error)
                    raise cannot_ask(self._repository, why) from None
            else:
                # Who only asks, and is not told how long to wait, does not press.
                told = found.retry_after is not None or self._progress is not None
                passes = found.status in _PASSING or (found.status == 429 and told)
                if not passes or not backoff.again(found.retry_after):
                    return answer
            if self._progress is not None:
                limit = Deadline(seconds)

    def _followed(self, request: Request, login: str | None, timeout: tuple[float, float]) -> "Response":
        """An answer whose body was not read yet, along redirects, as to the object store that holds a blob: it must
        never see the login. `timeout`: seconds to connect, and of silence after that.
        """
        for _ in range(REDIRECTS):
            own = {"Authorization": login} if login and self._is_own(request.url) else {}
            with self._failing():
                answer = self._open().request(
                    request.method,
                    request.url,
                    data=request.body(),
                    headers={"Accept-Encoding": "identity", **request.headers, **own},
                    timeout=timeout,
                    proxies=proxies(request.url),
                    allow_redirects=False,
                    stream=True,
                )
            if answer.status_code not in _REDIRECTING or "location" not in answer.headers:
                return answer
            request = replace(request, url=self._read(answer).location)
            if answer.status_code == 303:
                request = replace(request, method="GET", body=lambda: None)
            if urlsplit(request.url).scheme != "https" and not self._location.plain_http:
                raise cannot_ask(self._repository, "It redirects to plain HTTP.")
        raise cannot_ask(self._repository, f"It redirects more than {REDIRECTS} times.")

    def _read(self, answer: "Response") -> Answer:
        """All of it, which it keeps; its connection is free for the next question then."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        with answer, self._failing():
            return Answer(url=str(answer.url), status=answer.status_code, headers=headers, body=answer.content)

    def _is_own(self, url: str) -> bool:
        """Whether an address is of this registry, which alone may see the login."""
        return urlsplit(url.lower())[:2] == urlsplit(self._location.base.lower())[:2]

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Failures of a connection: `BrokenOffError` for those that another one may not have, else ours."""
        import requests

        try:
            yield
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise cannot_ask(self._repository, first_line(error)) from None
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise BrokenOffError(first_line(error)) from None
        except requests.RequestException as error:  # its text may repeat an address with a proxy's password in it
            raise cannot_ask(self._repository, f"It could not be asked that way ({type(error).__name__}).") from None

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
            request = Request(method="POST", url=url, headers=headers, body=urlencode(parameters).encode)
        else:
            headers = {"Authorization": authorization} if authorization else {}
            scopes = parameters["scope"].split()  # apart in an address, one text in a form
            asked = urlencode({**parameters, "scope": scopes}, doseq=True)
            request = Request(method="GET", url=f"{url}{'&' if urlsplit(url).query else '?'}{asked}", headers=headers)
        answer = self._read(self._tried(request, None, self._timeout))
        if answer.status == 429:
            raise throttled(self._repository, answer.retry_after)
        why = f"The address that it names for logins answered {answer.status}."
        if answer.status in (400, 401, 403):
            raise login_refused(self._repository, self._location.host, why)
        if answer.status != 200 or answer.json is None:
            raise cannot_ask(self._repository, why)
        return answer.json


def proxies(url: str) -> dict[str, str]:
    """The proxy that leads to an address, as requests takes it; none leads to this machine."""
    from requests.utils import get_environ_proxies

    return {} if is_here(urlsplit(url).netloc) else dict(get_environ_proxies(url))
