"""When it runs: the Prefect flows. Each can be run as of any instant."""
