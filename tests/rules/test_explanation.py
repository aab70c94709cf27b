"""What a reader of the letter may rely on: it says in plain words why a limit ends when it does."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from rules.explanation import explain
from rules.limits import Limit, LimitUnit, deadline, extend, parse
from rules.worktime import Pause, Worktime

ZONE = ZoneInfo("Asia/Shanghai")
PUBLISHED = range(2019, 2027)
CALENDAR = LimitUnit.CALENDAR_DAY

Letter = Callable[..., tuple[str, str]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


SUSPENDED = (at("2026-08-04T10:00"), at("2026-08-06T10:00"))


@pytest.fixture
def letter(city: Worktime) -> Letter:
    """The letter for a limit begun at an instant, in Chinese and in English."""

    def write(
        text: str | Limit, start: str, rule: str = "end_of_day", pauses: Iterable[Pause] = ()
    ) -> tuple[str, str]:
        limit = text if isinstance(text, Limit) else parse(text)
        found = deadline(limit, at(start), city, rule, PUBLISHED, pauses=pauses)
        lines = explain(found, city)
        return "\n".join(line.zh for line in lines), "\n".join(line.en for line in lines)

    return write


def test_working_days_are_listed_with_the_holiday_skipped_and_the_make_up_day(
    letter: Letter,
) -> None:
    zh, en = letter("6 工作日", "2026-09-30T15:00")
    assert zh == (
        "时限 6 工作日：起算当日不计，到期于末个工作日下班时。\n"
        "起算：2026-09-30（周三）15:00。\n"
        "计入的工作日（6 天）：2026-10-08（周四）、2026-10-09（周五）、2026-10-10（周六）、"
        "2026-10-12（周一）、2026-10-13（周二）、2026-10-14（周三）。\n"
        "照常上班而计入：2026-10-10（周六）国庆节调休。\n"
        "不计入：国庆节（2026-10-01（周四）至2026-10-07（周三））、周末（2026-10-11（周日））。\n"
        "到期：2026-10-14（周三）18:00。"
    )
    assert en == (
        "The limit is 6 working days: the first day does not count, due at closing of the last "
        "day.\n"
        "It starts on Wed 2026-09-30 15:00.\n"
        "The working days counted (6): Thu 2026-10-08, Fri 2026-10-09, Sat 2026-10-10, "
        "Mon 2026-10-12, Tue 2026-10-13, Wed 2026-10-14.\n"
        "Worked as usual, and counted: Sat 2026-10-10 (National Day make-up working day).\n"
        "Not counted: National Day (Thu 2026-10-01 to Wed 2026-10-07), "
        "weekend (Sun 2026-10-11).\n"
        "It is due on Wed 2026-10-14 18:00."
    )


def test_hours_are_told_day_by_day_and_to_the_hundredth(letter: Letter) -> None:
    zh, en = letter("8 工作时", "2026-10-09T15:00:30")
    assert zh == (
        "时限 8 工作时：只计工作时间。\n"
        "起算：2026-10-09（周五）15:00:30。\n"
        "计入的工作时间（共 8 小时）：2026-10-09（周五）2.99 小时、2026-10-10（周六）5.01 小时。\n"
        "照常上班而计入：2026-10-10（周六）国庆节调休。\n"
        "到期：2026-10-10（周六）15:00:30。"
    )
    assert en == (
        "The limit is 8 working hours: working time only.\n"
        "It starts on Fri 2026-10-09 15:00:30.\n"
        "The working time counted (8 h): Fri 2026-10-09 2.99 h, Sat 2026-10-10 5.01 h.\n"
        "Worked as usual, and counted: Sat 2026-10-10 (National Day make-up working day).\n"
        "It is due on Sat 2026-10-10 15:00:30."
    )


def test_an_urgent_limit_lists_nothing_since_it_runs_through_everything(letter: Letter) -> None:
    zh, en = letter("2 紧急工作时", "2026-09-24T23:00")
    assert zh == (
        "时限 2 紧急工作时：连续计时，夜间、周末和节假日照计。\n"
        "起算：2026-09-24（周四）23:00。\n"
        "到期：2026-09-25（周五）01:00。"
    )
    assert en == (
        "The limit is 2 continuous hours: it runs through nights, weekends and holidays.\n"
        "It starts on Thu 2026-09-24 23:00.\n"
        "It is due on Fri 2026-09-25 01:00."
    )


def test_calendar_days_count_every_day_and_a_midnight_is_the_24_00_it_closes(
    letter: Letter,
) -> None:
    zh, en = letter("3 自然日", "2026-09-24T15:00")
    assert zh == (
        "时限 3 自然日：起算当日不计，逐日连续计算，到期于末日 24:00。\n"
        "起算：2026-09-24（周四）15:00。\n"
        "计入的自然日（3 天）：2026-09-25（周五）、2026-09-26（周六）、2026-09-27（周日）。\n"
        "到期：2026-09-27（周日）24:00（即2026-09-28（周一）00:00）。"
    )
    assert en == (
        "The limit is 3 calendar days: the first day does not count, then every day does, due at "
        "the midnight closing the last.\n"
        "It starts on Thu 2026-09-24 15:00.\n"
        "The calendar days counted (3): Fri 2026-09-25, Sat 2026-09-26, Sun 2026-09-27.\n"
        "It is due on Sun 2026-09-27 24:00 (that is, Mon 2026-09-28 00:00)."
    )


def test_a_same_day_limit_begun_on_a_holiday_says_which_day_it_means(letter: Letter) -> None:
    zh, en = letter("当日", "2026-10-03T09:00")
    assert zh == (
        "时限 当日：到期于当日下班时，当日已下班或休息的，为下一工作日下班时。\n"
        "起算：2026-10-03（周六）09:00。\n"
        "计入的工作时间（共 8 小时）：2026-10-08（周四）8 小时。\n"
        "不计入：国庆节（2026-10-03（周六）至2026-10-07（周三））。\n"
        "到期：2026-10-08（周四）18:00。"
    )
    assert en == (
        "The limit is same day: due at closing of the day, or of the next working day if that "
        "day's work is over.\n"
        "It starts on Sat 2026-10-03 09:00.\n"
        "The working time counted (8 h): Thu 2026-10-08 8 h.\n"
        "Not counted: National Day (Sat 2026-10-03 to Wed 2026-10-07).\n"
        "It is due on Thu 2026-10-08 18:00."
    )


def test_part_of_a_working_day_is_told_in_hours(letter: Letter) -> None:
    zh, en = letter("半天", "2026-09-24T15:00")
    assert zh.startswith("时限 0.5 工作日：不满一日的部分按时间折算。")
    assert en.startswith("The limit is 0.5 working days: part of a day is reckoned in hours.")
    assert "（共 4 小时）：2026-09-24（周四）3 小时、2026-09-28（周一）1 小时。" in zh


def test_part_of_a_calendar_day_is_not_said_to_end_at_midnight(letter: Letter) -> None:
    zh, en = letter("1.5 自然日", "2026-09-24T15:00")
    assert zh.startswith("时限 1.5 自然日：不满一日的部分按时间折算。")
    assert "2026-09-26" in zh.splitlines()[-1]
    assert "part of a day is reckoned in hours" in en


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("hours", "每个工作日折算为一天的工作时间", "each day counts as one day's hours"),
        ("same_time", "到期于末个工作日的同一钟点", "due at the same time of the last day"),
    ],
)
def test_by_the_other_day_rules_the_hours_are_told(
    letter: Letter, rule: str, zh: str, en: str
) -> None:
    told = letter("2 工作日", "2026-08-04T10:00", rule)
    assert told == (
        f"时限 2 工作日：{zh}。\n"
        "起算：2026-08-04（周二）10:00。\n"
        "计入的工作时间（共 16 小时）：2026-08-04（周二）6 小时、2026-08-05（周三）8 小时、"
        "2026-08-06（周四）2 小时。\n"
        "到期：2026-08-06（周四）10:00。",
        f"The limit is 2 working days: {en}.\n"
        "It starts on Tue 2026-08-04 10:00.\n"
        "The working time counted (16 h): Tue 2026-08-04 6 h, Wed 2026-08-05 8 h, "
        "Thu 2026-08-06 2 h.\n"
        "It is due on Thu 2026-08-06 10:00.",
    )


def test_a_suspension_takes_whole_days_from_a_limit_of_days(letter: Letter) -> None:
    zh, en = letter("2 工作日", "2026-08-03T09:00", pauses=[SUSPENDED])
    assert "计入的工作日（2 天）：2026-08-07（周五）、2026-08-10（周一）。" in zh
    assert (
        "2026-08-04（周二）10:00至2026-08-06（周四）10:00暂停计时，所涉日期不计入。\n"
        "到期：2026-08-10（周一）18:00。"
    ) in zh
    assert (
        "The clock stood still from Tue 2026-08-04 10:00 to Thu 2026-08-06 10:00; "
        "the days it touched do not count.\n"
    ) in en
    assert (
        "（2 天）：2026-08-07（周五）、2026-08-08（周六）。"
        in (letter("2 自然日", "2026-08-03T09:00", pauses=[SUSPENDED])[0])
    )


@pytest.mark.parametrize("limit", ["12 工作时", "30 紧急工作时"])
def test_a_suspension_takes_its_own_time_from_a_limit_of_hours(letter: Letter, limit: str) -> None:
    zh, en = letter(limit, "2026-08-03T09:00", pauses=[SUSPENDED])
    assert (
        "2026-08-04（周二）10:00至2026-08-06（周四）10:00暂停计时，这段时间不计入。\n"
        "到期：2026-08-06（周四）15:00。"
    ) in zh
    assert "to Thu 2026-08-06 10:00; that time does not count.\n" in en


def test_each_suspension_is_told_and_one_outside_the_limit_is_not(letter: Letter) -> None:
    second = (at("2026-08-07T09:00"), at("2026-08-07T10:00"))
    after = (at("2026-08-20T09:00"), at("2026-08-21T10:00"))
    zh, _ = letter("2 工作日", "2026-08-03T09:00", pauses=[SUSPENDED, second, after])
    assert zh.count("暂停计时") == 2
    assert "计入的工作日（2 天）：2026-08-10（周一）、2026-08-11（周二）。" in zh


@pytest.mark.parametrize(
    ("limit", "days"),
    [("2 工作日", "工作日（2 天）"), ("2 自然日", "自然日（2 天）")],
)
def test_a_day_lost_between_two_that_count_is_not_listed(
    letter: Letter, limit: str, days: str
) -> None:
    wednesday = (at("2026-08-05T09:00"), at("2026-08-05T10:00"))
    zh, _ = letter(limit, "2026-08-03T09:00", pauses=[wednesday])
    assert f"计入的{days}：2026-08-04（周二）、2026-08-06（周四）。" in zh


def test_a_night_without_working_time_in_it_costs_no_day_in_the_list(letter: Letter) -> None:
    night = (at("2026-08-04T18:00"), at("2026-08-05T08:00"))
    zh, _ = letter("2 工作日", "2026-08-03T09:00", pauses=[night])
    assert "计入的工作日（2 天）：2026-08-04（周二）、2026-08-05（周三）。" in zh


def test_the_years_not_yet_published_are_named_with_what_may_still_change(letter: Letter) -> None:
    zh, en = letter("300 工作日", "2026-12-29T09:00")
    assert zh.endswith(
        "2027、2028 年放假安排尚未公布，暂按每周工作时间推算；公布后重新计算，到期时间可能变动。"
    )
    assert en.endswith(
        "Provisional: the holidays of 2027, 2028 are not published yet, so the weekly hours alone "
        "were used. It is reckoned again when they are, and may move."
    )
    assert "尚未公布" not in letter("3 工作日", "2026-09-24T15:00")[0]


# -- long letters ----------------------------------------------------------------------------


def test_twelve_days_are_listed_and_of_thirteen_the_first_and_the_last(letter: Letter) -> None:
    zh, _ = letter("12 工作日", "2026-03-02T09:00")
    assert "2026-03-09（周一）、2026-03-10（周二）" in zh
    zh, en = letter("13 工作日", "2026-03-02T09:00")
    assert "（13 天）：2026-03-03（周二） …… 2026-03-19（周四），共 13 项。" in zh
    assert "counted (13): Tue 2026-03-03 … Thu 2026-03-19, 13 in all." in en


def test_five_rests_are_told_by_date_and_more_by_how_many_days(letter: Letter) -> None:
    assert (
        "2026-04-04（周六）至2026-04-06（周一））。" in letter("23 工作日", "2026-03-06T09:00")[0]
    )
    zh, en = letter("28 工作日", "2026-03-06T09:00")
    assert "不计入：周末 10 天、清明节 3 天。" in zh
    assert "Not counted: weekend 10 d, Tomb-Sweeping Day 3 d." in en


@pytest.mark.parametrize("text", ["200 工作日", "1600 工作时", "365 自然日", "3650 自然日"])
def test_a_long_limit_is_summed_up(letter: Letter, text: str) -> None:
    said = "".join(letter(text, "2025-03-03T09:00"))
    assert len(said) < 2500
    assert said.count("\n") <= 16


# -- special days ----------------------------------------------------------------------------


def test_the_letter_for_an_extension_lists_only_the_days_added(city: Worktime) -> None:
    week = deadline(Limit(7, CALENDAR), at("2026-09-24T15:00"), city)
    said = [line.zh for line in explain(extend(week, Limit(2, CALENDAR), city), city)]
    assert said[1:3] == [
        "起算：2026-10-02（周五）00:00。",
        "计入的自然日（2 天）：2026-10-02（周五）、2026-10-03（周六）。",
    ]


def test_every_festival_of_the_calendar_has_its_english_name(city: Worktime) -> None:
    for day in (date(2026, 1, 1), date(2020, 10, 1), date(2026, 2, 17), date(2026, 6, 19)):
        begun = datetime.combine(day, time(9), ZONE)
        said = " ".join(line.en for line in explain(deadline(parse("3 工作日"), begun, city), city))
        assert said.isascii(), said


def test_two_festivals_on_one_day_are_told_as_two(letter: Letter) -> None:
    zh, en = letter("1 工作日", "2020-09-30T09:00")
    assert "国庆节、中秋节（2020-10-01（周四）" in zh
    assert "National Day and Mid-Autumn Festival (Thu 2020-10-01" in en


def test_a_day_whose_clocks_change_is_told_with_the_hours_it_really_had() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    round_the_clock = Worktime(dict.fromkeys(range(7), ((time(0), time(0)),)), {}, berlin)
    start = datetime(2026, 10, 25, tzinfo=berlin)
    found = deadline(Limit(25, LimitUnit.WORKING_HOUR), start, round_the_clock)
    assert found.due_at.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert "Sun 2026-10-25 25 h." in explain(found, round_the_clock)[2].en


def test_a_shop_open_till_midnight_is_due_at_the_24_00_of_its_day() -> None:
    shop = Worktime(dict.fromkeys(range(7), ((time(9), time(0)),)), {}, ZONE)
    lines = explain(deadline(parse("1 工作日"), at("2026-08-03T15:00"), shop), shop)
    assert lines[2].zh == "计入的工作日（1 天）：2026-08-04（周二）。"
    assert lines[-1].zh == "到期：2026-08-04（周二）24:00（即2026-08-05（周三）00:00）。"


def test_a_third_of_an_hour_is_told_to_two_figures(letter: Letter) -> None:
    zh, _ = letter(Limit(Fraction(1, 3), LimitUnit.WORKING_HOUR), "2026-08-03T09:00")
    assert zh.startswith("时限 1/3 工作时：只计工作时间。")
    assert "（共 0.33 小时）：2026-08-03（周一）0.33 小时。" in zh
    zh, _ = letter("100 工作时", "2026-03-02T09:00")
    assert "（共 100 小时）" in zh
