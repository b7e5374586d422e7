"""The way to a Spark Connect server: its address, whether it answers, what it runs."""
