"""The wording of each kind of notice: one table, a row for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.category import Role
from models.notice import NoticeKind
from models.words import Words
from notices import lines
from notices.facts import Facts
from notices.lines import Row
from notices.message import one_line

Says = Callable[[Facts], Words]
Lists = Callable[[Facts], Row]


def _kind(facts: Facts) -> Words:
    return facts.kind.words


def _says(zh: str, en: str) -> Says:
    words = Words(zh, en)
    return lambda facts: words


def _handed_over(facts: Facts) -> Words:
    unit = one_line(facts.unit, 80)
    if facts.role is Role.ASSISTING:
        return Words(
            f"以下问题由{unit or '牵头单位'}牵头办理，贵单位为协同单位。",
            f"This case is led by {unit or 'another unit'}; yours assists.",
        )
    return Words(
        f"以下问题交由{unit or '贵单位'}办理（{facts.role.words.zh}）。",
        f"This case is given to {unit or 'your unit'} ({facts.role.words.en}).",
    )


def _reminded(facts: Facts) -> Words:
    said = lines.standing(facts)
    return Words(f"以下问题{said.zh}，请抓紧办理。", f"This case {said.en}; please see to it.")


def _escalated(facts: Facts) -> Words:
    said, level = lines.standing(facts), lines.level(facts)
    return Words(
        f"以下问题{said.zh}，现升级为{level.zh}。",
        f"This case {said.en} and has gone up: {level.en}.",
    )


def _urged(facts: Facts) -> Words:
    said = lines.standing(facts)
    return Words(
        f"督办员催办：以下问题{said.zh}，请立即办理。",
        f"A supervisor urges: this case {said.en}; please see to it now.",
    )


def _taken_over(facts: Facts) -> Words:
    if facts.role is Role.ASSISTING:
        return Words(
            "以下问题提级办理，贵单位改为协同单位，时限不变。",
            "This case was taken over from above. Your unit assists from now on; the limit stays.",
        )
    return Words(
        "以下问题提级办理，由贵单位牵头，时限不变。",
        "Your unit takes this case over and leads from now on; the limit stays.",
    )


def _how_to_handle(facts: Facts) -> Words:
    if facts.role is Role.ASSISTING:
        return Words(
            "请回复：在督办系统签收，配合牵头单位整改，完成后确认本单位的部分。",
            "To answer: work with the lead unit and confirm your part in Duban when it is done.",
        )
    return Words(
        "请回复：在督办系统签收，时限前反馈整改情况和照片；"
        "不属本单位职责的，写明理由退单，退单期间时限照算。",
        "To answer: sign in Duban and hand in what was done, with photos, within the limit. If it "
        "is not yours, send it back with the reason; the clock runs on meanwhile.",
    )


def _how_to_press_on(facts: Facts) -> Words:
    unit = one_line(facts.unit, 80)
    return Words(
        f"请回复：督促{unit or '责任单位'}尽快{lines.step(facts).zh}，并在督办系统反馈。",
        f"To answer: press {unit or 'the unit'} on ({lines.step(facts).en}), and say so in Duban.",
    )


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of notice: how it opens, what it tells, how to answer, its title in the subject."""

    opening: Says
    lines: tuple[Lists, ...]
    ask: Says
    title: Says = _kind


_NO_UNIT = (lines.where, lines.what, lines.limit_and_left, lines.why, lines.what_next)
_FULL = (lines.where, lines.what, lines.who, lines.limit_and_left, lines.why, lines.what_next)
_SETTLED = (lines.where, lines.what, lines.who, lines.limit, lines.why)
_EXPOSED = (lines.where, lines.what, lines.who, lines.limit, lines.medium)

_DO_AGAIN = _says(
    "请回复：时限前重新整改，并在督办系统反馈整改情况和照片。",
    "To answer: put it right within the limit and hand in what was done, with photos, in Duban.",
)

