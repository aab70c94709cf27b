"""消息模板: an office words its messages by files; what fails is plain text, and said."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from duban.cli import app
from models.notice import NoticeKind
from notices.digest import compose_digest, plain_several, several_of
from notices.forms import MARKDOWN, SHORT, Forms, render
from notices.message import Message
from notices.samples import CASE, DIGESTS, check, sample
from notices.shelf import LARGEST
from notices.texts import compose, plain_report, plain_single, report_of, single_of
from notices.wording import Wording


def write(folder: Path, name: str, text: str, lang: str = "zh") -> Forms:
    """The templates of a house with one of its own."""
    (folder / lang).mkdir(parents=True, exist_ok=True)
    (folder / lang / name).write_text(text, "utf-8")
    return Forms(folder)


def composed(folder: Path, name: str, text: str) -> Message:
    return compose(CASE, forms=write(folder, name, text))


# -- which template ----------------------------------------------------------------------------


def test_a_file_of_the_office_takes_the_place_of_ours(tmp_path: Path) -> None:
    message = composed(tmp_path, "message.plain.j2", "{{ title }}：{{ place }}")
    assert message.body == "催办提醒：中山路12号农贸市场"
    assert message.markdown == compose(CASE).markdown
    assert not message.trouble


def test_the_template_of_a_kind_goes_before_that_of_all(tmp_path: Path) -> None:
    write(tmp_path, "message.plain.j2", "全部")
    write(tmp_path, "reminder.plain.j2", "催办")
    house = Forms(tmp_path)
    assert compose(CASE, forms=house).body == "催办"
    assert compose(sample(NoticeKind.CLOSED), forms=house).body == "全部"


def test_a_file_is_used_from_the_moment_it_lies_there_and_no_longer_when_it_is_gone(
    tmp_path: Path,
) -> None:
    house, before = Forms(tmp_path), compose(CASE).body
    assert compose(CASE, forms=house).body == before
    write(tmp_path, "message.plain.j2", "一")
    assert compose(CASE, forms=house).body == "一"
    write(tmp_path, "message.plain.j2", "一二")
    assert compose(CASE, forms=house).body == "一二"
    (tmp_path / "zh" / "message.plain.j2").unlink()
    assert compose(CASE, forms=house).body == before


def test_what_is_kept_for_many_messages_is_looked_up_anew_for_the_next_ones(tmp_path: Path) -> None:
    house = write(tmp_path, "message.plain.j2", "一")
    many = house.kept()
    assert compose(CASE, forms=many.only("markdown")).body == "一"
    write(tmp_path, "message.plain.j2", "一二")
    assert compose(CASE, forms=many.only("")).body == "一"
    assert compose(CASE, forms=house.kept()).body == "一二"


def test_a_template_may_change_one_part_of_ours(tmp_path: Path) -> None:
    text = '{% extends "message.html.j2" %}{% block foot %}城管局督查室{% endblock %}'
    message = composed(tmp_path, "reminder.html.j2", text)
    assert "城管局督查室" in message.html
    assert CASE.place in message.html


# -- what fails --------------------------------------------------------------------------------

BROKEN = {
    "syntax": ("{{ place", "第 1 行"),
    "a missing name": ("{{ plaec }}", "'plaec' is undefined"),
    "a missing attribute": ("{{ rows[0].valeu }}", "valeu"),
    "a missing template": ('{% include "nothing.markdown.j2" %}', "没有模板 nothing.markdown.j2"),
    "another form": ('{% include "message.html.j2" %}', "没有模板 message.html.j2"),
    "a path": ('{% include "../../keys/channels.key" %}', "没有模板"),
    "too long": ("{% for n in range(9999) %}一二三四五六七八九十{% endfor %}", "最多 3600"),
    "what the sandbox forbids": ("{{ ''.__class__.__mro__ }}", "unsafe"),
    "an unescaped value": ("{{ place|safe }}", "safe"),
    "a division": ("{{ 1 // 0 }}", "zero"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_template_that_fails_is_plain_text_instead_and_is_said(tmp_path: Path, what: str) -> None:
    text, why = BROKEN[what]
    message = composed(tmp_path, "message.markdown.j2", text)
    assert message.markdown == ""
    assert message.body == compose(CASE).body
    assert message.html == compose(CASE).html
    assert message.trouble.startswith("模板 zh/message.markdown.j2 出错，已改用纯文本：")
    assert why in message.trouble


def test_when_the_plain_template_fails_the_house_has_its_own_text(tmp_path: Path) -> None:
    message = composed(tmp_path, "message.plain.j2", "{{ plaec }}")
    assert message.body == compose(CASE).body
    assert "message.plain.j2" in message.trouble


def test_a_text_message_that_is_too_long_is_not_cut_in_the_middle_but_said(tmp_path: Path) -> None:
    message = composed(
        tmp_path, "message.short.j2", "{{ opening }}{{ ask }}{{ place }}{{ subject }}"
    )
    assert message.short == ""
    assert f"最多 {SHORT}" in message.trouble


def test_a_link_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "channels.key"
    secret.write_text("a secret", "utf-8")
    (tmp_path / "templates" / "zh").mkdir(parents=True)
    (tmp_path / "templates" / "zh" / "message.plain.j2").symlink_to(secret)
    message = compose(CASE, forms=Forms(tmp_path / "templates"))
    assert "a secret" not in message.body
    assert "不在模板文件夹内" in message.trouble


def test_a_file_that_is_too_large_or_no_text_is_not_read(tmp_path: Path) -> None:
    assert "文件太大" in composed(tmp_path, "message.plain.j2", "x" * (LARGEST + 1)).trouble
    (tmp_path / "zh" / "message.plain.j2").write_bytes("督办".encode("gbk"))
    assert "不是 UTF-8" in compose(CASE, forms=Forms(tmp_path)).trouble


def test_a_link_never_stands_in_what_is_said_of_a_template(tmp_path: Path) -> None:
    message = composed(tmp_path, "message.plain.j2", "{{ link + 1 }}")
    assert message.trouble
    assert CASE.link not in message.trouble


# -- the house's own text ----------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_shipped_plain_templates_say_what_the_house_says_without_them(lang: str) -> None:
    for kind in set(NoticeKind) - {NoticeKind.SUMMARY}:
        single = single_of(replace(sample(kind), resend=True, unsaid=1), lang)
        assert plain_single(single) == printed("message", single)
    for told, overdue in DIGESTS.values():
        several = several_of(told, lang, overdue)
        assert plain_several(several) == printed("digest", several)
    summary = replace(sample(NoticeKind.SUMMARY), told=("一", "", "二"), unsaid=1)
    report = report_of(summary, lang)
    assert plain_report(report) == printed("summary", report)


def printed(name: str, wording: Wording) -> str:
    """What the shipped plain template makes of it."""
    return render(Forms().template([name], "plain", wording.lang), "plain", wording)


# -- how much ----------------------------------------------------------------------------------


def test_a_digest_in_markdown_names_whole_cases_as_far_as_it_goes_and_counts_the_rest() -> None:
    many = [replace(CASE, number=f"2026-{n:06}") for n in range(300)]
    text = compose_digest(many).markdown
    named = text.count("2026-000")
    assert len(text.encode()) <= MARKDOWN
    assert 5 < named < 50
    assert f"另有 {300 - named} 件未列出" in text
    cases = [line for line in text.splitlines() if "2026-000" in line]
    assert len(text.encode()) + len(max(cases, key=len).encode()) > MARKDOWN  # none more would fit
    assert [line for line in cases if not line.endswith("告知单位负责人")] == []


def test_of_the_ladder_every_case_is_named_with_its_level() -> None:
    level = replace(sample(NoticeKind.ESCALATION), place="很长的地名" * 10, problem="问题" * 40)
    told = [replace(level, number=f"2026-{n:06}", level_title="分管领导督办单") for n in range(20)]
    message = compose_digest(told)
    for text in (message.markdown, message.body, message.html):
        assert [n for n in range(20) if f"2026-{n:06}" not in text] == []
        assert text.count("分管领导督办单") >= 20
        assert "未列出" not in text
    assert len(message.markdown.encode()) <= MARKDOWN


def test_a_long_report_ends_where_markdown_does() -> None:
    facts = replace(sample(NoticeKind.SUMMARY), told=("一行很长的统计" * 20,) * 60)
    message = compose(facts)
    assert 0 < len(message.markdown.encode()) <= MARKDOWN
    assert not message.trouble


# -- before anybody reads them -----------------------------------------------------------------


def test_everything_shipped_works() -> None:
    assert check(None) == []


def test_the_check_finds_what_fails_and_what_nobody_asks_for(tmp_path: Path) -> None:
    write(tmp_path, "closed.html.j2", "{{ plaec }}")
    write(tmp_path, "remider.plain.j2", "催办")
    write(tmp_path, "notes.txt", "备忘")
    write(tmp_path, "head.html.j2", "<p>市创城办</p>")
    write(tmp_path, "rework.html.j2", '{% include "head.html.j2" %}')
    found = {(fault.message, fault.lang) for fault in check(tmp_path)}
    assert found == {("closed", "zh"), ("remider.plain.j2", "zh"), ("notes.txt", "zh")}


def test_the_command_says_what_fails_and_ends_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duban.wording.settings", lambda: type("Set", (), {"home": tmp_path}))
    assert CliRunner().invoke(app, ["templates", "check"]).exit_code == 0
    write(tmp_path / "templates", "closed.short.j2", "{{ plaec }}")
    answer = CliRunner().invoke(app, ["templates", "check", "--json"])
    assert answer.exit_code == 1
    assert "closed.short.j2" in answer.output
