"""What a city may rely on when it writes its own policy: it counts, or it is told the line."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from models.case import LimitSource, Stage
from models.person import DutyKind
from rules.limits import LimitUnit
from rules.limits import parse as limit
from rules.policy import (
    Burden,
    Level,
    LookBack,
    Part,
    Policy,
    PolicyTrouble,
    Proposals,
    Reading,
    Reminder,
    Requests,
    Reviewers,
    Source,
    StageRules,
    flatten,
    parse,
)

Find = Callable[[str], Source | None]

OWN = """\
extends: chuangcheng
policy: our-city
title: 我市督办办法
"""


def own(text: str = "") -> Source:
    """A city's policy that changes only what the text says. It begins on line 4."""
    return Source("our-city.yaml", OWN + text)


def refused(source: Source, find: Find) -> PolicyTrouble:
    with pytest.raises(PolicyTrouble) as caught:
        parse(source, find)
    return caught.value


# -- the shipped policies ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chuangcheng", "shuzi-chengguan"])
def test_a_shipped_policy_is_read_and_has_every_stage(name: str, find: Find) -> None:
    source = find(name)
    assert source
    policy = parse(source, find)
    assert policy.policy == name
    assert set(policy.stages) == set(Stage)


def test_the_campaign_dispatches_today_rectifies_in_three_days_publishes_in_a_week(
    find: Find,
) -> None:
    policy = parse(find("chuangcheng") or own(), find)
    limits = {stage: str(rules.limit) for stage, rules in policy.stages.items()}
    assert limits[Stage.DISPATCH] == "当日"
    assert limits[Stage.HANDLE] == "3 工作日"
    assert limits[Stage.PUBLISH] == "7 自然日"
    assert policy.look_back.rate == Fraction(1, 10)


def test_the_campaign_climbs_as_the_commissioning_documents_say(find: Find) -> None:
    ladder = parse(find("chuangcheng") or own(), find).stages[Stage.HANDLE].ladder
    assert [level.rule for level in ladder] == [
        "到期", "逾期 1 工作日", "逾期 3 工作日", "逾期 5 工作日", "逾期 10 工作日",
    ]  # fmt: skip
    assert [level.card for level in ladder] == ["yellow", "", "red", "", ""]
    assert DutyKind.DISCIPLINE in ladder[4].tell


def test_the_everyday_policy_takes_limits_from_the_category_and_the_ladder_from_the_campaign(
    find: Find,
) -> None:
    base = parse(find("chuangcheng") or own(), find)
    policy = parse(find("shuzi-chengguan") or own(), find)
    assert policy.reading.sources[0] is LimitSource.CATEGORY
    assert policy.stages[Stage.HANDLE].ladder == base.stages[Stage.HANDLE].ladder
    assert policy.stages[Stage.HANDLE].reminders != base.stages[Stage.HANDLE].reminders
    assert policy.reading.day_rule == base.reading.day_rule


# -- a city's own ------------------------------------------------------------------------------


def test_a_city_writes_only_what_differs(find: Find) -> None:
    policy = parse(own("stages:\n  handle:\n    limit: 5 工作日\nrework: 1 工作日\n"), find)
    base = parse(find("chuangcheng") or own(), find)
    assert policy.policy == "our-city"
    assert policy.stages[Stage.HANDLE].limit == limit("5 工作日")
    assert policy.stages[Stage.HANDLE].ladder == base.stages[Stage.HANDLE].ladder
    assert policy.stages[Stage.SIGN] == base.stages[Stage.SIGN]
    assert policy.rework == limit("1 工作日")
    assert policy.look_back == base.look_back


def test_a_list_replaces_the_list_it_overrides_whole(find: Find) -> None:
    text = "stages:\n  handle:\n    ladder:\n      - {level: 1, title: 督办, tell: [head]}\n"
    assert len(parse(own(text), find).stages[Stage.HANDLE].ladder) == 1
    assert parse(own("stages:\n  handle:\n    reminders: []\n"), find).stages[
        Stage.HANDLE
    ].reminders == ()  # fmt: skip


