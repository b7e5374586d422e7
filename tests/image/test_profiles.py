"""The other profiles and Spark lines."""

import json

import pytest


def test_full_carries_the_jars_and_a_local_spark_that_runs(full, docker):
    program = (
        "import pathlib, pyspark; print(len(list((pathlib.Path(pyspark.__file__).parent / 'jars').glob('*.jar'))))"
    )
    assert int(docker("run", "--rm", "--network", "none", full, "python3", "-c", program)) > 200
    program = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false').getOrCreate()\n"
        "print(spark.sql('select sum(id) from range(5)').first()[0])\n"
    )
    # On a network of its own, as in a pod: a local Spark asks for its host's name.
    assert docker("run", "--rm", full, "python3", "-c", program).strip().endswith("10")


# A block of a project of the image's: it says whether there is a Java process, or a session that Mage gave it.
LOOK_AROUND = """
from pathlib import Path

@data_loader
def look_around(*args, **kwargs):
    names = [path.read_text().strip() for path in Path('/proc').glob('[0-9]*/comm')]
    print('session:', kwargs.get('spark'), 'java:', 'java' in names)
"""
PIPELINE = """
name: look
uuid: look
type: python
blocks:
- {uuid: look_around, name: look, type: data_loader, language: python, upstream_blocks: [], downstream_blocks: []}
"""
RUN = """
python3 -m mage_ilum.project demo && mkdir demo/pipelines/look && echo "$1" >demo/data_loaders/look_around.py
echo "$2" >demo/pipelines/look/metadata.yaml && mage run demo look
"""


def test_a_block_of_the_default_project_starts_no_local_spark_where_there_is_one(full, docker):
    # With a network, or a local Spark would give up for want of its host's name, and go unseen.
    said = docker("run", "--rm", full, "sh", "-ec", RUN, "run", LOOK_AROUND, PIPELINE)
    assert "session: None java: False" in said


@pytest.mark.parametrize("spark", ["3.5.7", "4.2.0"])
def test_slim_has_no_java_and_any_line_that_fits_the_base(build, docker, spark):
    done = build("--spark", spark, "--profile", "slim", "--no-verify")
    assert done.returncode == 0, done.stderr[-4000:]
    image = done.stdout.strip()
    config = json.loads(docker("inspect", "--format", "{{json .Config}}", image))
    assert config["Labels"]["io.deploykit.spark"] == spark
    assert not [text for text in config["Env"] if text.startswith("JAVA_HOME=")]
    program = "import pyspark, pyspark.sql.connect.session; print(pyspark.__version__)"
    assert docker("run", "--rm", "--network", "none", image, "python3", "-c", program).strip() == spark
    assert docker("run", "--rm", "--network", "none", image, "sh", "-c", "command -v java || echo none") == "none\n"


def test_without_a_warm_start_there_is_one_layer_less(build, docker, connect):
    done = build("--spark", "4.1.1", "--no-warm", "--no-verify")
    assert done.returncode == 0, done.stderr[-4000:]

    def layer_count(image):
        return len(json.loads(docker("inspect", "--format", "{{json .RootFS.Layers}}", image)))

    assert layer_count(done.stdout.strip()) == layer_count(connect.tagged) - 1
