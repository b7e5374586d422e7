"""The demo's Spark Connect server: Sail, which answers with the version of the PySpark beside it.

Sail's catalog belongs to a session. So that the guide's tables are there for every client, as they are on a real
server, a small relay in front of it makes them when a session begins. Prints the port; ends when its input closes.
"""

import datetime
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
from pysail.spark import SparkConnectServer
from pyspark.sql.connect import proto
from pyspark.sql.connect.session import SparkSession

HOST = "127.0.0.1"
SERVICE = "/spark.connect.SparkConnectService/"


def tables() -> dict[str, pa.Table]:
    """The two tables that the integration guide's examples read."""
    dice = random.Random(7)
    start = datetime.datetime(2026, 1, 1)
    seconds = range(10_000)
    days = range(30_000)
    return {
        "transaction_anomaly_detection.transactions": pa.table(
            {
                "transaction_id": list(seconds),
                "account_id": [number % 1000 for number in seconds],
                "amount": [round(dice.random() * 2000, 2) for _ in seconds],
                "created_at": [start + datetime.timedelta(seconds=number) for number in seconds],
            }
        ),
        "production.logs": pa.table(
            {
                "id": list(days),
                "event_date": [start.date() + datetime.timedelta(days=number % 30) for number in days],
                "message": [f"event {number}" for number in days],
            }
        ),
    }


class Relay(grpc.GenericRpcHandler):
    """Hands every call on as it is; before the first one of a session, `prepare(session, user)` runs."""

    def __init__(self, target: str, prepare: Callable[[str, str], None]) -> None:
        self._channel = grpc.insecure_channel(target, [("grpc.max_receive_message_length", -1)])
        self._prepare = prepare
        self._prepared: set[str] = set()
        self._lock = threading.Lock()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        method = handler_call_details.method
        request_type = getattr(proto, method.removeprefix(SERVICE) + "Request")

        def first_prepares(requests: Iterator[bytes]) -> Iterator[bytes]:
            for request in requests:
                message = request_type.FromString(request)
                with self._lock:
                    if message.session_id not in self._prepared:
                        self._prepare(message.session_id, message.user_context.user_id)
                        self._prepared.add(message.session_id)
                yield request

        def relay(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            try:
                # On the wire a unary call is a stream of one message.
                call: grpc.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(method)
                yield from call(first_prepares(requests))
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())  # type: ignore[arg-type] # they are pairs
                context.abort(error.code(), error.details() or "")

        return grpc.stream_stream_rpc_method_handler(relay)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="deploykit-demo-") as warehouse:
        folders = {}
        for name, table in tables().items():
            folders[name] = Path(warehouse) / name
            folders[name].mkdir()
            pq.write_table(table, folders[name] / "part-0.parquet")

        sail = SparkConnectServer(HOST, 0)
        sail.start(background=True)
        address = f"{HOST}:{sail.listening_address[1]}"

        def make_tables(session: str, user: str) -> None:
            spark = SparkSession(f"sc://{address}/;session_id={session};user_id={user or 'demo'}")
            for name, folder in folders.items():
                spark.sql(f"CREATE DATABASE IF NOT EXISTS {name.split('.')[0]}")
                spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING parquet LOCATION '{folder}'")

        relay = grpc.server(ThreadPoolExecutor(16), [Relay(address, make_tables)])
        port = relay.add_insecure_port(f"{HOST}:0")
        relay.start()
        print(port, flush=True)
        sys.stdin.read()
        relay.stop(grace=1).wait()
        sail.stop()


if __name__ == "__main__":
    main()
