"""What a result costs a Mage pod, which has 4 GiB."""

import json
import subprocess

from tests.needs import REPOSITORY

VERSION = "4.1.1"


def test_a_million_rows_take_less_than_twice_the_memory_of_their_frame(server, client):
    done = subprocess.run(
        [client(VERSION), REPOSITORY / "tools" / "bench" / "result_cost.py", "ours", "1000000"],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY / "images" / "mage" / "runtime"),
            "ILUM_SPARK_CONNECT_URL": server(VERSION),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cost = json.loads(done.stdout)
    assert cost["size"] > 80e6
    assert cost["memory"] < 2
