"""The flows, on a Prefect server of their own."""
