"""Run the cases of one subject, and say what became of each."""

import importlib
import logging
import traceback
import warnings

from mage_ilum import spark_session


def run(subject):
    """What became of every case of `cases_<subject>.py`: its error's classes, nearest first, and its text."""
    logging.getLogger("pyspark").setLevel(logging.CRITICAL)  # PySpark 4 logs each query that fails; some are meant to
    warnings.simplefilter("ignore")
    cases = importlib.import_module(f"cases_{subject}").case.all
    with spark_session() as spark:
        return {name: _outcome(function, spark) for name, function in cases.items()}


def _outcome(function, spark):
    try:
        function(spark)
    except Exception as error:
        classes = [kind.__name__ for kind in type(error).__mro__]
        return {"classes": classes, "trouble": traceback.format_exc(limit=-3)[:3000]}
    return {"classes": [], "trouble": ""}
