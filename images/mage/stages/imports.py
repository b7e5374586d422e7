"""Runs what a worker pod runs: a pipeline of Mage, and what a Connect session imports around PySpark."""

import contextlib
import importlib
import sys
import tempfile
from pathlib import Path

BLOCK = """
import pandas as pd

@data_loader
def load_data(*args, **kwargs):
    return pd.DataFrame({"number": [1, 2], "text": ["a", "b"]})
"""
SETTINGS = "project_type: standalone\nhelp_improve_mage: false\nspark_config: {use_custom_session: true}\n"
PIPELINE = """
name: warm
uuid: warm
type: python
blocks:
- {uuid: warm, name: warm, type: data_loader, language: python, upstream_blocks: [], downstream_blocks: []}
"""

# What `pyspark.sql.connect` imports of others when it makes a session and turns a result into pandas.
CLIENT = (
    "concurrent.futures graphlib http.client multiprocessing.pool platform unittest xml.etree.ElementTree "
    "google.protobuf.any_pb2 google.protobuf.descriptor_pool google.protobuf.json_format "
    "google.protobuf.text_format google.protobuf.timestamp_pb2 "
    "google.rpc.code_pb2 google.rpc.error_details_pb2 google.rpc.status_pb2 grpc grpc_status.rpc_status "
    "numpy pandas pandas.api.types pandas.io.parquet pyarrow pyarrow.pandas_compat pyarrow.parquet "
    "py4j.java_gateway zstandard"
)


def import_client() -> None:
    """What the client imports; a name that a Spark line does not need may be missing."""
    for name in CLIENT.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import pandas as pd
    import pyarrow as pa

    frame = pd.DataFrame({"n": [1], "f": [1.5], "s": ["x"], "t": pd.to_datetime(["2026-01-01"])})
    pa.Table.from_pandas(frame).to_pandas()


def run_pipeline() -> None:
    """`mage run` of a one-block pipeline, as a worker pod does it."""
    from mage_ai.cli.main import app

    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "warm"
        for path, text in {
            "metadata.yaml": SETTINGS,
            "io_config.yaml": "version: 0.1.1\ndefault: {}\n",
            "__init__.py": "",
            "data_loaders/__init__.py": "",
            "data_loaders/warm.py": BLOCK,
            "pipelines/__init__.py": "",
            "pipelines/warm/__init__.py": "",
            "pipelines/warm/metadata.yaml": PIPELINE,
        }.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text)
        sys.argv = ["mage", "run", str(project), "warm", "--executor-type", "local_python"]
        app(standalone_mode=False)


if __name__ == "__main__":
    {"client": import_client, "pipeline": run_pipeline}[sys.argv[1]]()
