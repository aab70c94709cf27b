"""What can be done to a case, as one table: the words asked for, and the desk's verb.

The pages print forms from it, the interface for programs reads documents by it: what the one
can do the other can, by the same verbs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from ledger import desk, measures
from ledger.changes import Overtaken
from ledger.database import Ledger
from ledger.desk import Share, Shown
from ledger.desk.matter import OVERTAKEN, open_request
from ledger.scope import case_for, own_parts
from ledger.watching import Watched
from models.cost import CostKind
from models.measure import MeasureKind
from models.request import RequestKind
from models.verb import Verb
from models.words import Trouble, Words
from rules.lifecycle import Moved, Refused
from rules.permission import ANSWERS, Viewer

LONGEST_TEXT = 2000
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
__all__ = ["ACTIONS", "OVERTAKEN", "Action", "Field", "Kind", "carry_out"]

T = TypeVar("T", bound=StrEnum)


class Kind(StrEnum):
    """What a field holds, and so how it is asked for."""

    TEXT = "text"
    LINE = "line"
    UNITS = "units"
    UNIT = "unit"
    PARTS = "parts"
    """Of the units that have a part in the case, some."""
    PART = "part"
    PERSON = "person"
    CATEGORY = "category"
    LIMIT = "limit"
    DATE = "date"
    CASE = "case"
    LINES = "lines"
    CHOICE = "choice"
    CHECK = "check"
    PHOTOS = "photos"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a verb needs to be told."""

    name: str
    label: Words
    kind: Kind = Kind.TEXT
    required: bool = False
    hint: Words | None = None
    options: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True, slots=True)
class Doing:
    """One verb about to be carried out."""

    ledger: Ledger
    number: str
    at: datetime
    viewer: Viewer
    zone: ZoneInfo
    values: Mapping[str, Sequence[str]]
    parts: tuple[str, ...] = ()
    """The viewer's own units in the case."""

    def text(self, name: str) -> str:
        """A value as text; empty when it was left out."""
        return next(iter(self.values.get(name, ())), "").strip()[:LONGEST_TEXT]

    def many(self, name: str) -> list[str]:
        """Several values, each once; one text of several lines counts as several."""
        lines = (line for value in self.values.get(name, ()) for line in value.splitlines())
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def yes(self, name: str) -> bool:
        """Whether something was ticked."""
        return self.text(name) not in ("", "0", "false", "off")

    def day(self, name: str) -> date | None:
        """A date. Raises Trouble when it cannot be read."""
        text = self.text(name)
        try:
            day = date.fromisoformat(text) if text else None
            if day is None or EARLIEST <= day <= LATEST:
                return day
            raise ValueError
        except ValueError:
            raise Trouble(
                f"读不出日期“{text[:30]}”，应写作 2026-11-30。",
                f"A date is expected, such as 2026-11-30, not {text[:30]!r}.",
            ) from None

    def until(self, name: str) -> datetime | None:
        """The midnight that closes a date, in the city's zone."""
        day = self.day(name)
        if day is None:
            return None
        return datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(days=1)

    def part(self) -> str:
        """The unit for which the viewer acts: as chosen among theirs, or their only one."""
        chosen = self.text("unit")
        if not self.parts or chosen in self.parts:
            return chosen
        if chosen:
            raise Trouble(
                f"您不代表{chosen}办理本案。可选：{'、'.join(self.parts)}。",
                f"You do not act for {chosen} in this case. You may for: {', '.join(self.parts)}.",
            )
        return self.parts[0]

    def assisting(self) -> str:
        """The same of a unit that assists: the lead's own part is done by submitting."""
        return self.text("unit") or (self.parts[-1] if self.parts else "")

    def shown(self) -> Shown | None:
        """The pictures that go with it."""
        ids = [value for value in self.many("photos") if value.isdigit() and len(value) < 12]
        return Shown(tuple(int(each) for each in ids), self.viewer.person_id) if ids else None


Answer = Moved | Refused


@dataclass(frozen=True, slots=True)
class Action:
    """One verb as it is offered: what it asks for, what will come of it, and how it is done."""

    fields: tuple[Field, ...]
    carry_out: Callable[[Doing], Answer]
    then: Words
    """What will happen, said before it is done."""
    danger: bool = False
    """It cannot be undone, or it goes against somebody."""


def _reason(required: bool = True, hint: Words | None = None) -> Field:
    return Field("reason", Words("理由", "Reason"), Kind.TEXT, required, hint)


