"""duban outbox: read aloud, or as one document that keeps what it promised."""

from pathlib import Path

import pytest

from tests.cli.conftest import LEDGER, Duban

PROMISED = {"key", "case", "person", "channel", "state", "attempts", "answer"}
GAINED = {
    "why", "rule", "duty", "unit", "planned_at", "owed_at", "sent_at", "arrived_at", "read_at",
    "answered_at", "answered_by", "message", "next_try_at", "waits_for", "tries",
}  # fmt: skip


@pytest.fixture
def one_case(town: Duban, tmp_path: Path) -> Duban:
    """The small city with one case."""
    file = tmp_path / "ledger.csv"
    file.write_text(LEDGER, "utf-8")
    assert town("import", file, "--at", "2026-09-24T15:00:00+08:00").status == 0
    return town


def test_each_notice_is_one_paragraph_the_newest_last(one_case: Duban) -> None:
    said = one_case("outbox")
    assert said.status == 0
    first = said.out.strip().split("\n\n")[0]
    assert first.startswith("【交办通知】案件 2026-000001（")
    assert "为何：案件已交办，由该单位承办。" in first
    assert "Bob（联络员）" in first
    assert "│" not in said.out
    assert one_case("outbox", "--last", "1").out.strip() == said.out.strip().split("\n\n")[-1]


def test_the_document_keeps_its_fields_and_gains_the_rest(one_case: Duban) -> None:
    rows = one_case("outbox", "--json").json["rows"]
    assert set(rows[0]) >= PROMISED | GAINED
    assert (rows[0]["duty"], rows[0]["rule"]) == ("contact", "交办通知")
    assert one_case("outbox", "--state", "dead", "--json").json == {"rows": []}


def test_an_outbox_without_such_notices_says_so(one_case: Duban) -> None:
    said = one_case("outbox", "--state", "dead")
    assert (said.status, said.out.strip()[:5]) == (0, "发件箱里没")
