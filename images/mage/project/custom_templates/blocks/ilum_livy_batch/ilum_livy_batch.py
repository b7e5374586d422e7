from datetime import datetime

from mage_ilum import livy_batch

if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@custom
def run_batch(*args, **kwargs):
    """
    Run a program at ILUM_LIVY_URL and wait for its end. The file is one that the driver can read; for a JAR,
    name its class with class_name. A batch that outlives its block, also one that is cancelled, is deleted.
    """
    day = kwargs.get('execution_date', datetime.now()).date()
    batch = livy_batch(
        's3a://jobs/daily.py',
        args=[day.isoformat()],
        conf={'spark.executor.instances': '2'},
        timeout=3600,
    )
    return {'batch': batch.id, 'application': batch.app_id, 'seconds': round(batch.seconds)}


@test
def test_output(output, *args) -> None:
    assert output['application'], 'Livy knows no application'
