"""Kill runs: the whole engine, killed, starved, paused and cut off, and what is left of it."""
