"""Faults of every kind, real processes, and an oracle that knows what has to be in the store."""
