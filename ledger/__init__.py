"""台账: the only SQL. One transaction per verb, compare-and-set on status and version."""
