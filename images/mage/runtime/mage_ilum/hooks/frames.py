"""What is added to PySpark's results: nothing, and its query metrics are taken away, which pandas cannot write."""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def apply(module: ModuleType) -> None:
    """Change `DataFrame.toPandas` of `pyspark.sql.connect.dataframe`."""
    module.DataFrame.toPandas = _without_metrics(module.DataFrame.toPandas)


def _without_metrics(to_pandas: "Callable[..., pd.DataFrame]") -> "Callable[..., pd.DataFrame]":
    @functools.wraps(to_pandas)
    def toPandas(self: object) -> "pd.DataFrame":  # noqa: N802  PySpark's name
        frame = to_pandas(self)
        frame.attrs.clear()
        return frame

    return toPandas
