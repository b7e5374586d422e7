from mage_ilum import SparkConnectJob, count, dynamic_allocation, spark_session

if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def run_on_a_server_of_its_own(*args, **kwargs):
    """
    Have Ilum (ILUM_API_URL) start a Spark Connect server that grows with its load, use it, and leave none behind.
    """
    with SparkConnectJob('nightly', conf=dynamic_allocation(1, 8)) as job, spark_session(job.url) as spark:
        return count(spark.table('transaction_anomaly_detection.transactions'))


@test
def test_output(rows, *args) -> None:
    assert rows > 0, 'the table is empty'
