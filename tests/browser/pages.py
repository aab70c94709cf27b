"""Every page of the portal: who looks at it, and under which address.

A name in braces is filled in by a stage (`tests/browser/stage.py`): a case that stands there, a
row of the log, a person. What is shot, weighed and judged for access is this one list.
"""

from typing import NamedTuple


class Page(NamedTuple):
    """One page: for whom, how its picture is called, and where it is."""

    role: str
    name: str
    address: str
    status: int = 200
    """What the page is answered with."""

    @property
    def telling(self) -> bool:
        """Whether it shows a kind of page that no other of the list shows."""
        return self.name not in ALIKE


def _of(role: str, *pages: tuple[str, str] | tuple[str, str, int]) -> list[Page]:
    return [Page(role, *page) for page in pages]


def _verbs(role: str, **cases: str) -> list[Page]:
    """The forms of verbs: under the name of each case the verbs asked of it."""
    return [
        Page(role, f"do-{verb}", f"/cases/{{{case}}}/do/{verb}")
        for case, verbs in cases.items()
        for verb in verbs.split()
    ]


DOOR = _of(
    "",
    ("sign-in", "/sign-in?next=/board"),
    ("link", "/l/{link}"),
    ("link-answer", "/l/{link_answer}"),
    ("link-used", "/l/{link_used}", 410),
    ("link-expired", "/l/{link_expired}", 410),
    ("outside-unknown", "/sign-in/wecom/unknown?sealed={unknown}", 403),
)
BY_LINK = _of("linked", ("case-by-link", "/cases/{linked}"))
INSPECTOR = _of(
    "inspector",
    ("hand-in", "/hand-in"),
    ("hand-in-offline", "/hand-in/offline"),
    ("verify", "/verify"),
    ("handed-in", "/handed-in"),
    ("case-to-verify", "/cases/{submitted}"),
)
CONTACT = _of(
    "contact",
    ("mine", "/mine"),
    ("mine-open", "/mine?state=open"),
    ("mine-assisting", "/mine?part=assist"),
    ("mine-empty", "/mine?q=nothing-like-this"),
    ("case-to-sign", "/cases/{my_dispatched}"),
    ("case-in-progress", "/cases/{my_in_progress}"),
    ("case-rework", "/cases/{my_rework}"),
    ("case-suspended", "/cases/{my_suspended}"),
    ("case-closed", "/cases/{my_closed}"),
    ("why", "/cases/{my_in_progress}/why"),
)
SUPERVISOR = _of(
    "supervisor",
    ("board", "/board"),
    ("board-undecided", "/board?queue=undecided"),
    ("board-returned", "/board?queue=returned"),
    ("board-requests", "/board?queue=requests"),
    ("board-reported", "/board?queue=reported"),
    ("board-alike", "/board?queue=alike"),
    ("board-category", "/board?queue=category"),
    ("board-measures", "/board?queue=measures"),
    ("board-untold", "/board?queue=untold"),
    ("log", "/log"),
    ("log-reminders", "/log?reminders=1&level=1"),
    ("log-empty", "/log?case=2026-999999"),
    ("log-row", "/log/{row}"),
    ("cases", "/cases"),
    ("cases-filtered", "/cases?status=in_progress&q=路"),
    ("case-reported", "/cases/{reported}"),
    ("case-undecided", "/cases/{undecided}"),
    ("case-returned", "/cases/{returned}"),
    ("case-merged", "/cases/{merged}"),
    ("case-split", "/cases/{split}"),
    ("case-rejected", "/cases/{rejected}"),
    ("case-cancelled", "/cases/{cancelled}"),
    ("incoming", "/incoming"),
    ("incoming-all", "/incoming?state=all"),
    ("wall", "/wall"),
    ("running", "/running"),
    ("notices", "/notices"),
    ("notices-empty", "/notices?case=2026-999999"),
    ("notice", "/notices/{notice}"),
    ("account", "/account"),
    ("account-notices", "/account/notices"),
    ("account-outside", "/account/outside"),
    ("outside-link", "/sign-in/wecom/link?sealed={sealed}"),
    ("password", "/password"),
    ("missing", "/cases/2026-999999", 404),
)
LEADER = _of("leader", ("case", "/cases/{in_progress}"))
ADMINISTRATOR = _of(
    "administrator",
    ("overview", "/admin"),
    ("units", "/admin/units"),
    ("unit-new", "/admin/units/new"),
    ("unit", "/admin/units/{unit}"),
    ("people", "/admin/people"),
    ("person-new", "/admin/people/new"),
    ("person", "/admin/people/{person}"),
    ("absences", "/admin/absences"),
    ("rotas", "/admin/rotas"),
    ("accounts", "/admin/accounts"),
    ("account-new", "/admin/accounts/new?person={person}"),
    ("account", "/admin/accounts/{account}"),
    ("areas", "/admin/areas"),
    ("area", "/admin/areas/{area}"),
    ("categories", "/admin/categories"),
    ("category", "/admin/categories/{category}"),
    ("routes", "/admin/routes"),
    ("route-try", "/admin/routes/try?place=东澄区新桥大道1号&problem=路灯不亮"),
    ("calendar", "/admin/calendar"),
    ("calendar-year", "/admin/calendar/2026"),
    ("policies", "/admin/policies"),
    ("policy", "/admin/policies/{policy}"),
    ("tokens", "/admin/tokens"),
    ("links", "/admin/links"),
    ("hooks", "/admin/hooks"),
    ("hook", "/admin/hooks/{hook}"),
    ("acts", "/admin/acts"),
)
VERBS = (
    *_verbs(
        "contact",
        my_dispatched="acknowledge send_back",
        my_in_progress="submit assign request_extension request_suspension record_cost note",
        assisted="confirm_part",
        my_submitted="withdraw",
        my_suspended="resume",
        my_late="request_appeal",
    ),
    *_verbs("inspector", submitted="verify_pass verify_partly verify_fail"),
    *_verbs(
        "supervisor",
        reported="file reject fix_on_spot",
        undecided="dispatch coordinate",
        in_progress="transfer urge take_over measure expose merge split cancel reclassify",
        returned="uphold_return refuse_return",
        extension="extend refuse_request",
        suspension="suspend",
        appeal="uphold_appeal refuse_appeal",
        closed="reopen",
        unpublished="publish",
        drawn="look_back_pass look_back_fail",
    ),
)
PAGES: tuple[Page, ...] = (
    *DOOR, *BY_LINK, *INSPECTOR, *CONTACT, *SUPERVISOR, *LEADER, *ADMINISTRATOR, *VERBS,
)  # fmt: skip

