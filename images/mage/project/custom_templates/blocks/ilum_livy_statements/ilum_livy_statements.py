from mage_ilum import livy_session

if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def run_statements(*args, **kwargs):
    """
    The code in quotes runs in a driver of its own, which is gone after the block.
    """
    with livy_session(conf={'spark.executor.instances': '2'}) as session:
        session.run("large = spark.table('transaction_anomaly_detection.transactions').filter('amount > 1000')")
        return session.value("{'rows': large.count()}")


@test
def test_output(output, *args) -> None:
    assert output['rows'] > 0, 'no transaction is large'
