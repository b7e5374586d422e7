"""Run every case of `cases_*.py`, and print as JSON what became of each."""

import importlib
import json
import logging
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from pathlib import Path

from mage_ilum import spark_session

logging.disable(logging.CRITICAL)  # PySpark 4 logs each query that fails, and some are meant to
warnings.simplefilter("ignore")


def outcome(function, spark):
    """Empty where the case passes."""
    try:
        function(spark)
    except Exception as error:
        classes = [kind.__name__ for kind in type(error).__mro__]
        return {"classes": classes, "trouble": traceback.format_exc(limit=-3)[:3000]}
    return {"classes": [], "trouble": ""}


found = {}
with redirect_stdout(sys.stderr):
    for script in sorted(Path(__file__).parent.glob("cases_*.py")):
        module = importlib.import_module(script.stem)
        with spark_session() as spark:
            for name, function in module.case.all.items():
                found[f"{script.stem.removeprefix('cases_')}.{name}"] = outcome(function, spark)
print(json.dumps(found))