def test_a_policy_may_extend_one_that_extends_another(find: Find) -> None:
    text = "extends: shuzi-chengguan\npolicy: our-city\ntitle: 我市\nhold_reminders: false\n"
    policy = parse(Source("our-city.yaml", text), find)
    assert policy.reading.sources[0] is LimitSource.CATEGORY
    assert not policy.hold_reminders


def test_a_policy_kept_in_the_ledger_stands_alone_and_means_the_same(find: Find) -> None:
    source = own("requests:\n  extensions: 1\n")
    text = flatten(source, find)
    assert "extends" not in text
    assert "我市督办办法" in text
    assert parse(Source("ledger", text)) == parse(source, find)


def test_a_bad_policy_is_not_flattened(find: Find) -> None:
    with pytest.raises(PolicyTrouble):
        flatten(own("colour: red\n"), find)


def test_everything_may_be_looked_at_again_and_a_reminder_come_when_the_limit_is_used_up(
    find: Find,
) -> None:
    text = "look_back: {rate: 100%}\nstages:\n  sign:\n    reminders:\n"
    policy = parse(own(text + "      - {at: 100%, tell: [contact]}\n"), find)
    assert policy.look_back.rate == policy.stages[Stage.SIGN].reminders[0].at == 1


def test_a_policy_of_the_first_version_still_counts_and_its_own_stages_win(find: Find) -> None:
    """It had no stages for filing and looking back, and gave the time for the latter elsewhere."""
    data = yaml.safe_load(flatten(own(), find))
    data["look_back"] = {"rate": "20%", "within": "15 自然日"}
    newer = parse(Source("own.yaml", yaml.safe_dump(data)))
    assert newer.stages[Stage.LOOK_BACK].limit == limit("30 自然日")
    del data["stages"]["file"], data["stages"]["look_back"]
    first = parse(Source("first.yaml", yaml.safe_dump(data)))
    assert first.stages[Stage.FILE].limit == limit("1 工作日")
    assert first.stages[Stage.LOOK_BACK].limit == limit("15 自然日")
    for stage in (Stage.FILE, Stage.LOOK_BACK):
        (level,) = first.stages[stage].ladder
        assert (level.level, level.after, level.tell) == (1, None, (DutyKind.OFFICE,))
        assert level.title == "超时未办"
    others = {*Stage} - {Stage.FILE, Stage.LOOK_BACK}
    assert {s: first.stages[s] for s in others} == {s: newer.stages[s] for s in others}


@pytest.mark.parametrize(
    ("point", "rule", "english"),
    [
        ("at: 50%", "时限过 50%", "50% of the limit gone"),
        ("at: 33.3 %", "时限过 33.3%", "33.3% of the limit gone"),
        ("before: 2 工作时", "到期前 2 工作时", "2 working hours before it is due"),
        ("after: 0", "到期", "due"),
        ("after: 1 工作日", "逾期 1 工作日", "1 working day overdue"),
    ],
)
def test_a_reminder_is_known_in_the_log_by_its_moment(
    find: Find, point: str, rule: str, english: str
) -> None:
    text = f"stages:\n  sign:\n    reminders:\n      - {{{point}, tell: [contact]}}\n"
    (reminder,) = parse(own(text), find).stages[Stage.SIGN].reminders
    assert (reminder.rule, reminder.words.en) == (rule, english)


def test_three_days_on_paper_are_working_days_unless_the_city_reads_them_otherwise(
    find: Find,
) -> None:
    assert parse(own(), find).bare is LimitUnit.WORKING_DAY
    assert parse(own("reading: {bare_days: calendar}\n"), find).bare is LimitUnit.CALENDAR_DAY


def test_a_window_of_days_is_so_many_times_a_day(find: Find) -> None:
    policy = parse(own(), find)
    assert policy.window(policy.duplicates_within) == timedelta(days=30)
    assert policy.window(limit("12 紧急工作时")) == timedelta(hours=12)


