from mage_ilum import spark_session, write_table

if 'data_exporter' not in globals():
    from mage_ai.data_preparation.decorators import data_exporter


@data_exporter
def export_data(frame, *args, **kwargs):
    """
    Write the upstream block's pandas frame to a table on Spark; the table is made where there is none.
    """
    with spark_session() as spark:
        rows = write_table(spark.createDataFrame(frame), 'transaction_anomaly_detection.anomalies', mode='overwrite')

    print(f'{rows} rows written')
    return rows