NO_PAGES = {
    "GET /", "GET /linked", "GET /mine/sign", "GET /admin/policies/edit",
    "GET /sign-in/{provider}", "GET /sign-in/{provider}/callback",
    "GET /health", "GET /ready", "GET /metrics", "GET /sw.js", "GET /hand-in/state.json",
    "GET /hand-in/catalogue.json",
    "GET /hand-in/nearby", "GET /hand-in/likely", "GET /export/cases", "GET /export/log",
    "GET /photos/{photo_id:int}.jpg", "GET /photos/{photo_id:int}/thumb.jpg",
}  # fmt: skip
"""Addresses that answer with something else: another address, a file, a piece of a page."""

ALIKE = {
    "mine-open", "mine-assisting", "case-rework", "case-suspended", "case-to-verify",
    "incoming-all", "board-reported", "board-category", "board-untold", "board-alike",
    "log-reminders",
    "cases-filtered", "case-reported", "case-undecided", "case-merged", "case-split",
    "case-rejected", "case-cancelled", "link-expired", "unit-new", "person-new", "area",
    "do-acknowledge", "do-send_back", "do-request_extension", "do-record_cost", "do-note",
    "do-withdraw", "do-resume", "do-request_appeal", "do-verify_pass", "do-verify_fail",
    "do-file", "do-reject", "do-fix_on_spot", "do-cancel", "do-split", "do-coordinate",
    "do-transfer", "do-urge", "do-expose", "do-uphold_return", "do-refuse_return", "do-extend",
    "do-refuse_request", "do-suspend", "do-uphold_appeal", "do-refuse_appeal", "do-reopen",
    "do-publish", "do-look_back_pass", "do-look_back_fail",
}  # fmt: skip
"""Pages made as another of the list is: shot, and judged on demand only."""
