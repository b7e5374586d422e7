from datetime import datetime

import pandas as pd

from mage_ilum import jdbc_connect

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """
    Query Ilum SQL at ILUM_SQL_URL through JDBC. A %(name)s is bound, without quotes around it.
    """
    query = 'SELECT * FROM production.logs WHERE event_date = %(day)s LIMIT 1000'
    day = kwargs.get('execution_date', datetime.now()).date()
    with jdbc_connect(query_timeout=600) as connection:
        cursor = connection.cursor()
        cursor.execute(query, {'day': day})
        return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])


@test
def test_output(output, *args) -> None:
    assert len(output) > 0, 'nothing was read'
