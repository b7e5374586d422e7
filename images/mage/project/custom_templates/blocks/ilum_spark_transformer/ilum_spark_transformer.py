from mage_ilum import spark_session, to_pandas

if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def transform(accounts, *args, **kwargs):
    """
    Join the upstream block's pandas frame, here with a column account_id, with a large table. Spark does the
    join; the Mage pod holds the frame and the result.
    """
    with spark_session() as spark:
        transactions = spark.table('transaction_anomaly_detection.transactions')
        joined = transactions.join(spark.createDataFrame(accounts), 'account_id')
        return to_pandas(joined.groupBy('account_id').sum('amount'))


@test
def test_output(output, *args) -> None:
    assert len(output) > 0, 'no account has a transaction'
