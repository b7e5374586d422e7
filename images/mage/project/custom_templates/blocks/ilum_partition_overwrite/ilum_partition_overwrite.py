from datetime import datetime

from mage_ilum import spark_session, sql, write_table

if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def write_partition(*args, **kwargs):
    """
    Nothing passes through the Mage pod but the number of rows. A run for the same day replaces what the
    run before it wrote, and no other day: it may be repeated, and a backfill may run in any order.
    """
    day = kwargs.get('execution_date', datetime.now()).date()
    with spark_session():
        totals = sql(
            'SELECT message, count(*) AS events FROM production.logs WHERE event_date = :day GROUP BY message',
            day=day,
        )
        return write_table(totals, 'production.daily_events', mode='overwrite', partition={'event_date': day})


@test
def test_output(rows, *args) -> None:
    assert rows > 0, 'no rows were written'
