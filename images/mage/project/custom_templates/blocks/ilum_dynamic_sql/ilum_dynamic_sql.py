from datetime import datetime

from mage_ilum import identifier, spark_session, sql, to_pandas

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """
    Query with values from the pipeline. A :name is bound, so a value stays a value, whatever is in it;
    a table's name cannot be bound: identifier() checks and quotes it.
    """
    table = identifier(kwargs.get('table', 'production.logs'))
    with spark_session():
        logs = sql(
            f'SELECT * FROM {table} WHERE event_date = :day AND id IN (:ids)',
            day=kwargs.get('execution_date', datetime.now()).date(),
            ids=kwargs.get('ids', [1, 2, 3]),
        )
        return to_pandas(logs.limit(1000))


@test
def test_output(output, *args) -> None:
    assert 'event_date' in output.columns
