"""Services that behave as their documentation says, on the loopback address."""
