"""A machine that does random things to a ledger, and a slow model that says what must come of it.

The model shares no code with `rules` and `ledger`: it is written by hand from the design, with
loops over days where the engine searches, and figures where the engine reads a policy.
"""
