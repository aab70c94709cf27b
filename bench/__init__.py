"""Measurements: what the engine does in a second, beside the plainest way to do the same."""