def test_a_policy_of_before_there_were_digests_of_news_loads_with_the_shipped_values(
    find: Find,
) -> None:
    data = yaml.safe_load(flatten(own(), find))
    shipped = parse(own(), find).burden
    for name in ("news_within", "news_per_day", "evening", "night_levels", "digest_times"):
        del data["burden"][name]
    assert parse(Source("old.yaml", yaml.safe_dump(data))).burden == shipped
    text = "burden: {news_within: null, evening: 0, night_levels: [], digest_times: null}\n"
    off = parse(own(text), find).burden
    assert (off.news_within, off.evening, off.night_levels, off.digest_times) == (
        None, None, (), None,
    )  # fmt: skip
    assert off.evening_length == timedelta(0)


def test_a_policy_cannot_be_changed_after_it_was_read(find: Find) -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse(own(), find).rework = limit("1 工作日")  # type: ignore[misc]


# -- bad policies: the line, the field, the rule -------------------------------------------------

HANDLE = "stages:\n  handle:\n"
LADDER = HANDLE + "    ladder:\n"
REMIND = HANDLE + "    reminders:\n"
LEVEL_1 = "      - {level: 1, title: 一, tell: [head]}\n"


@pytest.mark.parametrize(
    ("text", "line", "field", "zh", "en"),
    [
        ("colour: red\n", 4, "colour", "没有这个字段", "no such field"),
        (HANDLE + "    limits: 3 工作日\n", 6, "stages.handle.limits", "没有这个字段", "no such"),
        (HANDLE + "    limit: 很快\n", 6, "stages.handle.limit", "读不出时限", "Cannot read"),
        (HANDLE + "    limit: -3 工作日\n", 6, "stages.handle.limit", "读不出时限", "Cannot read"),
        (HANDLE + "    limit: 3\n", 6, "stages.handle.limit", "时间须带单位", "needs its unit"),
        ("rework:\n  amount: 3\n  unit: working_day\n", 4, "rework", "须带单位", "its unit"),
        ("stages:\n  handel:\n    limit: 当日\n", 5, "stages.handel", "其中之一", "one of"),
        ("stages:\n  - handle\n", 4, "stages", "字段: 值", "a mapping"),
        (HANDLE + "    - 当日\n", 5, "stages.handle", "字段: 值", "a mapping"),
        # burden
        ("burden: {evening: 2 工作日}\n", 4, "burden.evening", "小时数", "hours are expected"),
        ("burden: {evening: 7 自然小时}\n", 4, "burden.evening", "不超过 6", "at most 6"),
        ("burden: {night_levels: [0]}\n", 4, "night_levels.0", "不得小于 1", "at least 1"),
        ("burden: {news_per_day: 0}\n", 4, "news_per_day", "不得小于 1", "at least 1"),
        ("burden: {news_within: soon}\n", 4, "burden.news_within", "读不出", "Cannot read"),
        ("burden:\n  digest_times: {from: 10:00, until: 11:00}\n", 5, "from", "带引号", "quotes"),
        (
            'burden:\n  digest_times: {from: "10:00", until: "09:00"}\n',
            5, "burden.digest_times", "不得晚于", "must not be later",
        ),
        # reminders
        (REMIND + "      - {at: 50, tell: [head]}\n", 7, "at", "百分数", "percentage"),
        (REMIND + "      - {at: 0%, tell: [head]}\n", 7, "at", "大于 0%", "above 0%"),
        (REMIND + "      - {at: 101%, tell: [head]}\n", 7, "at", "100%", "100%"),
        (REMIND + "      - {at: -5%, tell: [head]}\n", 7, "at", "百分数", "percentage"),
        (REMIND + "      - {at: 1/0%, tell: [head]}\n", 7, "at", "百分数", "percentage"),
        (REMIND + "      - {at: 1e99999999%, tell: [head]}\n", 7, "at", "百分数", "percentage"),
        (REMIND + "      - {before: -2 工作时, tell: [head]}\n", 7, "before", "读不出", "Cannot"),
        (REMIND + "      - {before: 当日, tell: [head]}\n", 7, "reminders.0", "多久", "length"),
        (REMIND + "      - {after: soon, tell: [head]}\n", 7, "after", "读不出", "Cannot"),
        (REMIND + "      - {after: false, tell: [head]}\n", 7, "after", "须带单位", "unit"),
        (
            REMIND + "      - {at: 50%, tell: [head]}\n      - {at: 60%, after: 0, tell: [head]}\n",
            8, "stages.handle.reminders.1", "恰填一项", "exactly one",
        ),
        (REMIND + "      - tell: [head]\n", 7, "reminders.0", "恰填一项", "exactly one"),
        (
            REMIND + "      - at: 50%\n        tell: [head, boss]\n",
            8, "stages.handle.reminders.0.tell.1", "其中之一", "one of",
        ),
        (REMIND + "      - {at: 50%, tell: []}\n", 7, "tell", "至少写 1 项", "at least 1"),
        (REMIND + "      - {at: 50%, tell: head}\n", 7, "tell", "应为清单", "a list"),
        (REMIND + "      - {at: 50%}\n", 7, "reminders.0.tell", "缺少这个字段", "missing"),
        (
            REMIND + "      - {at: 50%, tell: [head]}\n      - {at: 50%, tell: [contact]}\n",
            6, "stages.handle.reminders", "时刻相同", "same moment",
        ),
        # the ladder
        (
            LADDER + "      - {level: 2, title: 二, tell: [head]}\n",
            6, "stages.handle.ladder", "依次", "in order",
        ),
        (
            LADDER + LEVEL_1 + "      - {level: 2, after: 0, title: 二, tell: [head]}\n",
            6, "stages.handle.ladder", "只有第一级", "only level 1",
        ),
        (
            LADDER + LEVEL_1
            + "      - {level: 2, after: 3 工作日, title: 二, tell: [head]}\n"
            + "      - {level: 3, after: 3 工作日, title: 三, tell: [head]}\n",
            6, "stages.handle.ladder", "逐级加长", "later than the one before",
        ),
        (
            LADDER + LEVEL_1
            + "      - {level: 2, after: 3 工作日, title: 二, tell: [head]}\n"
            + "      - {level: 3, after: 99 工作时, title: 三, tell: [head]}\n",
            6, "stages.handle.ladder", "同一单位", "one unit",
        ),
        (
            LADDER + LEVEL_1 + "      - level: 2\n        after: -1 工作日\n"
            "        title: 二\n        tell: [head]\n",
            9, "stages.handle.ladder.1.after", "读不出时限", "Cannot read",
        ),
        (
            LADDER + "      - {level: 0, title: 零, tell: [head]}\n",
            7, "stages.handle.ladder.0.level", "不得小于 1", "at least 1",
        ),
        (
            LADDER + "      - {level: one, title: 一, tell: [head]}\n",
            7, "stages.handle.ladder.0.level", "应为整数", "whole number",
        ),
        (
            LADDER + "      - {level: 1, title: '', tell: [head]}\n",
            7, "stages.handle.ladder.0.title", "不能为空", "not be empty",
        ),
        (
            LADDER + f"      - {{level: 1, title: {'长' * 61}, tell: [head]}}\n",
            7, "stages.handle.ladder.0.title", "不得超过 60 字", "at most 60",
        ),
        (
            LADDER + "      - {level: 1, title: 一, tell: [head], card: blue}\n",
            7, "stages.handle.ladder.0.card", "其中之一", "one of",
        ),
        # the rest
        ("reading:\n  day_rule: noon\n", 5, "reading.day_rule", "其中之一", "one of"),
        ("reading:\n  sources: [paper, rumour]\n", 5, "reading.sources.1", "其中之一", "one of"),
        ("look_back:\n  rate: a tenth\n", 5, "look_back.rate", "百分数", "percentage"),
        ("requests:\n  extensions: -1\n", 5, "requests.extensions", "不得小于 0", "at least 0"),
        ("requests:\n  suspension_days: 366\n", 5, "suspension_days", "不得大于 365", "at most"),
        ("requests:\n  extensions: 1.5\n", 5, "requests.extensions", "应为整数", "whole"),
        ("hold_reminders: perhaps\n", 4, "hold_reminders", "true 或 false", "true or false"),
        ("confident: 2\n", 4, "confident", "不得大于 1", "at most 1"),
        ("confident: very\n", 4, "confident", "应为数", "a number"),
    ],
)  # fmt: skip
def test_a_bad_policy_is_told_its_file_line_field_and_rule(
    find: Find, text: str, line: int, field: str, zh: str, en: str
) -> None:
    words = refused(own(text), find).words
    assert words.zh.startswith(f"our-city.yaml 第 {line} 行，")
    assert words.en.startswith(f"our-city.yaml, line {line}, ")
    assert f"{field}：" in words.zh
    assert f"{field}: " in words.en
    assert zh in words.zh
    assert en in words.en


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "rework: 3\n",
            "rework：时间须带单位，如“3 工作日”、“4 工作时”",
            'rework: a time needs its unit, such as "3 工作日"',
        ),
        (
            "look_back: {rate: 0%}\n",
            "look_back.rate：应为大于 0%、不超过 100% 的百分数，如 80%",
            "look_back.rate: a percentage above 0% and up to 100% is expected, such as 80%",
        ),
        (
            "filing: perhaps\n",
            "filing：应为其中之一：'auto' or 'hand'",
            "filing: must be one of: 'auto' or 'hand'",
        ),
        # what the checker says where this house has no words of its own
        ("1: 当日\n", "1：不合规则（Keys should be strings）", "1: Keys should be strings"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_where_and_what_the_rule_is(
    find: Find, text: str, zh: str, en: str
) -> None:
    words = refused(own(text), find).words
    assert words.zh == f"our-city.yaml 第 4 行，{zh}。"
    assert words.en == f"our-city.yaml, line 4, {en}."


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("stages: [handle]\nlook_back: {within: 9 自然日}\n", "第 4 行，stages"),
        ("look_back: [within]\n", "第 4 行，look_back"),
    ],
)
def test_a_bad_policy_of_the_first_version_is_told_its_line_too(
    find: Find, text: str, where: str
) -> None:
    assert refused(own(text), find).words.zh == f"our-city.yaml {where}：应为“字段: 值”。"


