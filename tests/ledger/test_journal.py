"""The overall chain and its checkpoints: whoever changes the log after it was signed is found."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import journal
from ledger.changes import insert, table
from ledger.journal import Seal, extend, seal
from ledger.proof import Break, Proof, verify
from models.case import Case
from models.escalation import Escalation
from models.journal import Checkpoint, Entry
from models.record import Record
from rules.chain import checkpoint, entry, link
from tests.ledger import tampering
from tests.world import World

records, cases, escalations = table(Record), table(Case), table(Escalation)
entries, checkpoints = table(Entry), table(Checkpoint)

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
PUBLIC = KEY.public_key().public_bytes_raw().hex()
FIRST, SECOND, THIRD = "2026-000001", "2026-000002", "2026-000003"


@dataclass
class Sealed:
    """A city whose log was signed twice, and a case that came after."""

    world: World
    last: Seal

    def proof(self) -> Proof:
        return verify(self.world.ledger, [PUBLIC], self.last)

    def after(self, *statements: Any) -> list[Break]:
        """What the proof finds once this was done by hand."""
        tampering.change(self.world.ledger, *statements)
        return self.proof().broken

    def record(self, number: str, seq: int) -> Any:
        case = next(row for row in self.world.rows(Case) if row.number == number)
        [row] = self.world.rows(Record, records.c.case_id == case.id, records.c.seq == seq)
        return row

    def position(self, number: str, seq: int) -> int:
        [row] = self.world.rows(Entry, entries.c.record_id == self.record(number, seq).id)
        return int(row.position)

    def rewrite(self, number: str, **values: Any) -> list[Break]:
        """Change the first record of a case, and reckon its whole chain anew so that it holds."""
        first = self.record(number, 1)
        chain = self.world.rows(Record, records.c.case_id == first.case_id)
        statements, previous = [], ""
        for row in sorted(chain, key=lambda row: row.seq):
            new = dict(row._mapping) | (values if row.seq == 1 else {}) | {"previous": previous}
            said = {name: new[name] for name in ("at", "verb", "actor", "words", "data")}
            new["hash"] = link(previous, number, row.seq, status=row.status.value, **said)
            previous = new["hash"]
            statements.append(sa.update(records).where(records.c.id == row.id).values(**new))
        head = sa.update(cases).where(cases.c.number == number).values(head=previous)
        return self.after(*statements, head)


@pytest.fixture
def sealed(world: World) -> Sealed:
    """Two cases, one late; the log is signed; then another two deeds, signed; then one more."""
    world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.report("人民路5号", "垃圾未清运", limit="3天")
    world.bob.signs(FIRST)
    assert seal(world.ledger, world.now, KEY)
    world.at("2026-09-30 18:00").sweep()
    last = seal(world.ledger, world.now, KEY)
    assert last
    world.report("和平路8号", "路灯不亮", unit="住建局")
    extend(world.ledger)
    made = Sealed(world, last)
    assert made.proof().broken == []
    return made


def places(broken: list[Break]) -> set[tuple[str, int]]:
    return {(each.case, each.seq) for each in broken}


# -- entering ----------------------------------------------------------------------------------


def test_every_record_is_entered_once_in_the_order_it_was_written(world: World) -> None:
    world.report("解放路12号", "路面积水")
    world.report("人民路5号", "垃圾未清运")
    written = [row.id for row in world.rows(Record)]
    assert extend(world.ledger) == len(written)
    assert extend(world.ledger) == 0
    world.bob.signs(FIRST)
    assert extend(world.ledger) == 1
    rows = world.rows(Entry)
    assert [row.record_id for row in rows] == [row.id for row in world.rows(Record)]
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))


def test_many_records_are_entered_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    for number in range(5):
        world.report(f"解放路{number}号", "路面积水")
    assert extend(world.ledger) == len(world.rows(Record)) == len(world.rows(Entry))
    assert world.proven()


def test_two_that_enter_at_once_take_turns(world: World) -> None:
    for number in range(20):
        world.report(f"解放路{number}号", "路面积水")
    with ThreadPoolExecutor(4) as hands:
        did = list(hands.map(lambda _: extend(world.ledger), range(4)))
    assert sum(did) == len(world.rows(Record)) == len(world.rows(Entry))
    assert world.proven()


def test_a_record_that_commits_after_a_later_one_is_not_passed_over(pg_world: World) -> None:
    """PostgreSQL numbers records in order and commits them in any."""
    pg_world.report("解放路12号", "路面积水")
    engine = pg_world.ledger.engine
    slow, fast = ({**_copied(pg_world), "seq": seq} for seq in (98, 99))
    with ThreadPoolExecutor(1) as hand:
        with engine.begin() as early:
            early.execute(sa.insert(records).values(**slow))
            with engine.begin() as late:
                late.execute(sa.insert(records).values(**fast))
            entering = hand.submit(extend, pg_world.ledger)
            with engine.connect() as watching:
                _await_a_waiting_lock(watching)
        entering.result()
    entered = {row.record_id for row in pg_world.rows(Entry)}
    assert entered == {row.id for row in pg_world.rows(Record)}


def _copied(world: World) -> dict[str, Any]:
    row = dict(world.rows(Record)[0]._mapping)
    del row["id"]
    return row


def _await_a_waiting_lock(connection: sa.Connection) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(1000):
        if connection.execute(waiting).scalar_one():
            return
        connection.rollback()
        time.sleep(0.01)
    raise AssertionError("nobody waits")


# -- signing -----------------------------------------------------------------------------------


def test_a_checkpoint_says_what_anybody_can_verify(sealed: Sealed) -> None:
    last = sealed.last
    said = checkpoint(last.position, last.hash, sealed.world.now)
    KEY.public_key().verify(bytes.fromhex(last.signature), said)
    assert (last.key, last.at) == (PUBLIC, sealed.world.now)


def test_nothing_is_signed_twice(sealed: Sealed) -> None:
    world = sealed.world
    first = seal(world.ledger, world.now, KEY)
    again = seal(world.ledger, world.now + timedelta(hours=1), KEY)
    assert first == again
    assert len(world.rows(Checkpoint)) == 3


def test_a_log_without_records_is_not_signed(world: World) -> None:
    assert seal(world.ledger, world.now, KEY) is None


def test_the_proof_counts_what_is_signed_and_by_how_many_checkpoints(sealed: Sealed) -> None:
    proof = sealed.proof()
    assert (proof.checkpoints, proof.sealed) == (2, sealed.last.position)
    assert proof.checked == len(sealed.world.rows(Record)) > proof.sealed


def test_without_a_key_nothing_is_called_signed(sealed: Sealed) -> None:
    proof = verify(sealed.world.ledger)
    assert (proof.broken, proof.checkpoints, proof.sealed) == ([], 0, 0)


def test_what_a_former_key_signed_still_holds(sealed: Sealed) -> None:
    world, new = sealed.world, Ed25519PrivateKey.generate()
    last = seal(world.ledger, world.now, new, sealed.last)
    public = new.public_key().public_bytes_raw().hex()
    proof = verify(world.ledger, [public, PUBLIC], last)
    assert (proof.broken, proof.checkpoints) == ([], 3)


def test_nothing_more_is_signed_once_the_newest_checkpoint_is_missing(sealed: Sealed) -> None:
    world = sealed.world
    found = sealed.after(sa.delete(checkpoints).where(checkpoints.c.signature ==
                                                      sealed.last.signature))  # fmt: skip
    assert places(found) == {("checkpoint", sealed.last.position)}
    assert "最新签封缺失" in found[0].what
    assert seal(world.ledger, world.now, KEY, sealed.last) is None
    assert places(sealed.proof().broken) == {("checkpoint", sealed.last.position)}


# -- what is found -----------------------------------------------------------------------------


def test_a_chain_reckoned_anew_after_it_was_entered_is_found(sealed: Sealed) -> None:
    found = sealed.rewrite(SECOND, actor="Mallory")
    assert (found[0].case, found[0].seq) == (SECOND, 1)
    assert {each.case for each in found} == {SECOND}
    assert "与总账不符" in found[0].what


def test_whoever_reckons_the_overall_chain_anew_as_well_still_cannot_sign_it(
    sealed: Sealed,
) -> None:
    sealed.rewrite(SECOND, actor="Mallory")
    found = sealed.after(*_reckoned(sealed.world))
    assert places(found) == {("checkpoint", 1), ("checkpoint", 2)}
    assert {each.what for each in found} == {
        "the overall chain is not the one signed · 总账与签封不符"
    }


def _reckoned(world: World) -> list[Any]:
    """The whole overall chain as it would be of the records that are there now."""
    numbers = {row.id: row.number for row in world.rows(Case)}
    of = {row.id: row for row in world.rows(Record)}
    previous, statements = "", []
    for row in world.rows(Entry):
        record = of[row.record_id]
        number = numbers[record.case_id]
        previous = entry(previous, row.position, number, record.seq, record.hash)
        where = entries.c.position == row.position
        statements.append(sa.update(entries).where(where).values(hash=previous))
    return statements


def test_a_record_changed_is_found(sealed: Sealed) -> None:
    row = sealed.record(FIRST, 2)
    found = sealed.after(
        sa.update(records).where(records.c.id == row.id).values(words="按期反馈。")
    )
    assert places(found) == {(FIRST, 2)}


def test_a_record_removed_from_the_middle_is_found(sealed: Sealed) -> None:
    row, position = sealed.record(FIRST, 1), sealed.position(FIRST, 1)
    found = sealed.after(sa.delete(records).where(records.c.id == row.id))
    assert places(found) == {(FIRST, 1), ("journal", position)}


def test_the_last_record_removed_is_found(sealed: Sealed) -> None:
    row, position = sealed.record(THIRD, 2), sealed.position(THIRD, 2)
    found = sealed.after(sa.delete(records).where(records.c.id == row.id))
    assert places(found) == {(THIRD, 2), ("journal", position)}


def test_all_records_of_a_case_removed_are_found_even_if_its_row_is_made_to_agree(
    sealed: Sealed,
) -> None:
    row = sealed.record(THIRD, 1)
    gone = [sealed.position(THIRD, seq) for seq in (1, 2)]
    found = sealed.after(
        sa.delete(records).where(records.c.case_id == row.case_id),
        sa.update(cases).where(cases.c.number == THIRD).values(records=0, head=""),
    )
    assert places(found) == {("journal", position) for position in gone}


def test_a_record_inserted_among_those_entered_is_found(sealed: Sealed) -> None:
    """It is linked as it should be, takes the place of the last one, and moves that up."""
    last = sealed.record(THIRD, 2)
    forged = dict(last._mapping) | {"id": -1, "actor": "Mallory", "seq": 3, "previous": last.hash}
    said = {name: forged[name] for name in ("previous", "seq", "at", "verb", "actor", "words",
                                            "data")}  # fmt: skip
    forged["hash"] = link(number=THIRD, status=last.status.value, **said)
    found = sealed.after(
        sa.insert(records).values(**forged),
        sa.update(cases).where(cases.c.number == THIRD).values(records=3, head=forged["hash"]),
    )
    assert places(found) == {(THIRD, 3)}
    assert "记录系插入" in found[0].what


def _swapped(a: Any, b: Any) -> list[Any]:
    """Two records each in the place of the other."""

    def put(row: Any, case_id: int, seq: int) -> Any:
        return sa.update(records).where(records.c.id == row.id).values(case_id=case_id, seq=seq)

    return [put(a, a.case_id, 99), put(b, a.case_id, a.seq), put(a, b.case_id, b.seq)]


def test_two_records_of_a_case_swapped_are_found(sealed: Sealed) -> None:
    found = sealed.after(*_swapped(sealed.record(FIRST, 1), sealed.record(FIRST, 2)))
    assert places(found) >= {(FIRST, 1), (FIRST, 2)}
    assert {each.case for each in found} == {FIRST}


def test_two_records_of_two_cases_swapped_are_found(sealed: Sealed) -> None:
    found = sealed.after(*_swapped(sealed.record(FIRST, 2), sealed.record(SECOND, 2)))
    assert places(found) >= {(FIRST, 2), (SECOND, 2)}
    assert {each.case for each in found} == {FIRST, SECOND}


def test_an_entry_changed_is_found_once(sealed: Sealed) -> None:
    position = sealed.position(SECOND, 1)
    where = entries.c.position == position
    found = sealed.after(sa.update(entries).where(where).values(hash="0" * 64))
    assert places(found) == {(SECOND, 1)}


def test_an_entry_removed_is_found_with_the_record_it_stood_for(sealed: Sealed) -> None:
    position = sealed.position(SECOND, 1)
    found = sealed.after(sa.delete(entries).where(entries.c.position == position))
    assert places(found) == {("journal", position), (SECOND, 1)}


def test_entries_removed_from_the_end_of_what_was_signed_are_found(sealed: Sealed) -> None:
    found = sealed.after(sa.delete(entries).where(entries.c.position >= sealed.last.position))
    assert places(found) == {("checkpoint", 2)}
    assert "签封之内总账缺行" in found[0].what


def test_an_entry_inserted_is_found(sealed: Sealed) -> None:
    end = len(sealed.world.rows(Entry))
    row = {"position": end + 1, "record_id": 999_999, "hash": "0" * 64}
    assert places(sealed.after(sa.insert(entries).values(**row))) == {("journal", end + 1)}


def test_two_entries_swapped_are_found(sealed: Sealed) -> None:
    def put(old: int, new: int) -> Any:
        return sa.update(entries).where(entries.c.position == old).values(position=new)

    one, two = sealed.position(FIRST, 1), sealed.position(SECOND, 1)
    found = sealed.after(put(one, 999), put(two, one), put(999, two))
    assert places(found) >= {(FIRST, 1), (SECOND, 1)}


@pytest.mark.parametrize("column", ["position", "hash", "at", "signature"])
def test_a_checkpoint_changed_is_found(sealed: Sealed, column: str) -> None:
    last = sealed.last
    other: Callable[..., Any] = {
        "position": lambda: last.position - 1,
        "hash": lambda: "0" * 64,
        "at": lambda: last.at + timedelta(microseconds=1),
        "signature": lambda: "0" * 128,
    }[column]
    where = checkpoints.c.id == 1
    found = sealed.after(sa.update(checkpoints).where(where).values({column: other()}))
    assert places(found) == {("checkpoint", 1)}
    assert "签封被改动" in found[0].what


def test_a_checkpoint_signed_by_an_unknown_key_is_found(sealed: Sealed) -> None:
    mallory = Ed25519PrivateKey.generate()
    public = mallory.public_key().public_bytes_raw().hex()
    last = sealed.last
    signature = mallory.sign(checkpoint(last.position, last.hash, last.at)).hex()
    forged = replace(last, key=public, signature=signature)
    with sealed.world.ledger.transaction() as connection:
        insert(connection, Checkpoint, [journal.as_row(forged)])
    found = sealed.proof().broken
    assert places(found) == {("checkpoint", 3)}
    assert "签封密钥不明" in found[0].what


def test_a_checkpoint_of_mallorys_does_not_keep_the_office_from_signing(sealed: Sealed) -> None:
    world = sealed.world
    seal(world.ledger, world.now, Ed25519PrivateKey.generate())
    mine = seal(world.ledger, world.now, KEY, sealed.last)
    assert mine
    assert (mine.key, mine.position) == (PUBLIC, len(world.rows(Record)))


# -- what is not even of the right form --------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "2026-09-24 07:00:00.00000x"), ("at", "?"), ("seq", "x"), ("status", "clozed")],
)
def test_one_character_changed_by_hand_is_named_whatever_it_makes_of_the_value(
    sqlite_world: World, column: str, value: str
) -> None:
    """SQLite lets anything stand in any column."""
    sqlite_world.report("解放路12号", "路面积水")
    with tampering.by_hand(sqlite_world.ledger) as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql(f"UPDATE record SET {column} = ? WHERE id = 1", (value,))
    found = verify(sqlite_world.ledger).broken
    assert {each.case for each in found} == {FIRST}


@pytest.mark.parametrize("data", ["", "[]", '{"planned":5}', '{"planned":"x"}'])
def test_a_record_of_a_level_whose_data_are_nonsense_is_named(sealed: Sealed, data: str) -> None:
    row = next(row for row in sealed.world.rows(Record) if row.verb in ("remind", "escalate"))
    case = next(case for case in sealed.world.rows(Case) if case.id == row.case_id)
    found = sealed.after(sa.update(records).where(records.c.id == row.id).values(data=data))
    assert places(found) == {(case.number, row.seq)}


def test_facts_that_changed_with_a_level_are_not_taken_for_the_level(sealed: Sealed) -> None:
    row = next(row for row in sealed.world.rows(Record) if row.verb in ("remind", "escalate"))
    data = row.data.replace("{", '{"now":{"raised":1},', 1)
    found = sealed.after(sa.update(records).where(records.c.id == row.id).values(data=data))
    assert {"escalation row changed · 督办日志被改动"}.isdisjoint(each.what for each in found)


def test_the_proof_is_as_of_one_instant_while_others_write(world: World) -> None:
    world.report("解放路12号", "路面积水")
    with world.ledger.snapshot() as connection:
        count = sa.select(sa.func.count()).select_from(records)
        before = connection.execute(count).scalar_one()
        world.report("人民路5号", "垃圾未清运")
        assert connection.execute(count).scalar_one() == before
    assert len(world.rows(Record)) > before
