"""Mage's copy of its page for a base path is in the pod's own folder, whatever folder Mage joins the name to."""

import tempfile

from tests.unit.mage_ilum.test_start import INSTALL, run

SERVER = """\
import os
BASE_PATH_EXPORTS_FOLDER = "frontend_dist_base_path"
def folder(): return os.path.join("/home/src/mage_data/project", BASE_PATH_EXPORTS_FOLDER)
"""


def test_it_is_beside_no_other_pods(tmp_path):
    folder = tmp_path / "mage_ai" / "server"
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(SERVER)
    done = run(f"{INSTALL}from mage_ai.server import server; print(server.folder())", tmp_path)
    assert done.stdout.strip() == f"{tempfile.gettempdir()}/frontend_dist_base_path", done.stderr
