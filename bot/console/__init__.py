"""The operator's page: what the daemon does and why, and a way to halt it. Never more than that."""
