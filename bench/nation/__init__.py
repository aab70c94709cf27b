"""The nation: an installation far beyond the machines it is measured on, simulated."""
