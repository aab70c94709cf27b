"""The engine beside its peers, in one run on one database: `python -m bench.peers`."""
