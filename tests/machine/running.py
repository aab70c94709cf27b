"""How the machine is put to work: a ledger with the city's data, and Hypothesis around it."""

from collections import Counter
from datetime import UTC, datetime
from itertools import product
from time import monotonic

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger import loading
from ledger.changes import table
from ledger.database import Ledger, connect, migrate
from models.category import Category
from rules.policy import Source
from tests.machine.city import MORE
from tests.machine.machine import Machine, policy_name
from tests.machine.matter import CATEGORIES
from tests.world import CITY

LOADED_AT = datetime(2025, 1, 1, tzinfo=UTC)


def prepare(url: str) -> Ledger:
    """A ledger at `url` with the shipped data and the machine's city."""
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        loading.load_shipped(connection, LOADED_AT)
    return furnish(ledger)


def furnish(ledger: Ledger) -> Ledger:
    """Load the city and the policies, and leave out what every step would read in vain."""
    if not ledger.postgresql:
        sa.event.listen(ledger.engine, "connect", _carelessly)
        ledger.engine.dispose()
    with ledger.transaction() as connection:
        for text in (CITY, MORE):
            loading.load_city(connection, loading.parse_city(text, "city.yaml"))
        for hand, by_category in product((False, True), repeat=2):
            name = policy_name(hand, by_category)
            sources = "[category, paper, policy]" if by_category else "[paper, policy]"
            text = (
                f"extends: chuangcheng\npolicy: {name}\ntitle: 试行\n"
                f"filing: {'hand' if hand else 'auto'}\nreading: {{sources: {sources}}}\n"
                "look_back: {rate: 100%}\n"
            )
            loading.load_policy(connection, Source(f"{name}.yaml", text), LOADED_AT)
        categories = table(Category)
        connection.execute(sa.delete(categories).where(categories.c.code.not_in(CATEGORIES)))
    return ledger


def _carelessly(connection: object, _: object) -> None:
    """This ledger need not survive the machine it runs on."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


def machine(ledger: Ledger, every: int = 0) -> type[Machine]:
    """A machine on a ledger of its own; `every` so many examples it says how far it is."""
    began = monotonic()

    class Driven(Machine):
        def __init__(self) -> None:
            super().__init__()
            done = self.tried["examples"]
            if every and done % every == 0:
                print(f"{done} examples, {monotonic() - began:.0f} s", flush=True)

    Driven.ledger, Driven.tried = ledger, Counter()
    return Driven


def run(
    driven: type[Machine], examples: int, steps: int, number: int | None = None, *,
    shrink: bool = True,
) -> None:  # fmt: skip
    """Run it: by a seed, or, without one, always the same way. Shrinking may take five minutes."""
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=number is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        verbosity=Verbosity.normal,
        print_blob=False,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(driven if number is None else seed(number)(driven), settings=how)
