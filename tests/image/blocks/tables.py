"""Makes the tables that the guide's examples read, and counts what the example pipeline looks for."""

from mage_ilum import spark_session

with spark_session() as spark:
    for name in ("transaction_anomaly_detection", "production"):
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {name}").collect()
    spark.sql(
        "CREATE TABLE IF NOT EXISTS transaction_anomaly_detection.transactions USING parquet AS "
        "SELECT id AS transaction_id, id % 10 AS account_id, round(rand(7) * 2000, 2) AS amount FROM range(5000)"
    ).collect()
    spark.sql("DROP TABLE IF EXISTS production.logs").collect()  # other tests use the same server
    spark.sql(
        "CREATE TABLE production.logs USING parquet AS "
        "SELECT id, DATE'2026-11-22' AS event_date, 'a line' AS message FROM range(1500)"
    ).collect()
    large = spark.table("transaction_anomaly_detection.transactions").filter("amount > 1000")
    print("above 1000:", large.count())
