"""What whoever writes a policy may rely on: what is not plain is told, with its line."""

from datetime import date
from typing import Any

import pytest

from rules.plain_yaml import DEEPEST, NotPlain, load, trail

DAY = date(2026, 1, 1)


def refused(text: str) -> NotPlain:
    with pytest.raises(NotPlain) as told:
        load(text)
    return told.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("3", 3),
        ("a: 时限\nb: [2.5, true]\nc: 2026-01-01\n", {"a": "时限", "b": [2.5, True], "c": DAY}),
        ("a:\n  b:\n  - c: 1\n  - c: 2\n", {"a": {"b": [{"c": 1}, {"c": 2}]}}),
    ],
)
def test_fields_lists_and_values_are_read_as_written(text: str, value: Any) -> None:
    assert load(text) == value


def test_an_alias_is_refused_where_it_stands_since_a_few_lines_could_stand_for_gigabytes() -> None:
    told = refused("a: &x 1\nc: 2\nb: *x\n")
    assert told.line == 3
    assert told.words == ("不能用别名（*），请写全", "no aliases (*); write it out")


def test_a_field_written_twice_is_refused_since_one_would_hide_the_other() -> None:
    told = refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert told.line == 5
    assert told.words == ("字段 c 写了两次", "the field c stands twice")


def test_one_name_may_stand_in_two_fields() -> None:
    assert load("a:\n  c: 1\nb:\n  c: 1\n") == {"a": {"c": 1}, "b": {"c": 1}}


def test_a_number_and_its_text_are_one_field() -> None:
    assert refused("1: a\n'1': b\n").line == 2


def test_twelve_levels_are_read_and_a_thirteenth_refused() -> None:
    assert load("[" * DEEPEST + "]" * DEEPEST) is not None
    told = refused("a: 1\nb:\n  " + "[" * DEEPEST + "]" * DEEPEST)
    assert told.line == 3
    assert told.words == ("层次过深", "too many levels within each other")


def test_levels_are_counted_whatever_stands_beside_them() -> None:
    assert load("[0, " * (DEEPEST - 1) + "0" + "]" * (DEEPEST - 1)) is not None
    assert refused("[0, " * DEEPEST + "0" + "]" * DEEPEST).words.zh == "层次过深"


def test_many_fields_beside_each_other_are_not_many_levels() -> None:
    wide = [{"a": {"b": [n]}} for n in range(3 * DEEPEST)]
    assert load("\n".join(f"- a:\n    b: [{n}]" for n in range(3 * DEEPEST))) == wide


@pytest.mark.parametrize("value", ["2026-02-30", "!!int three"])
def test_a_value_that_cannot_be_is_told_its_line(value: str) -> None:
    told = refused(f"a: 1\nb:\n  c: {value}\n")
    assert told.line == 3
    assert told.words == ("读不出这个值", "this value cannot be read")


def test_what_is_not_yaml_is_told_its_line_and_what_to_look_at() -> None:
    told = refused("a: 1\n b: 2\n")
    assert told.line == 2
    problem = "mapping values are not allowed here"
    assert told.words == (
        f"不是合法的 YAML（{problem}），请检查缩进与冒号",
        f"not valid YAML ({problem}); check the indentation and the colons",
    )


def test_characters_no_text_can_hold_are_told_as_such() -> None:
    told = refused("a: 1\nb: \x00\n")
    assert told.line == 1
    assert told.words == (
        "不是合法的 YAML（unreadable characters），请检查缩进与冒号",
        "not valid YAML (unreadable characters); check the indentation and the colons",
    )


def test_a_text_can_never_make_an_object_of_the_program() -> None:
    assert "could not determine a constructor" in refused("!!python/name:os.system ''").words.en


def test_the_refusal_alone_is_shown_and_not_the_error_of_the_library() -> None:
    told = refused("a: [1\n")
    assert str(told) == told.words.zh
    assert told.__suppress_context__


# -- where a field stands --------------------------------------------------------------------

TEXT = """\
policy: our
stages:
  handle:
    ladder:
    - level: 1
    - level: 2
      tell: [head]
1: one
"""


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ([], []),
        (["policy"], [1]),
        (["stages", "handle", "ladder", 1, "tell", 0], [2, 3, 4, 6, 7, 7]),
        ([1], [8]),
    ],
)
def test_each_part_of_a_path_has_its_line(where: list[Any], lines: list[int]) -> None:
    assert trail(TEXT, where) == lines


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        (["stages", "verify", "ladder"], [2]),
        (["stages", "handle", "ladder", 2, "tell"], [2, 3, 4]),
        (["stages", "handle", "ladder", "level"], [2, 3, 4]),
        (["policy", "our"], [1]),
        (["policy", 0], [1]),
    ],
)
def test_a_path_is_followed_as_far_as_the_text_has_it(where: list[Any], lines: list[int]) -> None:
    assert trail(TEXT, where) == lines


def test_an_empty_text_has_no_lines() -> None:
    assert trail("", ["policy"]) == []
