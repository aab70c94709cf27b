"""What people choose about their notices: inside what the policy allows, and never nothing."""

from datetime import time
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import admin_channels, preferences
from ledger.admin import Hand, acts
from ledger.changes import table
from ledger.outlets import keep
from ledger.reference import read
from ledger.scope import Missing
from models.outlet import Outlet
from models.person import Channel, Person, Way
from models.words import Trouble
from rules.permission import Viewer
from tests.world import World


class Bob:
    """Bob with two channels."""

    def __init__(self, world: World) -> None:
        self.world = world
        people, channels = table(Person), table(Channel)
        with world.ledger.transaction() as connection:
            query = sa.select(people.c.id).where(people.c.code == "bob")
            self.id = connection.execute(query).scalar_one()
            connection.execute(
                sa.insert(channels).values(
                    person_id=self.id, position=1, url="x", shown="mailto://…", outlet="m",
                    delay=0, active=True,
                )
            )  # fmt: skip
        self.viewer = Viewer(self.id, "Bob")
        self.hand = Hand(None, "Bob", world.now)

    @property
    def channels(self) -> list[Any]:
        return list(self.world.rows(Channel, table(Channel).c.person_id == self.id))

    def order(self) -> list[int]:
        return [row.id for row in sorted(self.channels, key=lambda row: row.position)]

    def switch(self, which: int, *, on: bool) -> None:
        preferences.switch(self.world.ledger, self.hand, self.viewer, which, on=on)

    def deeds(self) -> list[str]:
        return [str(line.deed) for line in acts(self.world.ledger)[0]]


@pytest.fixture
def bob(world: World) -> Bob:
    return Bob(world)


def test_the_last_channel_stays_on_and_it_is_said_why(bob: Bob) -> None:
    first, second = bob.order()
    bob.switch(first, on=False)
    with pytest.raises(Trouble, match="至少要留一个渠道"):
        bob.switch(second, on=False)
    assert [row.active for row in bob.channels] == [False, True]
    bob.switch(first, on=True)
    bob.switch(second, on=False)
    assert bob.deeds() == ["channel.switch"] * 3


def test_a_channel_moves_up_one_place_and_no_further(bob: Bob) -> None:
    first, second = bob.order()
    for _ in range(2):
        preferences.move_up(bob.world.ledger, bob.hand, bob.viewer, second)
    assert bob.order() == [second, first]
    assert bob.deeds() == ["channel.move"]


def test_nobody_touches_the_channels_of_another(bob: Bob) -> None:
    channels = table(Channel)
    [another] = bob.world.rows(Channel, channels.c.person_id != bob.id)[:1]
    with pytest.raises(Missing):
        bob.switch(another.id, on=False)
    with pytest.raises(Missing):
        preferences.move_up(bob.world.ledger, bob.hand, bob.viewer, another.id)


def test_language_and_digest_time_are_kept_inside_what_the_policy_allows(bob: Bob) -> None:
    ledger = bob.world.ledger
    preferences.choose(ledger, bob.hand, bob.viewer, "en", time(9, 30))
    with ledger.snapshot() as connection:
        reference = read(connection)
    chosen = preferences.of(ledger, bob.viewer, reference)
    assert (chosen.lang, chosen.digest_at) == ("en", time(9, 30))
    for wrong in (time(7, 59), time(10, 1)):
        with pytest.raises(Trouble, match="08:00–10:00"):
            preferences.choose(ledger, bob.hand, bob.viewer, "en", wrong)
    with pytest.raises(Trouble):
        preferences.choose(ledger, bob.hand, bob.viewer, "fr", None)
    preferences.choose(ledger, bob.hand, bob.viewer, "en", None)
    preferences.choose(ledger, bob.hand, bob.viewer, "en", None)
    assert preferences.of(ledger, bob.viewer, reference).digest_at is None
    assert bob.deeds() == ["account.notices"] * 2


def test_an_administrator_sets_delay_use_and_rate(bob: Bob) -> None:
    ledger, (first, second) = bob.world.ledger, bob.order()
    with ledger.transaction() as connection:
        keep(connection, [Way("x", "mailto://…", "m", "mailto://…")])
    admin_channels.set_delay(ledger, bob.hand, bob.id, second, 30)
    admin_channels.switch(ledger, bob.hand, bob.id, first, on=False)
    way = Way("y", "mailto://…", "m", "mailto://…", 20, 20)
    admin_channels.set_rate(ledger, bob.hand, bob.id, second, way)
    assert [(row.delay, row.active, row.url) for row in bob.channels][1] == (30, True, "y")
    assert not bob.channels[0].active
    [outlet] = bob.world.rows(Outlet)
    assert (outlet.per_minute, outlet.burst) == (20, 20)
    with pytest.raises(Trouble, match="1440"):
        admin_channels.set_delay(ledger, bob.hand, bob.id, second, 1441)
    assert bob.deeds() == ["channel.change", "channel.switch", "channel.delay"]
