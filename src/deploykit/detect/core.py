"""Ask Ilum's REST API for its Spark Connect jobs, and for the default images of its clusters.

Paths and names of fields are those of Ilum's OpenAPI description 1.5.3, the newest that is public; `JobApi` has most.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from deploykit.detect.driver_settings import IMAGE_KEYS
from deploykit.detect.evidence import Confidence
from deploykit.detect.images import from_image
from deploykit.detect.side_by_side import Answer, together
from deploykit.errors import UnreachableError, UsageError
from deploykit.spark_pods import CONNECT_CLASS, CONNECT_PLUGIN
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from mage_ilum.http.client import HttpService, JsonObject
    from mage_ilum.ilum.api import JobApi

EXAMPLE = "http://ilum-core:9888"
_PATH = "/api/v1"
_CLUSTERS = "cluster"
_DEFAULTS = "defaultApplicationConfig"
_LIVING = ("SUBMITTED", "STARTING", "READY", "BUSY")
_SIZE = 100


def ask(url: str, limit: Deadline, *, ca_file: Path | None = None) -> Answer:
    """What Ilum's core says; the login comes from `ILUM_API_TOKEN`, or `ILUM_API_USER` and `ILUM_API_PASSWORD`.

    What the machine trusts is trusted, and the certificates of `ca_file` too. Raises `UsageError` for an address that
    cannot be, `UnreachableError` where it does not answer or names no image.
    """
    from mage_ilum.errors import MageIlumError
    from mage_ilum.http.errors import ServiceError
    from mage_ilum.ilum.api import JobApi

    try:
        service = _service(url, ca_file)
        clusters = list(_pages(service, _CLUSTERS, [], limit))
        jobs = list(_pages(service, JobApi().search, [("jobStates", state) for state in _LIVING], limit))
    except ServiceError as error:
        fix = error.fix.replace("ILUM_API_URL", "--ilum-core").replace("REQUESTS_CA_BUNDLE", "--ca-file")
        raise UnreachableError(error.what, why=error.why, fix=fix) from None
    except MageIlumError as error:
        raise UsageError(error.what, why=error.why, fix=f"--ilum-core {EXAMPLE}") from None
    return read(service.url, clusters=clusters, jobs=jobs)


def read(url: str, *, clusters: "list[JsonObject]", jobs: "list[JsonObject]") -> Answer:
    """What its jobs and clusters say by their images; raises `UnreachableError` where they name no version.

    They hold passwords too: nothing but the image is looked at.
    """
    from mage_ilum.ilum.api import JobApi

    api = JobApi()
    defaults = {str(one.get("name")): _image(one.get(_DEFAULTS)) for one in clusters}
    answers = [_job(job, api, defaults) for job in jobs if _is_connect(job, api)]
    answers += [
        from_image(
            image, source="Ilum cluster", where=f"Ilum's cluster {name}", confidence=Confidence.GUESS, server="Ilum"
        )
        for name, image in defaults.items()
    ]
    whole = together(answers)
    if not whole.evidence:
        raise UnreachableError(
            f"Ilum at {url} names no Spark version.",
            why=" ".join(whole.unclear)
            or f"None of its {len(jobs)} running jobs is a Spark Connect server whose image's tag names one, and none "
            f"of its {len(clusters)} clusters has such a default.",
            fix="name the server itself: --server sc://host:15002",
        )
    return whole


def _service(url: str, ca_file: Path | None) -> "HttpService":
    """Ilum, as blocks find it; `/api/v1` is added where there is no path."""
    from deploykit import trust
    from mage_ilum.http.find import find_service

    parts = urlsplit(url)
    text = url if parts.path.strip("/") else f"{url.rstrip('/')}{_PATH}"
    service = find_service("Ilum", "ILUM_API", text, example=f"{EXAMPLE}{_PATH}")
    return replace(service, certificates=str(trust.bundle(ca_file)))  # else it would be certifi's list


def _pages(service: "HttpService", path: str, query: list[tuple[str, str]], limit: Deadline) -> "Iterator[JsonObject]":
    """The objects of a list, over its pages."""
    from mage_ilum.http.errors import ServiceError
    from mage_ilum.ilum.api import JobApi

    seen, number = 0, 0
    while True:
        asked = urlencode([*query, ("page", str(number)), ("size", str(_SIZE))])
        page = service.request("GET", f"{path}?{asked}", limit=limit)
        content = page.get(JobApi().page_key)
        if not isinstance(content, list):
            raise ServiceError(
                f"What answers at {service.url} is not Ilum: its answer has no list of {path}s.",
                code="not-ilum",
                fix=f"Check ILUM_API_URL: it is written as in {EXAMPLE}.",
            )
        yield from (one for one in content if isinstance(one, dict))
        seen, number = seen + len(content), number + 1
        total = page.get("totalElements")
        if not content or seen >= (total if isinstance(total, int) else 0):
            return


def _job(job: "JsonObject", api: "JobApi", defaults: Mapping[str, str]) -> Answer:
    name, cluster = job.get(api.name_key), str(job.get(api.cluster_field))
    own = _image(job.get(api.config_field))
    return from_image(
        own or defaults.get(cluster, ""),
        source="Ilum job",
        where=f"Ilum job {name}",
        confidence=Confidence.SLIGHT,
        server=f"Ilum job {name}",
        application=str(job.get(api.app_key) or ""),
        note=""
        if own
        else f"It names no image, and the default of cluster {cluster} may have changed since it started.",
    )


def _is_connect(job: "JsonObject", api: "JobApi") -> bool:
    """Whether a job that has not ended is a Spark Connect server, by its class or by the plug-in that it loads."""
    if job.get(api.state_key) in api.ended:
        return False
    plugins = _settings(job.get(api.config_field)).get("spark.plugins", "")
    return str(job.get(api.class_field) or "").startswith(CONNECT_CLASS) or CONNECT_PLUGIN in plugins


def _image(config: object) -> str:
    settings = _settings(config)
    return next((settings[key] for key in IMAGE_KEYS if settings.get(key)), "")


def _settings(config: object) -> Mapping[str, str]:
    """Spark's settings: as an object, or as `key=value;key=value`, as they are submitted."""
    if isinstance(config, dict):
        return {str(key): str(value) for key, value in config.items()}
    pairs = (pair.partition("=") for pair in str(config or "").split(";"))
    return {key.strip(): value.strip() for key, _, value in pairs}
