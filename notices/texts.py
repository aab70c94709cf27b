"""The wording of every notice: what, where, by when, how late, what happens next, how to answer.

One table, a row for each kind of notice. Lines without content are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.category import Role
from models.notice import NoticeKind
from notices import lines
from notices.facts import Facts
from notices.message import Message, one_line

__all__ = ["TEMPLATES", "Facts", "Message", "Template", "compose"]

Line = Callable[[Facts], str]

RESEND = "（上次发送结果不明，本条可能重复收到。）"


def compose(facts: Facts) -> Message:
    """The message for `facts`, in Chinese plain text."""
    row = TEMPLATES[facts.kind]
    told = (
        lines.greeting(facts),
        row.opening(facts),
        *(line(facts) for line in row.lines),
        *(lines.labelled(label, text, 200) for label, text in facts.extra.items()),
        row.ask(facts),
        lines.number(facts),
        RESEND if facts.resend else "",
    )
    body = "\n".join(line for line in told if line)
    return Message(_subject(row, facts), body, facts.at.astimezone(facts.zone))


def _subject(row: "Template", facts: Facts) -> str:
    by = f"（{lines.by(facts)}）" if facts.due_at else ""
    return f"【{row.title(facts)}】{lines.place(facts, 30)}：{lines.problem(facts, 30)}{by}"


def _kind(facts: Facts) -> str:
    return facts.kind.words.zh


def _says(text: str) -> Line:
    return lambda facts: text


def _handed_over(facts: Facts) -> str:
    unit = one_line(facts.unit, 80) or "贵单位"
    return f"以下问题交由{unit}办理（{facts.role.words.zh}）。"


def _reminded(facts: Facts) -> str:
    return f"以下问题{lines.standing(facts)}，请抓紧办理。"


def _escalated(facts: Facts) -> str:
    return f"以下问题{lines.standing(facts)}，现升级为{lines.level(facts)}。"


def _how_to_handle(facts: Facts) -> str:
    if facts.role is Role.ASSISTING:
        return "请回复：在督办系统签收，配合牵头单位整改，完成后确认本单位的部分。"
    return (
        "请回复：在督办系统签收，时限前反馈整改情况和照片；"
        "不属本单位职责的，写明理由退单，退单期间时限照算。"
    )


def _how_to_press_on(facts: Facts) -> str:
    unit = one_line(facts.unit, 80) or "责任单位"
    return f"请回复：督促{unit}尽快{lines.step(facts)}，并在督办系统反馈。"


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of notice: how it opens, what it tells, how to answer, its title in the subject."""

    opening: Line
    lines: tuple[Line, ...]
    ask: Line
    title: Line = _kind


_NO_UNIT = (lines.where, lines.what, lines.limit_and_left, lines.why, lines.what_next)
_FULL = (lines.where, lines.what, lines.who, lines.limit_and_left, lines.why, lines.what_next)
_SETTLED = (lines.where, lines.what, lines.who, lines.limit, lines.why)

TEMPLATES: Mapping[NoticeKind, Template] = MappingProxyType(
    {
        NoticeKind.DISPATCHED: Template(_handed_over, _NO_UNIT, _how_to_handle),
        NoticeKind.REMINDER: Template(
            _reminded,
            _FULL,
            _says("请回复：在督办系统办理并反馈；确需延期的，请在时限前申请。"),
        ),
        NoticeKind.ESCALATION: Template(_escalated, _FULL, _how_to_press_on, lines.level),
        NoticeKind.UNDECIDED: Template(
            _says("以下问题尚未确定责任单位。"),
            _NO_UNIT,
            _says("请回复：在督办系统定责并交办。"),
        ),
        NoticeKind.RETURNED: Template(
            _says("以下问题被退单，裁定前时限照算。"),
            _FULL,
            _says("请回复：在督办系统裁定，同意则改派，不同意则由原单位继续整改。"),
        ),
        NoticeKind.SUBMITTED: Template(
            _says("以下问题已反馈整改完成，请到现场核查。"),
            _FULL,
            _says("请回复：在督办系统填写核查结果并上传照片，通过即销号，不通过即返工。"),
        ),
        NoticeKind.REWORK: Template(
            _says("以下问题核查未通过，请返工。"),
            _FULL,
            _says("请回复：时限前重新整改，并在督办系统反馈整改情况和照片。"),
        ),
        NoticeKind.REQUEST: Template(
            _says("以下问题有一项申请等待审批，批准前时限照算。"),
            _FULL,
            _says("请回复：在督办系统同意或不同意，并写明理由。"),
        ),
        NoticeKind.DECIDED: Template(
            _says("以下问题的申请已有结果。"),
            _FULL,
            _says("请按结果继续办理，并在督办系统反馈。"),
        ),
        NoticeKind.TRANSFERRED: Template(
            _says("以下问题已改派，贵单位不再承办。"),
            _SETTLED,
            _says("无需再办；有异议的，请在督办系统说明。"),
        ),
        NoticeKind.CLOSED: Template(
            _says("以下问题已核查通过，予以销号。"),
            _SETTLED,
            _says("无需再办；请保持，反弹的将重新立案。"),
        ),
        NoticeKind.LOOK_BACK: Template(
            _says("以下问题已销号，现需回头看。"),
            _SETTLED,
            _says("请回复：到现场复查，在督办系统填写结果并上传照片。"),
        ),
    }
)
