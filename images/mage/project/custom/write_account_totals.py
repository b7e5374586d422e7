from datetime import datetime

from mage_ilum import spark_session, sql, write_table

if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def write_totals(*args, **kwargs):
    """
    Sum up the large transactions of each account and write them as the partition of this day: all of it on
    Spark. A second run for the day replaces the partition. What is returned is the number of rows.
    """
    day = kwargs.get('execution_date', datetime.now()).date()
    with spark_session():
        totals = sql(
            """
            SELECT account_id, count(*) AS transactions, sum(amount) AS total
            FROM transaction_anomaly_detection.transactions
            WHERE amount > :floor
            GROUP BY account_id
            """,
            floor=kwargs.get('floor', 1000),
        )
        return write_table(
            totals, 'transaction_anomaly_detection.account_totals', mode='overwrite', partition={'event_date': day}
        )


@test
def test_output(rows, *args) -> None:
    assert rows > 0, 'no account has a large transaction'