TEMPLATES: Mapping[NoticeKind, Template] = MappingProxyType(
    {
        NoticeKind.DISPATCHED: Template(_handed_over, _NO_UNIT, _how_to_handle),
        NoticeKind.ASSIGNED: Template(
            _says(
                "以下问题已在单位内分派，由您经办或分管。",
                "Inside your unit this case was given to you, to handle or to lead.",
            ),
            _FULL,
            _how_to_handle,
        ),
        NoticeKind.REMINDER: Template(
            _reminded,
            _FULL,
            _says(
                "请回复：在督办系统办理并反馈；确需延期的，请在时限前申请。",
                "To answer: act on it in Duban; more time must be asked for before the limit.",
            ),
        ),
        NoticeKind.URGED: Template(
            _urged,
            _FULL,
            _says("请回复：在督办系统办理并反馈进展。", "To answer: act on it in Duban."),
        ),
        NoticeKind.ESCALATION: Template(_escalated, _FULL, _how_to_press_on, lines.level),
        NoticeKind.UNDECIDED: Template(
            _says("以下问题尚未确定责任单位。", "No unit answers for this case yet."),
            _NO_UNIT,
            _says("请回复：在督办系统定责并交办。", "To answer: choose the units in Duban."),
        ),
        NoticeKind.RETURNED: Template(
            _says(
                "以下问题被退单，裁定前时限照算。",
                "This case was sent back; the clock runs on until the ruling.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统裁定，同意则改派，不同意则由原单位继续整改。",
                "To answer: rule in Duban. Upheld, it goes to another unit; refused, it stays.",
            ),
        ),
        NoticeKind.CONFIRMED: Template(
            _says("协同单位已完成以下问题的协同部分。", "An assisting unit has done its part."),
            _FULL,
            _says(
                "请回复：全部完成后，由牵头单位在督办系统统一反馈。",
                "To answer: when all parts are done, the lead unit submits for all in Duban.",
            ),
        ),
        NoticeKind.SUBMITTED: Template(
            _says(
                "以下问题已反馈整改完成，请到现场核查。",
                "This case is said to be put right; please verify on site.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统填写核查结果并上传照片，通过即销号，不通过即返工。",
                "To answer: give the result, with photos. Passed closes it; failed is rework.",
            ),
        ),
        NoticeKind.WITHDRAWN: Template(
            _says(
                "以下问题的整改反馈已由单位撤回，暂不核查；时限视同未停。",
                "The unit took its submission back: nothing to verify. The clock ran on.",
            ),
            _FULL,
            _says(
                "无需再办；单位重新反馈后另行通知。",
                "Nothing to do; you will be told when it is submitted again.",
            ),
        ),
        NoticeKind.REWORK: Template(
            _says("以下问题核查未通过，请返工。", "Verification failed; this case is rework."),
            _FULL,
            _DO_AGAIN,
        ),
        NoticeKind.RELAPSED: Template(
            _says(
                "以下问题回头看发现反弹，请返工。",
                "On looking back the problem was found again; this case is rework.",
            ),
            _FULL,
            _DO_AGAIN,
        ),
        NoticeKind.REOPENED: Template(
            _says(
                "以下问题销号后重新办理，请按返工时限整改。",
                "This closed case was taken up again, under the rework limit.",
            ),
            _FULL,
            _DO_AGAIN,
        ),
        NoticeKind.REQUEST: Template(
            _says(
                "以下问题有一项申请等待审批，批准前时限照算。",
                "A request waits for a decision; the clock runs on until it is granted.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统同意或不同意，并写明理由。",
                "To answer: grant or refuse it in Duban, with the reason.",
            ),
        ),
        NoticeKind.DECIDED: Template(
            _says("以下问题的申请已有结果。", "What was asked about this case has been decided."),
            _FULL,
            _says(
                "请按结果继续办理，并在督办系统反馈。",
                "Please go on as decided, and answer in Duban.",
            ),
        ),
        NoticeKind.RECOMPUTED: Template(
            _says("以下问题的时限已重新核定。", "The time limit of this case was reckoned anew."),
            _FULL,
            _says(
                "请按结果继续办理；有异议的，请在督办系统说明。",
                "Please go by the new limit; if you object, say so in Duban.",
            ),
        ),
        NoticeKind.TAKEN_OVER: Template(_taken_over, _FULL, _how_to_handle),
        NoticeKind.TRANSFERRED: Template(
            _says(
                "以下问题已改派，贵单位不再承办。",
                "This case was passed on; your unit no longer has it.",
            ),
            _SETTLED,
            _says(
                "无需再办；有异议的，请在督办系统说明。",
                "Nothing to do; if you object, say so in Duban.",
            ),
        ),
        NoticeKind.EXPOSED: Template(
            _says("以下问题已被曝光。", "This case was exposed in public."),
            _EXPOSED,
            _says(
                "请回复：在督办系统说明整改情况和后续措施。",
                "To answer: say in Duban what has been done and what will be.",
            ),
        ),
        NoticeKind.PROPOSED: Template(
            _says(
                "按督办办法，以下问题的责任单位已达到建议处置的条件，由督办员决定。",
                "By the policy a measure is proposed for the unit; a supervisor decides.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统登记处置措施和文号，或不予采纳并写明理由。",
                "To answer: record the measure with its document number in Duban, or dismiss it "
                "with the reason.",
            ),
        ),
        NoticeKind.CLOSED: Template(
            _says("以下问题已核查通过，予以销号。", "This case was verified and is closed."),
            _SETTLED,
            _says(
                "无需再办；请保持，反弹的将重新立案。",
                "Nothing to do; please keep it so. What comes back is taken up again.",
            ),
        ),
        NoticeKind.ENDED: Template(
            _says("以下问题不再办理。", "This case is no longer to be worked on."),
            _SETTLED,
            _says(
                "无需再办；有异议的，请在督办系统说明。",
                "Nothing to do; if you object, say so in Duban.",
            ),
        ),
        NoticeKind.RESUMED: Template(
            _says(
                "以下问题挂账已结束，恢复办理和计时。",
                "The suspension has ended; the case and its clock go on.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统反馈整改情况。",
                "To answer: hand in the rectification in Duban.",
            ),
        ),
        NoticeKind.LOOK_BACK: Template(
            _says(
                "以下问题已销号，抽中回头看，请到现场复查。",
                "This closed case was drawn to be looked at again; please go and see.",
            ),
            _FULL,
            _says(
                "请回复：在督办系统填写回头看结果并上传照片，反弹即返工。",
                "To answer: give the result with photos in Duban. If it is back, it is rework.",
            ),
        ),
        NoticeKind.SUMMARY: Template(
            lambda facts: Words(facts.headline, facts.headline),
            (),
            _says("登录督办系统查看明细。", "Sign in to Duban for the details."),
        ),
    }
)
