"""A project whose only block sleeps: it shows whether a stop reaches a running block. Usage: stop.py FOLDER"""

import sys
from pathlib import Path

BLOCK = """
import time
from pathlib import Path

@data_loader
def sleep(*args, **kwargs):
    Path("{marker}").touch()
    time.sleep(120)
"""
PIPELINE = """
name: sleep
uuid: sleep
type: python
blocks:
- {uuid: sleep, name: sleep, type: data_loader, language: python, upstream_blocks: [], downstream_blocks: []}
"""
TRIGGERS = """
triggers:
- name: now
  pipeline_uuid: sleep
  schedule_type: time
  schedule_interval: "@once"
  start_time: 2026-01-01 00:00:00
  status: active
"""
SETTINGS = "project_type: standalone\nhelp_improve_mage: false\nspark_config: {use_custom_session: true}\n"


def files(marker: str) -> dict[str, str]:
    return {
        "metadata.yaml": SETTINGS,
        "io_config.yaml": "version: 0.1.1\ndefault: {}\n",
        "__init__.py": "",
        "data_loaders/__init__.py": "",
        "data_loaders/sleep.py": BLOCK.replace("{marker}", marker),
        "pipelines/__init__.py": "",
        "pipelines/sleep/__init__.py": "",
        "pipelines/sleep/metadata.yaml": PIPELINE,
        "pipelines/sleep/triggers.yaml": TRIGGERS,
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, text in files(f"{folder}/started").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
