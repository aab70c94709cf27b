"""On hold over Spring Festival, given more time, found wanting, late: the letter says it all.

Printed for the page: `python -m tests.stories.test_explained` prints docs/samples/explain.md anew.
"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from duban.letter import case_letter
from ledger.database import connect, migrate
from ledger.loading import load_shipped
from tests.world import World, instant

PAGE = Path(__file__).parents[2] / "docs" / "samples" / "explain.md"

END = "2026-03-12 16:00"


def run_until(world: World, number: str, until: str) -> None:
    """The engine makes its round whenever the case is worth a look."""
    world.sweep()
    while (at := world.case(number).next_look_at) and at <= instant(until):
        world.now = at
        world.sweep()
    world.at(until)


def the_pavement(world: World) -> str:
    """A pavement: on hold from 11 to 24 February, extended, failed once, reworked late."""
    case = world.at("2026-02-09 10:00").report("解放路12号", "人行道地砖松动塌陷", limit="5 工作日")
    run_until(world, case, "2026-02-09 15:00")
    world.bob.signs(case)
    run_until(world, case, "2026-02-11 15:00")
    world.bob.asks_to_suspend(case, "2026-02-24 08:00", "春节工人返乡，无法施工")
    run_until(world, case, "2026-02-11 16:00")
    world.carol.grants(case)
    run_until(world, case, "2026-02-26 09:00")
    world.bob.asks_for_more_time(case, "地砖尚未到货")
    run_until(world, case, "2026-02-26 10:00")
    world.carol.grants(case)
    run_until(world, case, "2026-03-04 16:00")
    world.bob.submits(case, "已重新铺装。")
    run_until(world, case, "2026-03-06 10:00")
    world.alice.fails(case, "两块地砖仍松动")
    run_until(world, case, "2026-03-12 09:00")
    world.bob.submits(case, "已更换松动地砖。")
    run_until(world, case, END)
    return case


MOMENTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "2026-02-08 10:00",
        ("2026-02-08（周日）10:00 时还没有这个案件：它于 2026-02-09（周一）10:00 上报。",),
        ("整改时限", "现状"),
    ),
    (
        "2026-02-10 09:00",
        (
            "现状：整改中（责任单位正在整改），自 2026-02-09（周一）15:00 起",
            "整改时限：5 工作日（依据：交办文书），2026-02-14（周六）18:00 到期",
            "整改时限正在走，自 2026-02-09（周一）10:00 起。还剩 4 个工作日 7 小时",
            "照常上班而计入：2026-02-14（周六）春节调休",
            "2026-02-14（周六）18:00 整改到期：督办升级，1 级 单位负责人督办",
            "至此没有催办或升级过",
        ),
        ("挂账", "延期", "返工"),
    ),
    (
        "2026-02-18 12:00",
        (
            "现状：挂账（经批准暂停办理，到约定日期自动恢复），自 2026-02-11（周三）16:00 起",
            "整改时限停着没走：挂账自 2026-02-11（周三）16:00 起",
            "到 2026-02-24（周二）08:00 自动恢复",
            "停下时还剩 3 个工作日 2 小时；如期恢复，2026-02-27（周五）18:00 到期",
            "春节（2026-02-15至2026-02-23）",
            "2026-02-24（周二）08:00 挂账期满，自动恢复办理",
        ),
        ("延期", "返工", "2026-03-10"),
    ),
    (
        "2026-02-24 09:00",
        (
            "现状：整改中（责任单位正在整改），自 2026-02-24（周二）08:00 起",
            "整改时限正在走，自 2026-02-09（周一）10:00 起（挂账的日子除外）",
            "还剩 3 个工作日 7 小时",
            "2026-02-11（周三）16:00至2026-02-24（周二）08:00暂停计时",
        ),
        ("延期", "返工"),
    ),
    (
        "2026-02-26 09:30",
        (
            "2026-02-26（周四）09:00 提出的延期申请还没有答复：地砖尚未到货",
            "2026-02-27（周五）18:00 到期",
        ),
        ("准予延期", "返工"),
    ),
    (
        "2026-03-01 12:00",
        (
            "整改时限：5 工作日（依据：交办文书），准予延期 1 次，2026-03-05（周四）18:00 到期",
            "第 1 次准予延期，再加一个原时限，接着原到期时间算",
            "照常上班而计入：2026-02-28（周六）春节调休",
            "不计入：周末（2026-03-01（周日））",
        ),
        ("核查不通过", "返工"),
    ),
    (
        "2026-03-05 09:00",
        (
            "现状：待核查（责任单位报告已整改，等检查员到现场核查）",
            "2026-03-04（周三）16:00 交来整改反馈，比到期时间早 1 个工作日 2 小时",
            "现场核查另有时限：自 2026-03-04（周三）16:00 起，须在 2026-03-06（周五）18:00 前完成",
        ),
        ("核查不通过", "2026-03-10"),
    ),
    (
        "2026-03-11 20:00",
        (
            "现状：返工（没有真正改好，责任单位须重新整改），自 2026-03-06（周五）10:00 起",
            "整改时限：2 工作日（依据：返工时限），2026-03-10（周二）18:00 到期",
            "已逾期 1 个工作日",
            "2026-03-06（周五）10:00 核查不通过：两块地砖仍松动",
            "最近一次升级：督办升级，2 级“分管领导督办单”",
            "整改的到期时间是 2026-03-10（周二）18:00",
            "督办办法规定：逾期 1 工作日还没有办完，升到 2 级，告知分管领导、单位负责人",
            "2026-03-11（周三）18:00 按时执行",
            "2026-03-13（周五）18:00 整改逾期 3 工作日：督办升级，3 级 创城办挂牌并列入通报",
        ),
        ("逾期反馈", "待核查"),
    ),
)  # fmt: skip


@pytest.fixture
def told(sqlite_world: World) -> tuple[World, str]:
    return sqlite_world, the_pavement(sqlite_world)


@pytest.fixture
def told_on_both(world: World) -> tuple[World, str]:
    return world, the_pavement(world)


def test_each_moment_of_the_story_is_explained_and_nothing_that_came_later(
    told_on_both: tuple[World, str],
) -> None:
    world, case = told_on_both
    for at, says, does_not_say in MOMENTS:
        letter = case_letter(world.thread(case), instant(at), "zh", world.now)
        assert [words for words in says if words not in letter] == [], at
        assert [words for words in does_not_say if words in letter] == [], at


def test_the_last_letter_holds_the_whole_story(told: tuple[World, str]) -> None:
    world, case = told
    letter = case_letter(world.thread(case), world.now, "zh", world.now)
    for part in (
        "申请挂账：春节工人返乡，无法施工", "准予挂账至 2026-02-24 08:00", "恢复办理",
        "准予第 1 次延期", "核查不通过", "逾期反馈", "第 1 轮", "第 2 轮", "黄牌", "此时可以",
        "比到期时间晚 1 个工作日 1 小时。一案是否逾期以第一次反馈为准：本案记为按期",
    ):  # fmt: skip
        assert part in letter, part


INSIDE = ("epoch", "turn", "look", "None", "Stage", "轮次")
"""Words of the program that a reader of the letter has never heard."""


def test_the_letters_hold_no_word_of_the_inside(told: tuple[World, str]) -> None:
    world, case = told
    thread = world.thread(case)
    moments = [instant(at) for at, _, _ in MOMENTS] + [world.now]
    letters = [case_letter(thread, at, lang, world.now) for at in moments for lang in ("zh", "en")]
    plain = "\n".join(letters).replace("an inspector goes and looks", "").replace("return", "")
    assert [word for word in INSIDE if word in plain] == []


# -- the page ----------------------------------------------------------------------------------

HEAD = """# A letter from `duban explain` 说明信样例

