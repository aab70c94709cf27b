"""The front desk: who is away, who stands in, who is back; in words and as one document."""

from pathlib import Path

import pytest

from tests.cli.conftest import CITY, Duban

SEPTEMBER = ("--at", "2026-09-24T15:00+08:00")
LEAVE = ("--from", "2026-09-28T08:00", "--until", "2026-10-09")


def rows(duban: Duban, *more: str) -> list[tuple[str | None, ...]]:
    """What `duban away` lists as a document."""
    found = duban("away", "--json", *(more or SEPTEMBER)).json["rows"]
    return [(r["person"], r["from"], r["until"], r["substitute"]) for r in found]


def test_an_absence_is_recorded_and_listed_until_it_is_over(town: Duban) -> None:
    bob = ("Bob", "2026-09-28T08:00:00+08:00", "2026-10-09T00:00:00+08:00", "Carol")
    assert rows(town) == []
    said = town("away", "Bob", *LEAVE, "--substitute", "carol")
    assert (said.status, "Carol" in said.out) == (0, True)
    assert rows(town) == [bob]
    assert rows(town, "--at", "2026-10-09T00:00") == []
    said = town("away", *SEPTEMBER)
    for part in ("Bob", "bob", "09-28 08:00", "10-09 00:00", "Carol"):
        assert part in said.out


def test_without_a_beginning_somebody_is_away_from_now_on(town: Duban) -> None:
    said = town("away", "Bob", "--until", "2026-09-25", *SEPTEMBER, "--json")
    assert [(row["code"], row["from"]) for row in said.json["rows"]] == [
        ("bob", "2026-09-24T15:00:00+08:00")
    ]


def test_somebody_is_back_early_or_not_going_at_all(town: Duban) -> None:
    town("away", "Bob", *LEAVE)
    town("away", "Bob", "--from", "2026-11-02", "--until", "2026-11-03")
    said = town("back", "Bob", "--at", "2026-09-30T14:00")
    assert (said.status, "Bob 09-30 14:00 回岗" in said.out) == (0, True)
    assert [str(row[1])[:10] for row in rows(town, "--at", "2026-09-30T14:00")] == ["2026-11-02"]
    said = town("back", "Bob", "--at", "2026-09-30T15:00")
    assert (said.status, "已撤销" in said.out) == (0, True)
    assert rows(town) == [("Bob", "2026-09-28T08:00:00+08:00", "2026-09-30T14:00:00+08:00", None)]
    again = town("back", "Bob", "--at", "2026-09-30T16:00", "--json")
    assert (again.status, "error" in again.json) == (1, True)


def test_nobody_away_is_said_in_so_many_words(town: Duban) -> None:
    assert "没有人不在岗" in town("away").out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("Trudy", *LEAVE), 1, "Trudy"),
        (("Bob", *LEAVE, "--substitute", "Bob"), 1, "自己代班"),
        (("Bob", "--from", "2026-10-09", "--until", "2026-09-28"), 1, "止必须晚于起"),
        (("Carol", *LEAVE, "--substitute", "Bob"), 1, "Bob → Carol → Bob"),
        (("Bob",), 2, "--until"),
        (("--until", "2026-10-09"), 2, "duban away NAME"),
        (("Bob", "--until", "someday"), 2, "someday"),
    ],
)
def test_what_cannot_be_is_one_clear_message(
    town: Duban, arguments: tuple[str, ...], status: int, said: str
) -> None:
    town("away", "Bob", "--from", "2026-10-01", "--until", "2026-10-02", "--substitute", "Carol")
    before = rows(town)
    answer = town("away", *arguments)
    assert (answer.status, answer.clear) == (status, True)
    assert said in answer.err
    assert rows(town) == before


def test_the_units_show_who_is_on_duty_now(town: Duban, tmp_path: Path) -> None:
    def contact() -> list[str]:
        found = town("units", "--json").json["rows"]
        return [name for row in found if row["unit"] == "市城市管理局" for name in row["contact"]]

    assert contact() == ["Bob"]
    assert town("away", "Bob", "--until", "2999-01-01", "--substitute", "Carol").status == 0
    assert contact() == ["Carol"]
    town("back", "Bob")
    rota = tmp_path / "值班.yaml"
    week = "{unit: csgl, duty: 联络员, first_monday: 2026-09-21, people: [carol]}"
    rota.write_text(f"{CITY}rotas: [{week}]\n", "utf-8")
    assert town("load", rota).status == 0
    assert contact() == ["Carol"]