_UNITS = Field(
    "units", Words("责任单位（第一个牵头）", "Units (the first leads)"), Kind.UNITS, True
)
_LIMIT = Field(
    "limit", Words("时限", "Limit"), Kind.LIMIT,
    hint=Words("如“3 工作日”“4 工作时”；不填则按立案标准",
               "such as 3 working days; empty: the standard"),
)  # fmt: skip
_PHOTOS = Field("photos", Words("照片", "Pictures"), Kind.PHOTOS)
_CATEGORY = Field("category", Words("类别", "Category"), Kind.CATEGORY)


def _submit(d: Doing) -> Answer:
    return desk.submit(d.ledger, d.number, d.text("text"), d.at, d.viewer.actor, d.shown())


def _confirm(d: Doing) -> Answer:
    unit, text = d.assisting(), d.text("text")
    return desk.confirm_part(d.ledger, d.number, unit, text, d.at, d.viewer.actor, d.shown())


def _ask(kind: RequestKind) -> Callable[[Doing], Answer]:
    return lambda d: desk.ask(
        d.ledger, d.number, kind, d.text("reason"), d.at, d.viewer.actor, d.until("until")
    )


def _decide(granted: bool) -> Callable[[Doing], Answer]:
    return lambda d: desk.decide(
        d.ledger, d.number, d.at, d.viewer.actor, granted=granted, reason=d.text("reason")
    )


def _verify(passed: bool, partly: bool = False) -> Callable[[Doing], Answer]:
    return lambda d: desk.verify(
        d.ledger, d.number, d.at, d.viewer.actor, passed=passed, partly=partly,
        left=d.many("left"), reason=d.text("reason"), shown=d.shown(),
    )  # fmt: skip


def _look_back(passed: bool) -> Callable[[Doing], Answer]:
    return lambda d: desk.look_back(
        d.ledger, d.number, d.at, d.viewer.actor, passed=passed, reason=d.text("reason"),
        shown=d.shown(),
    )  # fmt: skip


def _with_reason(verb: Callable[..., Answer]) -> Callable[[Doing], Answer]:
    return lambda d: verb(d.ledger, d.number, d.text("reason"), d.at, d.viewer.actor)


def _plain(verb: Callable[..., Answer]) -> Callable[[Doing], Answer]:
    return lambda d: verb(d.ledger, d.number, d.at, d.viewer.actor)


def _assign(d: Doing) -> Answer:
    return desk.assign(
        d.ledger, d.number, d.at, d.viewer.actor, unit=d.part(), section=d.text("section"),
        person=d.text("person"), leader=d.text("leader"),
    )  # fmt: skip


def _dispatch(d: Doing) -> Answer:
    return desk.dispatch(
        d.ledger, d.number, d.many("units"), d.at, d.viewer.actor, d.text("limit"),
        d.text("reason"),
    )  # fmt: skip


def _transfer(d: Doing) -> Answer:
    return desk.transfer(
        d.ledger, d.number, d.many("units"), d.text("reason"), d.at, d.viewer.actor,
        d.text("limit"), exempt=d.yes("exempt"),
    )  # fmt: skip


def _rule(upheld: bool) -> Callable[[Doing], Answer]:
    return lambda d: desk.rule_on_return(
        d.ledger, d.number, d.at, d.viewer.actor, upheld=upheld, units=d.many("units"),
        reason=d.text("reason"),
    )  # fmt: skip


def _coordinate(d: Doing) -> Answer:
    return desk.coordinate(
        d.ledger, d.number, d.many("units"), d.many("participants"), d.text("decision"), d.at,
        d.viewer.actor, d.text("minutes"), d.text("limit"),
    )  # fmt: skip


def _split(d: Doing) -> Answer:
    shares = [Share(line) for line in d.many("shares")]
    return desk.split(d.ledger, d.number, shares, d.text("reason"), d.at, d.viewer.actor)


def _merge(d: Doing) -> Answer:
    # The other case must be the viewer's to see as well: into one out of scope nothing is pushed.
    with d.ledger.snapshot() as connection:
        case_for(connection, d.viewer, d.text("into"))
    return desk.merge(d.ledger, d.number, d.text("into"), d.at, d.viewer.actor)


def _cost(d: Doing) -> Answer:
    kind = _chosen(CostKind, d.text("kind"))
    if kind is None:
        return Refused(Words("请选垫支或结算。", "choose advanced or settled."))
    return desk.record_cost(
        d.ledger, d.number, kind, d.text("yuan"), d.text("reason"), d.at, d.viewer.actor
    )