Printed by the program itself (`python -m tests.stories.test_explained`); a test compares. The
case had five working days, was put on hold over Spring Festival 2026, went on by itself, was given
more time once, failed verification once, and was handed in late the second time. The people are
those of the test city.
"""


def page(world: World, number: str) -> str:
    """The last letter of the story in both languages, as the documentation shows it."""
    thread = world.thread(number)
    zh, en = (case_letter(thread, world.now, lang, world.now) for lang in ("zh", "en"))
    return f"{HEAD}\n## 中文\n\n```text\n{zh}\n```\n\n## English\n\n```text\n{en}\n```\n"


def test_the_page_of_the_documentation_is_what_the_program_says(told: tuple[World, str]) -> None:
    assert PAGE.read_text("utf-8") == page(*told)


@contextmanager
def _city() -> Iterator[World]:
    folder = Path(tempfile.mkdtemp())
    url = f"sqlite:///{folder / 'duban.db'}"
    migrate(url)
    ledger = connect(url)
    with ledger.transaction() as connection:
        load_shipped(connection, datetime(2026, 1, 1, tzinfo=UTC))
    yield World(ledger, folder / "messages")
    ledger.engine.dispose()
    shutil.rmtree(folder)


if __name__ == "__main__":
    with _city() as city:
        sys.stdout.write(page(city, the_pavement(city)))
