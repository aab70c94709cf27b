"""Units of Prefect work: arguments are ids and instants, results are counts and reasons."""
