"""The jobs of one Ilum: submit, look, stop, delete."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from mage_ilum.deadline import Deadline
from mage_ilum.http.client import HttpService, JsonObject
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.owned import remove_found
from mage_ilum.ilum.api import JobApi

_REMOVE_SECONDS = 30.0
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class Jobs:
    """The jobs of one Ilum.

    >>> from mage_ilum.http.find import find_service
    >>> Jobs(find_service("Ilum", "ILUM_API")).named("nobody-has-this-name")
    []
    """

    ilum: HttpService
    api: JobApi = field(default_factory=JobApi)

    def submit(
        self, name: str, cluster: str, settings: Mapping[str, str], more: Mapping[str, str], limit: Deadline
    ) -> str:
        """Start a Spark Connect server as a job, and give its id; `more` are further fields of the form."""
        api = self.api
        form = {
            api.name_field: name,
            api.cluster_field: cluster,
            api.class_field: api.job_class,
            api.config_field: ";".join(f"{key}={value}" for key, value in settings.items()),
            **{field: settings[key] for field, key in api.repeated_fields if key in settings},
            **more,
        }
        answer = self.ilum.request("POST", api.submit, form=form, limit=limit)
        identity = answer.get(api.id_key)
        if not identity:
            raise ServiceError(
                f"Ilum's answer has no {api.id_key}.",
                code="not-ilum",
                fix="Check ILUM_API_URL (it ends with /api/v1), or set JobApi(id_key=…).",
            )
        return str(identity)

    def get(self, identity: str, limit: Deadline | None = None) -> JsonObject | None:
        """What Ilum knows of the job; `None` where it knows of none."""
        try:
            return self.ilum.request("GET", self.api.get.format(id=identity), limit=limit)
        except ServiceError as error:
            if error.status == 404:
                return None
            raise

    def named(self, name: str, limit: Deadline | None = None) -> list[str]:
        """The ids of the jobs of this name that have not ended."""
        api = self.api
        query = {"search": name, "size": "100"}
        page = self.ilum.request("GET", api.search, query=query, limit=limit).get(api.page_key)
        jobs = [job for job in page if isinstance(job, dict)] if isinstance(page, list) else []
        ours = [job for job in jobs if job.get(api.name_key) == name and job.get(api.state_key) not in api.ended]
        return [str(job[api.id_key]) for job in ours if job.get(api.id_key)]

    def running(self, identity: str) -> bool:
        """Whether the job is there, and has not ended."""
        job = self.get(identity)
        return job is not None and job.get(self.api.state_key) not in self.api.ended

    def stop(self, identity: str) -> None:
        """Ask for the job's end."""
        self._gone_is_fine("POST", self.api.stop.format(id=identity))

    def delete(self, identity: str) -> None:
        """Take the job off Ilum's list."""
        self._gone_is_fine("DELETE", self.api.delete.format(id=identity))

    def _gone_is_fine(self, method: str, path: str) -> None:
        try:
            self.ilum.request(method, path)
        except ServiceError as error:
            if error.status != 404:
                raise


def destroy(jobs: Jobs, name: str, identity: str | None) -> None:
    """Stop the job, wait until it has ended, delete it; where its id is unknown, look for its name for 5 s.

    Tries for 30 s. Raises `ServiceError` when that does not help.
    """
    limit = Deadline(_REMOVE_SECONDS)
    remove_found(identity, partial(jobs.named, name), partial(_destroy, jobs, limit), limit)


def _destroy(jobs: Jobs, limit: Deadline, identity: str) -> None:
    job = jobs.get(identity)
    if job is not None and job.get(jobs.api.state_key) in jobs.api.ended:
        return
    jobs.stop(identity)
    while jobs.running(identity):
        if limit.left < _PAUSE_SECONDS:  # deleted, it would run on where nobody sees it
            raise ServiceError(f"it is still running {limit.seconds:g} s after it was to stop", code="still-running")
        time.sleep(_PAUSE_SECONDS)
    jobs.delete(identity)