def test_a_rule_that_ends_in_a_full_stop_is_not_given_another(find: Find) -> None:
    words = refused(own("rework: 很快\n"), find).words
    assert words.zh[-2:].count("。") == words.en[-2:].count(".") == 1


def test_a_name_that_cannot_be_a_name_is_refused(find: Find) -> None:
    source = Source("our.yaml", "extends: chuangcheng\n\npolicy: Our City\ntitle: 我市\n")
    words = refused(source, find).words
    assert words.zh.startswith("our.yaml 第 3 行，policy：只能用小写字母")
    assert words.en.startswith("our.yaml, line 3, policy: only small letters")


def test_missing_stages_are_all_named(find: Find) -> None:
    text = flatten(own(), find)
    head, _, rest = text.partition("  sign:\n")
    cut = head + rest[rest.index("  handle:\n") :]
    words = refused(Source("short.yaml", cut), find).words
    line = cut.splitlines().index("stages:") + 1
    assert words.zh == f"short.yaml 第 {line} 行，stages：缺少环节：sign。"
    assert words.en == f"short.yaml, line {line}, stages: stages are missing: sign."


def test_a_missing_field_is_told_where_it_belongs() -> None:
    words = refused(Source("empty.yaml", "policy: empty\ntitle: 空\n"), lambda name: None).words
    assert words.zh == "empty.yaml 第 1 行，stages：缺少这个字段。"