def _measure(d: Doing) -> Answer:
    kind = _chosen(MeasureKind, d.text("kind"))
    if kind is None:
        return Refused(Words("请选一种处置。", "choose a kind of measure."))
    return measures.record_measure(
        d.ledger, kind=kind, document=d.text("document"),
        held_on=d.day("held_on") or d.at.astimezone(d.zone).date(), reason=d.text("reason"),
        at=d.at, actor=d.viewer.actor, number=d.number, person=d.text("person"),
    )  # fmt: skip


def _chosen(kind: type[T], text: str) -> T | None:
    return next((member for member in kind if member.value == text), None)


def _options(kind: Any) -> tuple[tuple[str, Words], ...]:
    return tuple((member.value, member.words) for member in kind)


ACTIONS: Mapping[Verb, Action] = {
    Verb.ACKNOWLEDGE: Action(
        (), _plain(desk.acknowledge),
        Words("签收后由你单位整改；整改时限自交办时起算，不因签收改变。",
              "Your unit then puts it right. The limit has run since dispatch."),
    ),
    Verb.SUBMIT: Action(
        (Field("text", Words("整改情况", "What was done"), Kind.TEXT, True), _PHOTOS),
        _submit,
        Words("整改时钟停走，转检查员现场核查。",
              "The clock stops; an inspector verifies on site."),
    ),
    Verb.CONFIRM_PART: Action(
        (Field("unit", Words("协同单位", "Assisting unit"), Kind.PART),
         Field("text", Words("完成情况", "What was done"), Kind.TEXT, True), _PHOTOS),
        _confirm,
        Words("告知牵头单位：你单位的部分已完成。", "The lead is told that your part is done."),
    ),
    Verb.ASSIGN: Action(
        (Field("unit", Words("单位", "Unit"), Kind.PART),
         Field("section", Words("科室", "Section"), Kind.LINE),
         Field("person", Words("经办人", "Handler"), Kind.PERSON),
         Field("leader", Words("分管领导", "Leader in charge"), Kind.PERSON)),
        _assign, Words("以后的提醒同时发给经办人。", "The handler is reminded too from now on."),
    ),
    Verb.SEND_BACK: Action(
        (_reason(hint=Words("不属本单位职责的，写明依据和应归单位",
                            "if it is not yours, say by which rule, and whose it is")),),
        _with_reason(desk.send_back),
        Words("转督办员裁定；裁定之前时钟不停。第二次退单由终审裁定。",
              "A supervisor rules; the clock keeps running. A second return gets a final ruling."),
        danger=True,
    ),
    Verb.REQUEST_EXTENSION: Action(
        (_reason(),), _ask(RequestKind.EXTENSION),
        Words("同意后延长一个原时限；每案最多两次，逾期后不能申请。",
              "If granted, the original limit once more; at most twice, never once overdue."),
    ),
    Verb.REQUEST_SUSPENSION: Action(
        (_reason(), Field("until", Words("挂账至", "Until"), Kind.DATE, True)),
        _ask(RequestKind.SUSPENSION),
        Words("同意后时钟停走，到期自动恢复；每案一次，最长一年，逾期后不能申请。",
              "If granted the clock rests and resumes by itself; once, at most a year, never "
              "once overdue."),
    ),
    Verb.REQUEST_APPEAL: Action(
        (_reason(),), _ask(RequestKind.APPEAL),
        Words("成立则不计入考核；“曾经逾期”的事实仍留在记录里。每案一次。",
              "If upheld, left out of the scores; the lateness stays on record. Once."),
    ),
    Verb.WITHDRAW: Action(
        (_reason(),), _with_reason(desk.withdraw),
        Words("退回整改中，时钟视同没有停过。",
              "Back in progress, as if the clock had never stopped."),
        danger=True,
    ),
    Verb.RESUME: Action(
        (), _plain(desk.resume_by_hand),
        Words("提前恢复办理，时钟接着走。", "Taken up again before its date; the clock goes on."),
    ),
    Verb.FILE: Action(
        (_CATEGORY,), lambda d: desk.file(
            d.ledger, d.number, d.at, d.viewer.actor, d.text("category")),
        Words("立案后按路由交办，时钟起算。", "It is then dispatched by its route."),
    ),
    Verb.REJECT: Action(
        (_reason(),), _with_reason(desk.reject),
        Words("不予立案，告知上报人。", "It is not filed."), danger=True,
    ),
    Verb.FIX_ON_SPOT: Action(
        (), _plain(desk.fix_on_spot),
        Words("登记为现场已整改并销号。", "Counted as fixed on the spot, and closed."),
    ),
    Verb.DISPATCH: Action(
        (_UNITS, _LIMIT, _reason(required=False)), _dispatch,
        Words("交办后整改时钟起算，责任单位收到通知。", "The clock starts; the units are told."),
    ),
    Verb.TRANSFER: Action(
        (_UNITS, _reason(), _LIMIT,
         Field("exempt", Words("原单位属误派，用时不计", "It was wrongly dispatched: exempt"),
               Kind.CHECK)),
        _transfer, Words("新单位从头计时。", "The new units start afresh."), danger=True,
    ),
    Verb.UPHOLD_RETURN: Action(
        (_UNITS, _reason(required=False)), _rule(True),
        Words("准予退单：改派新单位，从头计时；原单位用时不计。",
              "Upheld: to other units with a fresh clock, the old unit's time is exempt."),
    ),
    Verb.REFUSE_RETURN: Action(
        (_reason(),), _rule(False),
        Words("驳回退单：原单位继续办理，时限不变。", "Refused: the same unit, the same clock."),
        danger=True,
    ),
    Verb.COORDINATE: Action(
        (_UNITS,
         Field("participants", Words("参加单位（每行一个）", "Who took part (one a line)"),
               Kind.LINES, True),
         Field("decision", Words("会商决定", "Decision"), Kind.TEXT, True),
         Field("minutes", Words("纪要文号", "Minutes"), Kind.LINE), _LIMIT),
        _coordinate, Words("会商定责为终局，不能再退单。", "Final: it cannot be sent back again."),
    ),
    Verb.EXTEND: Action(
        (_reason(required=False),), _decide(True),
        Words("同意延期：延长一个原时限。", "Grant: the original limit once more."),
    ),
    Verb.SUSPEND: Action(
        (_reason(required=False),), _decide(True),
        Words("同意挂账：时钟停走，到期自动恢复。", "Grant: the clock rests until its date."),
    ),
    Verb.REFUSE_REQUEST: Action(
        (_reason(),), _decide(False), Words("不同意，时限不变。", "Refuse: nothing changes."),
        danger=True,
    ),
    Verb.UPHOLD_APPEAL: Action(
        (_reason(required=False),), _decide(True),
        Words("申诉成立：不计入考核，逾期事实保留。", "Uphold: not scored; the lateness stays."),
    ),
    Verb.REFUSE_APPEAL: Action(
        (_reason(),), _decide(False), Words("申诉不成立。", "Refuse the appeal."), danger=True,
    ),
    Verb.VERIFY_PASS: Action(
        (_PHOTOS, _reason(required=False)), _verify(True),
        Words("核查通过并销号。", "It passes and is closed."),
    ),
    Verb.VERIFY_PARTLY: Action(
        (_PHOTOS, _reason(),
         Field("left", Words("尚未完成的单位", "Units not done"), Kind.PARTS)),
        _verify(False, partly=True),
        Words("没有完成的部分返工，按返工时限重新计时。", "What is left goes to rework."),
        danger=True,
    ),
    Verb.VERIFY_FAIL: Action(
        (_PHOTOS, _reason()), _verify(False),
        Words("整案返工，按返工时限重新计时。", "All of it goes to rework."), danger=True,
    ),
    Verb.PUBLISH: Action(
        (), _plain(desk.publish), Words("登记为已公示。", "Recorded as published."),
    ),
    Verb.EXPOSE: Action(
        (Field("medium", Words("曝光媒体", "Where"), Kind.LINE, True),),
        lambda d: desk.expose(d.ledger, d.number, d.text("medium"), d.at, d.viewer.actor),
        Words("记入案卷并告知责任单位。", "Recorded, and the unit is told."), danger=True,
    ),
    Verb.LOOK_BACK_PASS: Action(
        (_PHOTOS, _reason(required=False)), _look_back(True),
        Words("回头看通过。", "It has held."),
    ),
    Verb.LOOK_BACK_FAIL: Action(
        (_PHOTOS, _reason()), _look_back(False),
        Words("登记反弹：返工，督办提高一级。", "It is back: rework, one level higher."),
        danger=True,
    ),
    Verb.REOPEN: Action(
        (_reason(),), _with_reason(desk.reopen),
        Words("重新办理，按返工时限计时。", "Taken up again, under the rework limit."), danger=True,
    ),
    Verb.URGE: Action(
        (_reason(),), _with_reason(desk.urge),
        Words("立即催办当前应办的人；每案每天一次。", "Whoever it waits for is told; once a day."),
    ),
    Verb.TAKE_OVER: Action(
        (Field("unit", Words("提级到", "Taken over by"), Kind.UNIT, True), _reason()),
        lambda d: desk.take_over(
            d.ledger, d.number, d.text("unit"), d.text("reason"), d.at, d.viewer.actor),
        Words("上级单位牵头，原单位协同，督办提高一级，时限不变。",
              "The unit above leads, the old one assists, one level higher, same clock."),
        danger=True,
    ),
    Verb.CANCEL: Action(
        (_reason(),), _with_reason(desk.cancel),
        Words("作废后不再办理；不能恢复。", "It is over; this cannot be undone."), danger=True,
    ),
    Verb.MERGE: Action(
        (Field("into", Words("并入案号", "Into case"), Kind.CASE, True),),
        _merge,
        Words("并入后本案不再单独办理；不能恢复。", "It joins that case; this cannot be undone."),
        danger=True,
    ),
    Verb.SPLIT: Action(
        (Field("shares", Words("拆成（每行一个问题）", "Into (one problem a line)"),
               Kind.LINES, True), _reason()),
        _split, Words("每个部分成为新案，按路由交办；不能恢复。",
                      "Each part becomes a case of its own; this cannot be undone."),
        danger=True,
    ),
    Verb.RECLASSIFY: Action(
        (replace(_CATEGORY, required=True), _reason()),
        lambda d: desk.reclassify(
            d.ledger, d.number, d.text("category"), d.text("reason"), d.at, d.viewer.actor),
        Words("时限随立案标准变更并重算。", "The limit follows the category."),
    ),
    Verb.NOTE: Action(
        (Field("text", Words("备注", "Note"), Kind.TEXT, True),),
        lambda d: desk.note(d.ledger, d.number, d.text("text"), d.at, d.viewer.actor),
        Words("记入案卷，不可修改。", "Written into the record, for good."),
    ),
    Verb.RECORD_COST: Action(
        (Field("kind", Words("类别", "Kind"), Kind.CHOICE, True, None, _options(CostKind)),
         Field("yuan", Words("金额（元）", "Amount (yuan)"), Kind.LINE, True), _reason()),
        _cost, Words("登记经费，不可修改。", "Recorded, for good."),
    ),
    Verb.MEASURE: Action(
        (Field("kind", Words("处置", "Measure"), Kind.CHOICE, True, None, _options(MeasureKind)),
         Field("document", Words("文号", "Document number"), Kind.LINE, True),
         Field("held_on", Words("日期", "Date"), Kind.DATE),
         Field("person", Words("对象", "Whom"), Kind.LINE), _reason()),
        _measure, Words("登记处置，不可修改。", "Recorded, for good."), danger=True,
    ),
}  # fmt: skip


