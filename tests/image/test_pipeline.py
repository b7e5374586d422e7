"""The example pipeline, by `mage run` in a built image, against a real server of the client's version on loopback."""

import re
from collections.abc import Callable

import pytest
from tests.image.conftest import Deploykit

TABLE = "transaction_anomaly_detection.transactions"
PREPARE = f"""
from mage_ilum import spark_session

with spark_session() as spark:
    spark.sql("CREATE DATABASE IF NOT EXISTS transaction_anomaly_detection").collect()
    spark.sql(
        "CREATE TABLE IF NOT EXISTS {TABLE} USING parquet AS "
        "SELECT id AS transaction_id, id % 10 AS account_id, round(rand(7) * 2000, 2) AS amount FROM range(5000)"
    ).collect()
    print("rows:", spark.table("{TABLE}").filter("amount > 1000").count())
"""
RUN = """
python3 -c "$0" && cp -R /opt/mage-ilum/project demo && mage run demo transaction_anomaly_detection
"""


@pytest.mark.parametrize("version", ["3.5.7", "4.2.0"])
def test_mage_run_gives_as_many_rows_as_a_direct_query(
    version: str, build: Deploykit, spark_server: Callable[[str], str], docker: Callable[..., str]
) -> None:
    built = build("--spark", version, "--profile", "slim")
    assert built.returncode == 0, built.stderr[-4000:]
    image = built.stdout.strip()
    address = spark_server(version)
    said = docker(
        "run", "--rm", "--network=host", f"--env=ILUM_SPARK_CONNECT_URL={address}", image,
        "/app/run_app.sh", "sh", "-c", RUN, PREPARE,
    )  # fmt: skip
    [direct] = re.findall(r"rows: (\d+)", said)
    assert int(direct) > 1000
    assert f"{direct} transactions above 1000" in said
    assert re.search(rf"\d+ of {direct} transactions stand out", said), said[-3000:]
