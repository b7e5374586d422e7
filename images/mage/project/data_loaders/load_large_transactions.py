from mage_ilum import spark_session, to_pandas

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_data(*args, **kwargs):
    """
    Read the large transactions from Ilum. The filter runs on Spark: only its result comes here.
    """
    with spark_session() as spark:
        transactions = spark.table('transaction_anomaly_detection.transactions')
        large = to_pandas(transactions.filter('amount > 1000'))

    print(f'{len(large)} transactions above 1000')
    return large


@test
def test_output(output, *args) -> None:
    assert (output['amount'] > 1000).all(), 'a small transaction came through'
