from datetime import datetime

import pandas as pd
from sqlalchemy import text

from mage_ilum import sql_engine

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """
    Query Ilum SQL at ILUM_SQL_URL. A :name is bound. A query that takes longer than query_timeout is cancelled.
    """
    query = text('SELECT * FROM production.logs WHERE event_date = :day LIMIT 1000')
    day = kwargs.get('execution_date', datetime.now()).date()
    with sql_engine(query_timeout=600).connect() as connection:
        return pd.read_sql(query, connection, params={'day': day})


@test
def test_output(output, *args) -> None:
    assert len(output) > 0, 'nothing was read'
