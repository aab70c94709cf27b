"""A ledger of the version before is brought up to this one with everything in it."""

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config

from ledger.database import connect, migrate
from tests.conftest import Databases
from tests.migrations import MIGRATIONS

BEFORE = """
INSERT INTO policy_version (id, name, digest, text, active, loaded_at)
  VALUES (1, 'p', 'd', 't', true, '2026-01-01 00:00:00');
INSERT INTO unit (id, code, name, kind) VALUES (1, 'csgl', '城管局', 'department');
INSERT INTO person (id, code, name, active) VALUES (1, 'bob', 'Bob', true);
INSERT INTO duty (id, unit_id, duty, person_id) VALUES (1, 1, 'contact', 1);
INSERT INTO case_ (id, number, status, version, epoch, turn, place, place_key, problem, severity,
    reports, policy_id, "limit", reported_at, since, provisional, returns, reworks, extensions,
    suspensions, looked_until, records, head, closed_at, look_back_at)
  VALUES (1, '2026-000001', 'closed', 3, 1, 4, '解放路12号', 'k', '路面积水', '', 1, 1, '3 工作日',
    '2026-09-24 07:00:00', '2026-09-25 07:00:00', false, 0, 0, 0, 0, '2026-09-24 07:00:00', 1,
    'h', '2026-09-25 07:00:00', '2026-10-10 00:00:00');
INSERT INTO assignment (id, case_id, unit_id, role, started_at, exempt)
  VALUES (1, 1, 1, 'lead', '2026-09-24 07:00:00', false);
INSERT INTO record (id, case_id, seq, at, verb, actor, status, words, data, previous, hash)
  VALUES (1, 1, 1, '2026-09-24 07:00:00', 'file', 'x', 'filed', 'w', '{}', '', 'h');
INSERT INTO escalation (id, case_id, epoch, stage, level, rule, card, planned_at, at, outcome,
    recipients, record_seq)
  VALUES (1, 1, 1, 'handle', 1, '到期', 'yellow', '2026-09-24 07:00:00', '2026-09-24 07:00:00',
    'carried_out', '[]', 1);
INSERT INTO notice (id, key, case_id, person_id, unit_id, kind, facts, owed_at, next_try_at, state,
    attempts, lease_by)
  VALUES (1, 'k', 1, 1, 1, 'dispatched', '{}', '2026-09-24 07:00:00', '2026-09-24 07:00:00',
    'sent', 1, '');
INSERT INTO delivery (id, notice_id, attempt, channel, at, outcome, answer)
  VALUES (1, 1, 1, 'c', '2026-09-24 07:00:00', 'sent', '250');
INSERT INTO request (id, case_id, kind, state, reason, asked_at)
  VALUES (1, 1, 'extension', 'open', 'r', '2026-09-24 07:00:00');
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_ledger_of_the_first_version_keeps_every_row_and_gets_the_new_columns(
    databases: Databases, kind: str
) -> None:
    url = databases(kind, "")
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0001")
        for statement in BEFORE.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()

    assert migrate(url) is True

    ledger = connect(url)
    with ledger.transaction() as connection:

        def one(query: str) -> tuple[object, ...]:
            return tuple(connection.exec_driver_sql(query).one())

        case = "SELECT number, raised, exempt, look_backs, verified_by, look_back_due_at FROM case_"
        assert str(one(case)[:5]) in (
            "('2026-000001', 0, 0, 1, '')",
            "('2026-000001', 0, False, 1, '')",
        )
        assert str(one(case)[5]).startswith("2026-10-10")
        assert one("SELECT case_id, done_at FROM look_back") == (1, None)
        assert one("SELECT section, handler_id FROM assignment") == ("", None)
        assert one("SELECT case_open FROM assignment") == (False,), "its case is closed"
        assert one("SELECT stage, level, card, unit_id FROM escalation") == (
            "handle", 1, "yellow", None,
        )  # fmt: skip
        assert one("SELECT outcome, answer, message FROM delivery") == ("sent", "250", "")
        assert one("SELECT kind, needs, asked_by FROM request") == ("extension", 1, "")
        assert one("SELECT count(*) FROM record, notice, duty, unit") == (1,)
    ledger.engine.dispose()