def test_a_mistake_in_the_policy_extended_is_told_with_that_policys_file_and_line(
    find: Find,
) -> None:
    base = Source("base.yaml", flatten(own(), find).replace("extensions: 2", "extensions: two"))
    line = base.text.splitlines().index("  extensions: two") + 1
    child = Source("child.yaml", "extends: base\npolicy: child\nrequests:\n  suspensions: 0\n")
    words = refused(child, {"base": base}.get).words
    assert words.zh.startswith(f"base.yaml 第 {line} 行，requests.extensions：")


# -- what is not a policy at all -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "zh", "en"),
    [
        ("policy: our\n  title: 我市\n", 2, "不是合法的 YAML", "not valid YAML"),
        ("policy: our\ntitle: [我市\n", 3, "不是合法的 YAML", "not valid YAML"),
        ("policy: our\n\ttitle: 我市\n", 2, "不是合法的 YAML", "not valid YAML"),
        ("policy: our\n---\npolicy: two\n", 2, "不是合法的 YAML", "not valid YAML"),
        ("policy: \x00\n", 1, "不是合法的 YAML", "not valid YAML"),
        ("policy: our\ntitle: !!python/object:os.system 我市\n", 2, "不是合法", "not valid"),
        ("", 1, "“字段: 值”的清单", "a mapping of fields"),
        ("- policy\n- title\n", 1, "“字段: 值”的清单", "a mapping of fields"),
        ("三天之内办结。\n", 1, "“字段: 值”的清单", "a mapping of fields"),
        ("policy: our\ntitle: 我市\npolicy: mine\n", 3, "policy 写了两次", "policy stands twice"),
        ("policy: our\ntitle: 2026-02-30\n", 2, "读不出这个值", "cannot be read"),
        ("policy: our\ntitle: " + "[" * 5000, 2, "层次过深", "too many levels"),
        ("policy: our\na: &a [1]\nb: *a\n", 3, "不能用别名", "no aliases"),
        ("policy: our\na: &a\n  b: *a\n", 3, "不能用别名", "no aliases"),
    ],
)
def test_what_is_not_plain_yaml_is_told_its_line(text: str, line: int, zh: str, en: str) -> None:
    words = refused(Source("bad.yaml", text), lambda name: None).words
    assert words.zh.startswith(f"bad.yaml 第 {line} 行：")
    assert words.en.startswith(f"bad.yaml, line {line}: ")
    assert zh in words.zh
    assert en in words.en


