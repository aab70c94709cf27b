"""What was sent about old cases leaves the outbox, and everything is told as before."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from documents.store import Store
from ledger import (
    archive,
    excerpts,
    figures,
    journal,
    log,
    logbook,
    metrics_past,
    noticebook,
    partitions,
    proof,
    resending,
    telling,
    whereabouts,
)
from ledger.admin import Hand
from ledger.archive import cutoff
from ledger.changes import table
from ledger.database import connect
from ledger.logbook import Ending
from ledger.reference import read
from models.account import AccountRole, Act
from models.case import Case
from models.delivery import Delivery, DeliveryOutcome
from models.escalation import Escalation
from models.hook import HookCall
from models.incoming import Incoming
from models.notice import Notice, NoticeKind, NoticeState
from models.past_notice import PastNotice
from models.words import Trouble
from rules.permission import Grant, Viewer
from tests.ledger.keeping import held_at, lived
from tests.world import ZONE, World, instant

CAROL = Viewer(3, "Carol", grants=(Grant(AccountRole.SUPERVISOR),))
LATER = instant("2029-01-10 04:00")
BEFORE = instant("2028-01-01 00:00")


@pytest.fixture
def old(world: World, tmp_path: Path) -> World:
    """A city whose cases of 2026 were closed, all but one; and one of 2028."""
    first, _ = lived(world, Store(str(tmp_path / "photos")), tmp_path)
    for row in world.rows(Case):
        if row.status.value in ("dispatched", "in_progress"):
            world.carol.cancels(row.number)
    world.half_an_hour_on().sweep()
    world.at("2026-11-20 10:00")
    world.report("长江路3号", "护栏损坏")  # stays open
    world.sweep()
    world.at("2026-12-20 10:00").sweep()
    world.carol.publishes(first)
    _refuse_one(world)
    world.at("2028-12-20 10:00").sweep()
    world.now = LATER
    return world


def _refuse_one(world: World) -> None:
    """A channel refused a message about a level of the ladder."""
    tries, notices = table(Delivery), table(Notice)
    raised = sa.select(sa.func.min(notices.c.id)).where(notices.c.kind == NoticeKind.ESCALATION)
    with world.ledger.transaction() as connection:
        refused = sa.update(tries).where(tries.c.notice_id == raised.scalar_subquery())
        connection.execute(refused.values(outcome=DeliveryOutcome.PERMANENT, answer='"拒收"'))


def told(world: World) -> dict[str, Any]:
    """All that anybody can read of what was sent, of every case."""
    numbers = [row.number for row in world.rows(Case)]
    with world.ledger.snapshot() as connection:
        reference = read(connection)
        rows = connection.execute(sa.select(table(Escalation))).mappings().all()
        recipients = telling.told_of(connection, rows)
    return {
        "log": log.rows(world.ledger, reminders=True),
        "recipients": {key: [_plain(each) for each in mine] for key, mine in recipients.items()},
        "where": {n: _unmarked(whereabouts.outbox(world.ledger, LATER, case=n)) for n in numbers},
        "pages": {n: _page(world, reference, n) for n in numbers},
        "api": {n: excerpts.notices(world.ledger, CAROL, None, n, None, 200) for n in numbers},
        "endings": {
            ending: [line.id for line in _sought(world, ending).lines] for ending in Ending
        },
        "figures": figures.wall(world.ledger, CAROL, LATER, LATER),
        "by_status": log.by_status(world.ledger),
        "attempts": _attempts(world),
    }


def _plain(each: telling.Told) -> tuple[Any, ...]:
    tries = [(t.attempt, t.at, t.channel, t.outcome, t.answer) for t in each.tries]
    return each.person, each.state, each.owed_at, each.read_at, each.answered_at, tries


def _unmarked(known: list[whereabouts.Whereabouts]) -> list[dict[str, Any]]:
    """Without the mark that it is archived, and with it what may be done."""
    return [
        {name: getattr(each, name) for name in each.__slots__ if name != "archived"}
        for each in known
    ]


def _page(world: World, reference: Any, number: str) -> list[int]:
    sought, found, after = noticebook.Sought(case=number), list[int](), 0
    while True:  # page by page
        leaf = noticebook.page(world.ledger, CAROL, reference, sought, LATER, after, 2)
        found += [line.id for line in leaf.lines]
        after = leaf.after
        if not after:
            return found


def _sought(world: World, ending: Ending) -> logbook.Leaf:
    return logbook.page(world.ledger, CAROL, logbook.Sought(ending=ending, reminders=True))


def _attempts(world: World) -> dict[Any, int]:
    with world.ledger.snapshot() as connection:
        now = metrics_past.attempts_of(connection) + metrics_past.kept(connection)
    return dict(now.outcomes())


def test_everything_is_told_after_archiving_as_it_was_before(old: World) -> None:
    before, keys = told(old), {row.key for row in old.rows(Notice)}
    counts = archive.archive(old.ledger, BEFORE)
    assert counts["notices"] == len(old.rows(PastNotice)) > 5
    assert before["endings"][Ending.REFUSED]
    assert all(before["pages"].values()), "Carol sees them all"
    assert any("permanent" in str(row.deliveries) for row in old.rows(PastNotice))
    after = told(old)
    for what in before:
        assert after[what] == before[what], what
    assert {row.key for row in (*old.rows(Notice), *old.rows(PastNotice))} == keys
    assert old.proven()


def test_only_what_was_closed_long_ago_moves(old: World) -> None:
    archive.archive(old.ledger, BEFORE)
    status = {row.id: row.status.value for row in old.rows(Case)}
    assert {status[row.case_id] for row in old.rows(PastNotice)} <= {"closed", "cancelled", "split"}
    assert {row.year for row in old.rows(PastNotice)} == {2026}
    open_cases = [row.case_id for row in old.rows(Notice) if status[row.case_id] == "dispatched"]
    assert open_cases != []
    assert archive.archive(old.ledger, BEFORE)["notices"] == 0, "again: nothing is left to move"


def test_what_was_answered_by_mail_stays_beside_the_answer(old: World) -> None:
    archive.archive(old.ledger, BEFORE)
    [mail] = old.rows(Incoming)
    assert [row.id for row in old.rows(Notice, table(Notice).c.id == mail.notice_id)]
    assert old.rows(HookCall) == [], "calls about these cases are over"


def test_a_message_moves_as_a_whole_or_not_at_all(old: World) -> None:
    """One notice of a message is of a case that is open: none of it goes."""
    tries = table(Delivery)
    moving, staying = old.rows(Notice)[1], old.rows(Notice)[-1]
    assert old.rows(Delivery, tries.c.notice_id == staying.id)
    with old.ledger.transaction() as connection:
        both = tries.c.notice_id.in_([moving.id, staying.id])
        connection.execute(sa.update(tries).where(both).values(message="m-both"))
    archive.archive(old.ledger, BEFORE)
    assert old.rows(Notice, table(Notice).c.id == moving.id)


def test_it_may_be_stopped_at_any_page_and_go_on(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = told(old)
    monkeypatch.setattr(archive, "PAGE", 2)
    stopped, move = 0, archive._move

    def dies(*arguments: Any) -> Any:
        nonlocal stopped
        stopped += 1
        done = move(*arguments)
        if stopped == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(archive, "_move", dies)
    with pytest.raises(KeyboardInterrupt):
        archive.archive(old.ledger, BEFORE)
    assert told(old) == before, "what was under way is as it was"
    planned = archive.archive(old.ledger, BEFORE, dry_run=True)["notices"]
    assert archive.archive(old.ledger, BEFORE)["notices"] == planned > 0
    assert told(old) == before


def test_an_archived_notice_is_not_sent_again(old: World) -> None:
    archive.archive(old.ledger, BEFORE)
    [first, *_] = old.rows(PastNotice)
    [answer] = resending.resend(old.ledger, [first.key], LATER, "Carol")
    assert "存档" in str(answer.reason)
    [line] = [
        each
        for each in whereabouts.outbox(old.ledger, LATER, case=_number(old, first.case_id))
        if each.id == first.id
    ]
    assert (line.archived, line.resendable) == (True, False)


def _number(world: World, case_id: int) -> str:
    [row] = world.rows(Case, table(Case).c.id == case_id)
    return str(row.number)


def test_a_number_of_a_notice_is_never_given_out_twice(world: World) -> None:
    number = world.report("解放路12号", "路面积水")
    world.sweep()
    world.carol.cancels(number)
    world.half_an_hour_on().sweep()
    world.now = LATER
    archive.archive(world.ledger, BEFORE)
    used = {row.id for row in (*world.rows(Notice), *world.rows(PastNotice))}
    other = world.report("西湖路8号", "井盖缺失")
    world.sweep()
    new = {row.id for row in world.rows(Notice) if row.case_id == world.case(other).id}
    assert new
    assert not new & used


def test_a_year_is_a_partition_of_its_own_on_postgresql(pg_world: World, tmp_path: Path) -> None:
    lived(pg_world, Store(str(tmp_path / "photos")), tmp_path)
    pg_world.at("2026-12-20 10:00").sweep()
    archive.archive(pg_world.ledger, BEFORE)
    with pg_world.ledger.transaction() as connection:
        assert partitions.years(connection) == [2026]
        inside = connection.exec_driver_sql("SELECT count(*) FROM past_notice_2026").scalar()
    assert inside == len(pg_world.rows(PastNotice)) > 0


def test_a_year_goes_by_a_document_and_only_that_year(old: World) -> None:
    archive.archive(old.ledger, BEFORE)
    held, left = len(old.rows(PastNotice)), held_at(old.ledger.engine.url.render_as_string(False))
    hand = Hand(None, "档案员", LATER)
    with pytest.raises(Trouble, match="没有 2025 年"):
        archive.drop(old.ledger, hand, 2025, "档〔2029〕1号")
    assert archive.drop(old.ledger, hand, 2026, "档〔2029〕1号") == held
    assert old.rows(PastNotice) == []
    [act] = old.rows(Act)
    assert (act.act, act.target) == ("archive.drop", "2026")
    assert act.detail == {"before": {"notices": held}, "after": {"by": "档〔2029〕1号"}}
    now = held_at(old.ledger.engine.url.render_as_string(False))
    assert {name for name in now if now[name] != left[name]} == {"past_notice", "act"}
    assert old.proven()
    assert log.rows(old.ledger, reminders=True), "the log still names those who were told"


def test_an_archive_is_backed_up_and_restored_with_its_years(
    old: World, databases: Callable[..., str], tmp_path: Path
) -> None:
    from tasks import backing_up

    archive.archive(old.ledger, BEFORE)
    for kind in ("sqlite", "postgresql"):
        url = databases(kind, "")
        backing_up.copy(old.ledger, url)
        ledger = connect(url)
        with ledger.snapshot() as connection:
            assert partitions.years(connection) == ([2026] if kind == "postgresql" else [])
            assert archive.years(connection) == {2026: len(old.rows(PastNotice))}
        ledger.engine.dispose()


@pytest.mark.parametrize(("years", "expected"), [(2, "2027-02-28"), (1, "2028-02-28"), (0, None)])
def test_what_is_old_enough_is_told_in_whole_years(years: int, expected: str | None) -> None:
    found = cutoff(instant("2029-02-28 04:00"), years, ZONE)
    assert (found and f"{found:%Y-%m-%d}") == expected


def test_a_leap_day_is_no_trouble() -> None:
    assert cutoff(datetime(2028, 2, 29, 12, tzinfo=ZONE), 2, ZONE) == instant("2026-02-28 00:00")


def test_states_are_those_of_the_outbox(old: World) -> None:
    archive.archive(old.ledger, BEFORE)
    assert {row.state for row in old.rows(PastNotice)} <= set(archive.OVER)
    assert NoticeState.OWED not in archive.OVER
    assert journal.extend(old.ledger) >= 0
    assert proof.verify(old.ledger).broken == []
