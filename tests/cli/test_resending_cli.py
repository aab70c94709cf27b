"""`duban outbox resend`: what was given up is owed again, and what is not, says why."""

from pathlib import Path

import pytest

from tests.cli.conftest import LEDGER, Duban

THURSDAY = "2026-09-24T15:00+08:00"


def test_what_is_still_under_way_is_not_owed_again_and_it_is_said_why(
    town: Duban, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.csv"
    file.write_text(LEDGER, "utf-8")
    assert town("import", file, "--at", THURSDAY).status == 0
    row = town("outbox", "--json").json["rows"][0]
    said = town("outbox", "resend", row["key"], "--json")
    assert (said.status, said.json["rows"][0]["resent"]) == (1, False)
    assert "发送途中" in said.json["rows"][0]["reason"]["zh"]


def test_without_dead_letters_there_is_nothing_to_do(town: Duban) -> None:
    said = town("outbox", "resend", "--dead", "--json")
    assert (said.status, said.json) == (0, {"rows": []})


@pytest.mark.parametrize("arguments", [(), ("some:key", "--dead")])
def test_it_must_be_said_which(town: Duban, arguments: tuple[str, ...]) -> None:
    said = town("outbox", "resend", *arguments)
    assert said.status == 1
    assert "--dead" in said.err