def test_what_is_no_mapping_is_refused_in_one_sentence() -> None:
    words = refused(Source("bad.yaml", "三天之内办结。\n"), lambda name: None).words
    assert words.zh == "bad.yaml 第 1 行：办法应是“字段: 值”的清单。"
    assert words.en == "bad.yaml, line 1: a policy is a mapping of fields to values."


def test_a_few_lines_that_stand_for_gigabytes_are_refused_at_the_first_alias(find: Find) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    bomb = Source("bomb.yaml", "\n".join([*lines, "policy: *a11", "extends: *a11"]))
    assert "bomb.yaml 第 2 行" in refused(bomb, find).words.zh


# -- extending -----------------------------------------------------------------------------------


def test_extending_a_policy_that_does_not_exist_is_refused(find: Find) -> None:
    words = refused(Source("our.yaml", "policy: our\n\nextends: nowhere\n"), find).words
    assert words.zh == "our.yaml 第 3 行，extends：没有办法 nowhere。"
    assert words.en == "our.yaml, line 3, extends: there is no policy nowhere."


def test_policies_that_extend_each_other_are_refused_and_the_circle_is_shown() -> None:
    shelf = {
        "a": Source("a.yaml", "policy: a\nextends: b\n"),
        "b": Source("b.yaml", "# the other one\npolicy: b\nextends: a\n"),
    }
    words = refused(shelf["a"], shelf.get).words
    assert words.zh == "b.yaml 第 3 行，extends：继承成环：a → b → a。"
    assert words.en == "b.yaml, line 3, extends: policies extend in a circle: a → b → a."


def test_in_a_circle_a_policy_without_a_name_is_shown_by_its_file() -> None:
    shelf = {"a": Source("a.yaml", "extends: b\n"), "b": Source("b.yaml", "extends: a\n")}
    words = refused(shelf["a"], shelf.get).words
    assert words.zh == "a.yaml 第 1 行，extends：继承成环：a.yaml → b → a → b。"


