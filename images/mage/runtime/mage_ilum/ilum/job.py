"""A Spark Connect server of the block's own, made and destroyed through Ilum's REST API."""

import re
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import partial
from types import TracebackType

from mage_ilum.connect.address import ConnectAddress, resolve
from mage_ilum.connect.preflight import server_version
from mage_ilum.deadline import Deadline
from mage_ilum.errors import ConnectionProblem, MageIlumError, UsageError
from mage_ilum.http.client import JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.find import find_service
from mage_ilum.http.owned import owned
from mage_ilum.http.settings import secret_values
from mage_ilum.ilum.address import HOPELESS, PROBE_SECONDS, answers, fill, find_template
from mage_ilum.ilum.api import JobApi
from mage_ilum.ilum.jobs import Jobs, destroy

LABEL = "mage-ilum-job"

_API = "http://ilum-core:9888/api/v1"
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")


class JobFailedError(MageIlumError):
    """Ilum's job ended, or its port did not answer in time.

    >>> JobFailedError("The job nightly-1b2c is FAILED.", code="job-failed").code
    'job-failed'
    """


class SparkConnectJob:
    """A Spark Connect server that lives as long as the `with` block; `url` is its address.

    `name` is a short lower-case name; a random suffix makes the job's own of it. `conf` are Spark settings. The server
    is looked for at `address`, or at `ILUM_CONNECT_JOB_URL`, in which `{name}`, `{id}` and `{app_id}` stand for the
    job's: the driver's own Service has a random name, so give the job a stable one that selects its pod, which carries
    the label `mage-ilum-job=<name without suffix>`. `timeout` is in seconds, until the port answers. Ilum is at `api`,
    or at `ILUM_API_URL`; credentials come from `ILUM_API_TOKEN`, or `ILUM_API_USER` and `ILUM_API_PASSWORD`.

    However the block ends, the job is stopped and deleted (one that failed by itself stays listed, for its log): also
    when it does not start in time, when Ilum's answer is lost, and when Mage kills the block. Raises `AddressError`,
    `UsageError` for a name or a setting that cannot be, `ServiceError` when Ilum does not answer or refuses,
    `ConnectionProblem` where the new server is there and does not want us, `JobFailedError`.

    >>> from mage_ilum import dynamic_allocation
    >>> with SparkConnectJob("nightly", conf=dynamic_allocation(1, 8)) as job:
    ...     job.url.startswith("sc://")
    True
    """

    def __init__(
        self,
        name: str = "mage",
        *,
        conf: Mapping[str, str] | None = None,
        cluster: str = "default",
        address: str | None = None,
        packages: str | None = None,
        api: str | None = None,
        job_api: JobApi | None = None,
        fields: Mapping[str, str] | None = None,
        timeout: float = 300.0,
        poll: float = 1.0,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no name for a job.",
                code="bad-name",
                fix="Use up to 40 of a-z, 0-9 and -, a letter first.",
            )
        self.name = f"{name}-{uuid.uuid4().hex[:8]}"
        self.id: str | None = None
        self._template = find_template(address, f"{LABEL}={name}")
        self._settings = _settings({f"spark.kubernetes.driver.label.{LABEL}": name, **(conf or {})})
        self._fields = {**({"packages": packages} if packages else {}), **(fields or {})}
        ilum = find_service("Ilum", "ILUM_API", api, example=_API).hiding(*secret_values(self._settings))
        self._jobs = Jobs(ilum, job_api or JobApi())
        self._cluster = cluster
        self._timeout = timeout
        self._poll = poll
        self._seen = False
        self._url = self._address()

    @property
    def url(self) -> str:
        """The server's address for `spark_session`; it may hold a token: never print it."""
        if self._url is None:
            raise JobFailedError(
                "The job has no address yet: it is not open.", code="not-open", fix="Use it in `with`."
            )
        return self._url

    def _address(self, app_id: object = None) -> str | None:
        return fill(self._template, {"name": self.name, "id": self.id, "app_id": app_id})

    def __repr__(self) -> str:
        return f"SparkConnectJob({self.name!r})"

    def __enter__(self) -> "SparkConnectJob":
        limit = Deadline(self._timeout)
        if self._url is not None and answers(self._url, limit):
            raise JobFailedError(
                f"A Spark Connect server answers at {ConnectAddress.parse(self._url)} already.",
                code="address-taken",
                why="The new job's server could not be told from it.",
                fix="Give the job an address of its own, with {name}, {id} or {app_id} in it.",
            )
        with ExitStack() as stack:
            self.id = stack.enter_context(
                owned(
                    partial(self._submit, limit),
                    partial(destroy, self._jobs, self.name),
                    warning=f"Ilum may still run the job {self.name}",
                )
            )
            self._wait(self.id, limit)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def _submit(self, limit: Deadline) -> str:
        try:
            return self._jobs.submit(self.name, self._cluster, self._settings, self._fields, limit)
        except ServiceError as error:
            if error.uncertain:
                with suppress(ServiceError):  # what was lost first is what matters
                    for found in self._jobs.named(self.name, limit):
                        return found
            raise

    def _wait(self, identity: str, limit: Deadline) -> None:
        """Until the port answers. What Ilum says of the state only tells when there is no hope."""
        problem = "Ilum tells no application id"
        while True:
            job = self._state(identity, limit)
            self._url = self._address(app_id=job.get(self._jobs.api.app_key))
            if self._url is not None:
                try:
                    server_version(resolve(self._url), min(PROBE_SECONDS, limit.left))
                except ConnectionProblem as error:
                    if error.code in HOPELESS:
                        raise
                    problem = error.what
                else:
                    return
            if limit.left < self._poll:
                raise JobFailedError(
                    f"The Spark Connect server of the job {self.name} did not answer within {limit.seconds:g} s.",
                    code="timeout",
                    why=problem,
                    fix="Look at the job in Ilum, and at the Service of the address; or allow more time with timeout=.",
                )
            time.sleep(self._poll)

    def _state(self, identity: str, limit: Deadline) -> JsonObject:
        api = self._jobs.api
        try:
            job = self._jobs.get(identity, limit)
        except ServiceError as error:
            if not error.transient:
                raise
            return {}  # the port counts, not what Ilum says
        if job is None and not self._seen:
            return {}  # it may take Ilum a moment
        self._seen = True
        if job is None or job.get(api.state_key) in api.ended:
            state = "gone" if job is None else job[api.state_key]
            said = "" if job is None else self._jobs.ilum.redact(str(job.get(api.error_key) or ""))
            raise JobFailedError(
                f"The job {self.name} is {state}, before its server answered.",
                code="job-failed",
                why=said[:1000],
                fix="Look at its log in Ilum: most often its image has no Spark Connect server (then give packages=).",
            )
        return job


def _settings(conf: Mapping[str, str]) -> dict[str, str]:
    for key, value in conf.items():
        if ";" in key or "=" in key or ";" in value:
            raise UsageError(
                f"Ilum cannot be given the setting {key!r}: a semicolon separates settings there.",
                code="bad-setting",
                fix="Put it into the defaults of the cluster in Ilum.",
            )
    return dict(conf)
