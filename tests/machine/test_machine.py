"""Whatever is done to cases, in whatever order: ledger and model say the same of them."""

from ledger.database import Ledger
from tests.machine.running import furnish, machine, run


def test_whatever_happens_to_cases_the_ledger_says_what_a_slow_model_says(ledger: Ledger) -> None:
    run(machine(furnish(ledger)), examples=25, steps=30)
