"""What ought to happen: pure rules, no I/O, no clock."""
