"""Duban 督办: the command line, settings, and what starts everything on one machine."""
