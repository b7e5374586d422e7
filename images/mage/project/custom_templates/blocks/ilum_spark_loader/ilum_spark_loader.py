from mage_ilum import spark_session, to_pandas

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """
    Read from Ilum. What comes before to_pandas runs on Spark; only its result comes into the Mage pod.
    """
    with spark_session() as spark:
        transactions = spark.table('transaction_anomaly_detection.transactions')
        return to_pandas(transactions.filter('amount > 1000'))


@test
def test_output(output, *args) -> None:
    assert len(output) > 0, 'nothing was read'
