"""HTTP services with limits and clear errors; clean-up that outlives the process."""
