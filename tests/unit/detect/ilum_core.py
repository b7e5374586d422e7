"""Ilum's REST API with clusters, pages and a login, as its OpenAPI description 1.5.3 tells it."""

from dataclasses import dataclass, field

from tests.unit.mage_ilum.doubles.ilum import Ilum
from tests.unit.mage_ilum.doubles.service import Answer, Asked

CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
PASSWORD = "s3cr3t-of-the-storage"


def cluster(name="default", image="", **more):
    """A cluster as the API shows it, passwords and all."""
    defaults = {"spark.hadoop.fs.s3a.secret.key": PASSWORD}
    if image:
        defaults["spark.kubernetes.container.image"] = image
    storages = {"s3": {"type": "s3", "accessKey": "minio", "secretKey": PASSWORD}}
    return {"name": name, "type": "k8s", "storages": storages, "defaultApplicationConfig": defaults, **more}


def job(name, image="", *, state="BUSY", job_class=CONNECT, config=None, **more):
    """A job as the API shows it."""
    settings = {"spark.connect.authenticate.token": PASSWORD, **(config or {})}
    if image:
        settings["spark.kubernetes.container.image"] = image
    shown = {"jobName": name, "jobClass": job_class, "state": state, "clusterName": "default", "appId": f"spark-{name}"}
    return {"jobId": name, "jobType": "SINGLE", "jobConfig": settings, **shown, **more}


@dataclass
class IlumCore(Ilum):
    """Lists at most `largest` objects in an answer, and wants `login` where there is one."""

    clusters: list[dict[str, object]] = field(default_factory=list)
    listed: list[dict[str, object]] = field(default_factory=list)
    login: str = ""
    largest: int = 100

    def answer(self, asked: Asked) -> Answer:
        if self.login and asked.headers["Authorization"] != self.login:
            return 401, {"message": "Full authentication is required"}
        found = {"/api/v1/cluster": self.clusters, "/api/v1/job": self.listed}.get(asked.path)
        if asked.method != "GET" or found is None:
            return super().answer(asked)
        size = min(int(asked.query.get("size", 10)), self.largest)
        number = int(asked.query.get("page", 0))
        page = {"page": {"number": number, "size": size}, "totalElements": len(found)}
        return 200, {"content": found[number * size : (number + 1) * size], **page}
