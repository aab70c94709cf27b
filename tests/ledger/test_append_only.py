"""Rows that are only ever added: the database itself refuses to change or remove them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import IntegrityError

from ledger import journal
from ledger.changes import table
from ledger.guards import KEPT, unguarded
from ledger.health import ailments
from ledger.proof import verify
from models.account import Act
from models.cost import Cost, CostKind
from models.evidence import Evidence
from models.measure import Measure, MeasureKind
from models.meeting import Meeting
from models.remark import Remark, RemarkKind
from models.request import Request, RequestKind, Review
from tests.ledger import tampering
from tests.world import World

AT = datetime(2026, 9, 24, 7, 0, tzinfo=UTC)
BY_HAND: dict[Any, dict[str, Any]] = {
    Request: {"case_id": 1, "kind": RequestKind.EXTENSION, "state": "open", "needs": 1,
              "reason": "配件未到", "asked_by": "Bob", "asked_at": AT},
    Review: {"request_id": 1, "actor": "Carol", "granted": True, "reason": "", "at": AT},
    Evidence: {"case_id": 1, "at": AT, "unit_id": None, "text": "已整改"},
    Meeting: {"case_id": 1, "held_at": AT, "participants": [], "decision": "由城管局牵头",
              "minutes": ""},
    Cost: {"case_id": 1, "kind": CostKind.ADVANCED, "fen": 100, "actor": "Bob", "note": "",
           "at": AT},
    Measure: {"unit_id": 1, "case_id": 1, "kind": MeasureKind.INTERVIEW, "person": "",
              "document": "督〔2026〕1号", "held_on": date(2026, 9, 24), "reason": "",
              "actor": "Carol", "at": AT},
    Act: {"at": AT, "account_id": None, "actor": "Carol", "act": "add", "target": "城管局",
          "detail": {}},
    Remark: {"escalation_id": 1, "case_id": 1, "at": AT, "person_id": 1, "actor": "Carol",
             "kind": RemarkKind.COMMENT, "text": "盯住"},
}  # fmt: skip

NAMES = [table(kept).name for kept in KEPT]


@pytest.fixture
def full_world(world: World) -> World:
    """A city with a row in every table that is only ever added to."""
    world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-10-08 18:00").sweep()
    with world.ledger.transaction() as connection:
        for model, row in BY_HAND.items():
            connection.execute(sa.insert(table(model)).values(**row))
    assert journal.seal(world.ledger, world.now, Ed25519PrivateKey.generate())
    return world


def test_these_are_the_tables_that_are_only_ever_added_to() -> None:
    assert set(NAMES) == {
        "record", "escalation", "journal", "checkpoint", "evidence", "review", "meeting", "cost",
        "measure", "act", "remark",
    }  # fmt: skip


def test_the_database_refuses_to_change_or_remove_a_row_and_says_why(full_world: World) -> None:
    for kept in map(table, KEPT):
        assert full_world.rows(kept_model(kept)), kept.name
        column = next(column for column in kept.c if not column.primary_key)
        for deed in (sa.update(kept).values({column: column}), sa.delete(kept)):
            with (
                pytest.raises(IntegrityError, match=f"{kept.name}: rows are only ever added"),
                full_world.ledger.transaction() as connection,
            ):
                connection.execute(deed)


def kept_model(kept: sa.Table) -> Any:
    return next(model for model in KEPT if table(model) is kept)


def test_postgresql_refuses_to_empty_them_as_well(pg_world: World) -> None:
    for name in NAMES:
        with (
            pytest.raises(IntegrityError, match="rows are only ever added"),
            pg_world.ledger.transaction() as connection,
        ):
            connection.exec_driver_sql(f"TRUNCATE {name} CASCADE")


def test_rows_can_still_be_added(full_world: World) -> None:
    full_world.report("人民路5号", "垃圾未清运")
    assert full_world.proven()


@pytest.mark.parametrize("name", NAMES)
def test_a_guard_taken_away_is_named_by_the_proof_and_by_the_self_check(
    sqlite_world: World, name: str
) -> None:
    tampering.unguard(sqlite_world.ledger, name)
    [broken] = verify(sqlite_world.ledger).broken
    assert (broken.case, broken.seq) == ("database", 0)
    assert broken.what.startswith(f"the guard of table {name} is missing · ")
    [ailment] = ailments(sqlite_world.ledger, sqlite_world.now)
    assert ("防改触发器缺失的表" in ailment.what, ailment.count) == (True, 1)


def test_a_guard_taken_away_or_switched_off_is_seen_on_postgresql(pg_world: World) -> None:
    tampering.unguard(pg_world.ledger, "evidence")
    with pg_world.ledger.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE record DISABLE TRIGGER keep_record")
        assert unguarded(connection) == ["record", "evidence"]
