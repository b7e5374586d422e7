"""Ilum's REST API for jobs: endpoints, fields and states as they were read, each one a setting.

They come from Ilum's OpenAPI description of version 1.5.3, the newest that is public; a live 6.7 shows its own at
`/swagger-ui.html`. Where it differs, give `SparkConnectJob` a `JobApi` of your own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class JobApi:
    """Paths below `/api/v1`, and names of fields. Certain: the job class. All else: read for an older Ilum.

    >>> JobApi(stop="job/{id}/cancel").stop
    'job/{id}/cancel'
    """

    submit: str = "job/submit"
    """POST, multipart/form-data."""
    search: str = "job"
    """GET, a page of jobs, with the parameters `search` and `size`."""
    get: str = "job/{id}"
    """GET."""
    stop: str = "job/{id}/stop"
    """POST; puts the job into the state CANCELED."""
    delete: str = "job/{id}"
    """DELETE."""
    job_class: str = "org.apache.spark.sql.connect.service.SparkConnectServer"
    name_field: str = "name"
    cluster_field: str = "clusterName"
    class_field: str = "jobClass"
    config_field: str = "jobConfig"
    """`spark.key=value;spark.key2=value2`."""
    repeated_fields: tuple[tuple[str, str], ...] = (
        ("dynamicAllocation", "spark.dynamicAllocation.enabled"),
        ("minExecutors", "spark.dynamicAllocation.minExecutors"),
        ("maxExecutors", "spark.dynamicAllocation.maxExecutors"),
    )
    """Fields that have a setting's value, where it is given: Ilum's default for a field may win over the setting."""
    id_key: str = "jobId"
    name_key: str = "jobName"
    state_key: str = "state"
    error_key: str = "error"
    app_key: str = "appId"
    page_key: str = "content"
    ended: frozenset[str] = frozenset({"FAILED", "FINISHED", "CANCELED"})
    """The states of a job that runs no more."""
