"""What the state of the cluster says of a connection: its Service, its driver, its policies."""