def test_a_policy_that_extends_itself_is_refused() -> None:
    source = Source("a.yaml", "extends: a\npolicy: a\n")
    assert "a → a" in refused(source, {"a": source}.get).words.zh


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef"), min_size=1),
       st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("uvw")))  # fmt: skip
def test_however_policies_extend_each_other_the_answer_comes(
    extends: dict[str, str], names: dict[str, str]
) -> None:
    # a file may call itself something else than it is found by
    shelf = {
        file: Source(f"{file}.yaml", f"extends: {base}\npolicy: {names.get(file, file)}\n")
        for file, base in extends.items()
    }
    trouble = refused(next(iter(shelf.values())), shelf.get)
    assert "extends" in trouble.words.zh


fields = st.recursive(
    st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
layers = st.dictionaries(st.sampled_from("abcd"), fields, max_size=4)


@given(layers, layers)
def test_a_policy_says_its_own_and_for_the_rest_what_it_extends(base: dict, own: dict) -> None:  # type: ignore[type-arg]
    from rules.policy import _merge

    merged = _merge(base, own)
    assert _merge(merged, own) == merged
    assert _merge({}, own) == own
    assert _merge(base, {}) == base
    assert merged.keys() == base.keys() | own.keys()
    for key, value in own.items():
        assert merged[key] == value or isinstance(value, dict)
    for key in base.keys() - own.keys():
        assert merged[key] == base[key]


@given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 100), st.booleans())
def test_what_is_written_is_what_counts(
    find: Find, days: int, extensions: int, rate: int, hold: bool
) -> None:
    text = (
        f"stages:\n  handle: {{limit: {days} 工作日}}\nrequests: {{extensions: {extensions}}}\n"
        f"look_back: {{rate: {rate}%}}\nhold_reminders: {str(hold).lower()}\n"
    )
    policy: Policy = parse(own(text), find)
    assert policy.stages[Stage.HANDLE].limit.amount == days
    assert policy.requests.extensions == extensions
    assert policy.look_back.rate == Fraction(rate, 100)
    assert policy.hold_reminders is hold
    assert policy.requests.suspensions == 1


# -- the documentation ---------------------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs/policy.md"


def test_the_example_in_the_documentation_is_a_policy(find: Find) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    policy = parse(Source("example.yaml", example), find)
    handle = policy.stages[Stage.HANDLE]
    assert (handle.limit, len(handle.ladder), len(handle.reminders)) == (limit("5 工作日"), 3, 2)
    assert policy.stages[Stage.VERIFY] == parse(own(), find).stages[Stage.VERIFY]


def fields_of(part: type[Part], head: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in part.model_fields.items():
        yield head + name, field
        inner = PARTS.get(head + name)
        if inner:
            star = "*." if name == "stages" else ""
            yield from fields_of(inner, f"{head}{name}.{star}")


PARTS: dict[str, type[Part]] = {
    "reading": Reading,
    "stages": StageRules,
    "stages.*.reminders": Reminder,
    "stages.*.ladder": Level,
    "look_back": LookBack,
    "requests": Requests,
    "requests.reviewers": Reviewers,
    "proposals": Proposals,
    "burden": Burden,
}


def test_every_field_and_its_default_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_.*]+)` \|.*\| (.*?) ?\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    written = {name: default for name, default in rows if name.split(".")[0] in FIELDS}
    # Documented by what is in them.
    sections = {
        "reading", "look_back", "requests", "requests.reviewers", "proposals", "burden",
    }  # fmt: skip
    assert written.keys() | sections == {name for name, _ in fields_of(Policy)} | {"extends"}
    for name, field in fields_of(Policy):
        default = field.default
        if isinstance(default, (bool, int, float)):
            assert written[name] == f"`{str(default).lower()}`", name


FIELDS = {*Policy.model_fields, "extends"}


def test_every_stage_and_every_duty_is_documented() -> None:
    text = PAGE.read_text("utf-8")
    for known in (*Stage, *DutyKind):
        assert f"| `{known.value}` {known.words.zh} |" in text
