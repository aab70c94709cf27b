"""What an SMS service reports later: it arrived, or it did not after all."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ledger.arrivals import Report, arrived
from ledger.changes import table
from models.delivery import Delivery, DeliveryOutcome
from models.notice import Notice, NoticeState
from tests.world import World


def sent(world: World, receipt: str, channel: str = "aliyunsms://****@澄岚/…") -> int:
    """One notice that a service took under this receipt; gives its id."""
    world.report("滨河路1号", "垃圾桶满溢")
    world.sweep()
    attempts = table(Delivery)
    row = world.rows(Delivery)[0]
    with world.ledger.transaction() as connection:
        connection.execute(
            sa.update(attempts)
            .where(attempts.c.id == row.id)
            .values(receipt=receipt, channel=channel)
        )
    return int(row.notice_id)


def told(world: World, notice: int) -> Any:
    [row] = world.rows(Notice, table(Notice).c.id == notice)
    return row


def report(world: World, **more: Any) -> dict[str, int]:
    at: datetime = more.pop("at", world.now)
    said = Report(more.pop("receipt", "9001^0"), more.pop("ok", True), at, "MK:0001")
    return dict(arrived(world.ledger, more.pop("scheme", "aliyunsms"), [said], world.now))


def test_a_notice_has_arrived_when_the_service_says_so_and_at_first_only(world: World) -> None:
    notice = sent(world, "9001^0")
    first = world.now
    assert report(world) == {"arrived": 1}
    world.now += timedelta(hours=1)
    report(world)
    assert told(world, notice).arrived_at == first


def test_nothing_arrives_in_the_future(sqlite_world: World) -> None:
    notice = sent(sqlite_world, "9001^0")
    report(sqlite_world, at=sqlite_world.now + timedelta(days=400))
    assert told(sqlite_world, notice).arrived_at == sqlite_world.now


def test_a_receipt_of_another_service_or_of_nobody_changes_nothing(sqlite_world: World) -> None:
    notice = sent(sqlite_world, "9001^0")
    assert report(sqlite_world, scheme="tencentsms") == {"unknown": 1}
    assert report(sqlite_world, receipt="") == {"unknown": 1}
    assert report(sqlite_world, receipt="9002^0", ok=False) == {"unknown": 1}
    assert told(sqlite_world, notice).arrived_at is None


def test_what_did_not_arrive_after_all_goes_on_to_the_next_channel(world: World) -> None:
    notice = sent(world, "9001^0")
    assert report(world, ok=False) == {"failed": 1}
    [attempt] = world.rows(Delivery, table(Delivery).c.receipt == "9001^0")
    assert attempt.outcome is DeliveryOutcome.PERMANENT
    assert "MK:0001" in attempt.answer
    assert told(world, notice).state is NoticeState.OWED