def carry_out(
    ledger: Ledger,
    viewer: Viewer,
    number: str,
    verb: Verb,
    values: Mapping[str, Sequence[str]],
    at: datetime,
    zone: ZoneInfo,
    version: int | None = None,
    also: Callable[[Any], None] | None = None,
) -> Answer:
    """Carry a verb out for a viewer, if the case is in their scope and the verb theirs.

    Raises Missing for a case out of scope, NotYours for a verb that is for others. With
    `version` it is refused when the case is no longer as it was then. `also` is given the
    connection of the verb's transaction, when the verb has been written.
    """
    action = ACTIONS[verb]
    watched = Watched(ledger.engine, viewer, number, {verb}, version, also)
    parts, asked = _known(ledger, viewer, number)
    if verb in ANSWERS and asked not in ANSWERS[verb]:
        return Refused(_NOT_ASKED)
    doing = Doing(watched, number, at, viewer, zone, values, parts)
    if lacking := [f.label for f in action.fields if f.required and not doing.many(f.name)]:
        names = "、".join(label.zh for label in lacking)
        return Refused(
            Words(f"请填写：{names}。", f"missing: {', '.join(label.en for label in lacking)}.")
        )
    try:
        return action.carry_out(doing)
    except Overtaken:  # some verbs look something up before the desk itself listens for this
        return Refused(OVERTAKEN)


def _known(
    ledger: Ledger, viewer: Viewer, number: str
) -> tuple[tuple[str, ...], RequestKind | None]:
    """The viewer's own units in the case, and the kind of the request that waits in it."""
    with ledger.snapshot() as connection:
        case = case_for(connection, viewer, number)
        parts = tuple(part.name for part in own_parts(connection, viewer, case.id))
        request = open_request(connection, case.id)
        return parts, request.kind if request is not None else None


_NOT_ASKED = Words(
    "本案没有这样的申请在等待答复，可能刚刚有人办过。请看最新情况。",
    "no such request waits in this case; somebody may have just answered it. Look again.",
)
