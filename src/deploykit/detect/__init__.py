"""Which Spark runs there: evidence from a live server and from the pods of a namespace, weighed and shown."""
