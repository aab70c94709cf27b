"""The inbox: a paper that lies there is taken in, and never lost."""

from pathlib import Path

import pytest
import xlwt

from ledger import intake
from ledger.database import DatabaseTrouble
from tasks.papers import take_inbox
from tests.world import World

LEDGER = (
    "点位,存在问题,整改责任单位,整改时限\n解放路12号,路面积水,城管局,3天\n和平路8号,,城管局,3天\n"
)


def lay(inbox: Path, text: str) -> Path:
    inbox.mkdir(exist_ok=True)
    paper = inbox / "台账.csv"
    paper.write_text(text, "utf-8")
    return paper


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_database_that_is_away_leaves_the_paper_in_the_inbox(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = lay(tmp_path / "inbox", LEDGER)

    def away(*_: object) -> None:
        raise DatabaseTrouble("数据库连不上", "the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "current", away)
        with pytest.raises(DatabaseTrouble):
            list(take_inbox(sqlite_world.ledger, paper.parent, sqlite_world.now))
    assert paper.exists()
    list(take_inbox(sqlite_world.ledger, paper.parent, sqlite_world.now))
    assert names(paper.parent / "done") == ["台账.csv"]


def test_a_paper_that_cannot_be_read_is_set_aside_with_the_reason(
    sqlite_world: World, tmp_path: Path
) -> None:
    paper = lay(tmp_path / "inbox", "甲,乙\n1,2\n")
    [(name, why)] = take_inbox(sqlite_world.ledger, paper.parent, sqlite_world.now)
    assert (name, names(paper.parent / "failed")) == ("台账.csv", ["台账.csv"])
    assert "表头" in str(why)


def test_next_weeks_paper_of_the_same_name_keeps_last_weeks_refused_rows(
    sqlite_world: World, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    lay(inbox, LEDGER)
    list(take_inbox(sqlite_world.ledger, inbox, sqlite_world.now))
    lay(inbox, LEDGER.replace("和平路8号", "建设路9号"))
    list(take_inbox(sqlite_world.ledger, inbox, sqlite_world.now))
    told = [path.read_text("utf-8-sig") for path in (inbox / "refused").iterdir()]
    assert len(told) == 2
    assert any("和平路8号" in text for text in told)
    assert any("建设路9号" in text for text in told)


def test_an_old_workbook_of_the_same_name_keeps_its_refused_rows_too(
    sqlite_world: World, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    for place in ("和平路8号", "建设路9号"):
        book = xlwt.Workbook()
        sheet = book.add_sheet("台账")
        for row, cells in enumerate((("点位", "存在问题"), (place, ""))):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        inbox.mkdir(exist_ok=True)
        book.save(str(inbox / "台账.xls"))
        list(take_inbox(sqlite_world.ledger, inbox, sqlite_world.now))
    assert names(inbox / "refused") == ["台账-未受理-2.xlsx", "台账-未受理.xlsx"]
