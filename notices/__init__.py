"""Wording and channels: what a person is told, and how it is brought to them."""
