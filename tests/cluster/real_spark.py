"""Spark as Ilum runs it: whether its executors register, and what they reach."""

import json
from dataclasses import dataclass

from tests.cluster.kubectl import kubectl
from tests.cluster.probes import Prober

SHUFFLE = (
    "from pyspark.sql import SparkSession;"
    "spark = SparkSession.builder.remote('sc://127.0.0.1:15002').getOrCreate();"
    "print(spark.range(0, 10000, 1, 4).selectExpr('id % 7 as k').groupBy('k').count().count())"
)


EXECUTORS = "--selector=spark-role=executor"
EXECUTOR_CONTAINER = "spark-kubernetes-executor"
OF_ITS_EXECUTORS = (7078, 7079, 4040)


@dataclass(frozen=True)
class RealSpark:
    """The driver that runs as Ilum runs it, and its executors."""

    namespace: str
    driver: str
    address: str

    def executor(self) -> str:
        """The name of an executor that runs."""
        listed = kubectl("get", "pods", f"--namespace={self.namespace}", EXECUTORS, "--output=json")
        [*names] = (
            item["metadata"]["name"]
            for item in json.loads(listed)["items"]
            if item["status"]["phase"] == "Running" and "deletionTimestamp" not in item["metadata"]
        )
        return names[-1] if names else ""

    def shuffle_on_a_new_executor(self) -> None:
        """A query with a shuffle on an executor that has only just registered."""
        gone = self.executor()
        kubectl("delete", "pod", gone, f"--namespace={self.namespace}", "--grace-period=1")
        command = ["exec", f"--namespace={self.namespace}", self.driver, "--", "python3", "-c", SHUFFLE]
        assert kubectl(*command, seconds=90).split()[-1] == "7"
        assert self.executor() not in ("", gone)

    def reached_from_an_executor(self, *ports: int) -> dict[str, str]:
        with Prober(self.namespace, self.executor(), EXECUTOR_CONTAINER) as prober:
            prober.ask({str(port): [("tcp", self.address, port)] for port in ports})
            return prober.answer()
