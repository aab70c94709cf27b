"""管理日志: who changed what, and when. Rows are only ever added."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from ledger.admin import Deed, acts
from ledger.tokens import Scope
from models.delivery import DeliveryOutcome
from models.person import DutyKind
from models.unit import UnitKind
from models.verb import Verb
from models.words import Words
from portal.house import InHouse
from portal.pages.admin.shared import page, pages

router = APIRouter()

ABOUT = (
    ("unit", Words("单位", "units")),
    ("area", Words("辖区", "areas")),
    ("person", Words("人员", "people")),
    ("duty", Words("职责", "duties")),
    ("channel", Words("渠道", "channels")),
    ("absence", Words("不在岗", "absences")),
    ("rota", Words("值班表", "rotas")),
    ("account", Words("账号", "accounts")),
    ("identity", Words("外部账号", "outside accounts")),
    ("token", Words("令牌", "tokens")),
    ("link", Words("专用链接", "links")),
    ("hook", Words("外发接口", "outgoing hooks")),
    ("category", Words("类别", "categories")),
    ("route", Words("路由", "routes")),
    ("calendar", Words("日历", "calendar")),
    ("policy", Words("督办办法", "policies")),
    ("case", Words("案件", "cases")),
    ("archive", Words("存档", "archive")),
)
assert {name for name, _ in ABOUT} == {deed.partition(".")[0] for deed in Deed}

LABELS = {
    "active": Words("在任", "in office"),
    "alias": Words("别名", "other name"),
    "answer": Words("答复", "answer"),
    "area": Words("辖区", "area"),
    "at": Words("时刻", "time"),
    "calls": Words("调用数", "calls"),
    "channel": Words("渠道", "channel"),
    "closing": Words("结案条件", "when it is closed"),
    "code": Words("代码", "code"),
    "days": Words("变动的日期", "dates changed"),
    "delay": Words("延迟（分钟）", "delay (minutes)"),
    "digest_at": Words("汇总时间", "digest time"),
    "duty": Words("职责", "duty"),
    "filing": Words("立案条件", "when it is filed"),
    "first": Words("首选", "first"),
    "first_monday": Words("第一个星期一", "first Monday"),
    "id": Words("编号", "id"),
    "issuer": Words("来源", "issuer"),
    "keywords": Words("关键词", "keywords"),
    "kind": Words("类型", "kind"),
    "lang": Words("语言", "language"),
    "limit": Words("时限", "limit"),
    "links": Words("链接数", "links"),
    "locked_until": Words("锁定至", "locked until"),
    "login": Words("用户名", "login"),
    "name": Words("名称", "name"),
    "order": Words("顺序", "order"),
    "outcome": Words("结果", "outcome"),
    "parent": Words("上级", "parent"),
    "pattern": Words("类别", "categories"),
    "people": Words("轮值", "in turn"),
    "policy": Words("办法", "policy"),
    "rate": Words("每分钟条数", "messages a minute"),
    "reapplied": Words("重新适用", "for open cases too"),
    "role": Words("角色", "role"),
    "roles": Words("角色", "roles"),
    "scopes": Words("权限范围", "scopes"),
    "sessions": Words("会话数", "sessions"),
    "skipped": Words("跳过停用期间", "skipped what happened meanwhile"),
    "start": Words("自", "from"),
    "subject": Words("标识", "subject"),
    "substitute": Words("代班人", "substitute"),
    "title": Words("标题", "title"),
    "unit": Words("单位", "unit"),
    "units": Words("单位", "units"),
    "until": Words("至", "until"),
    "valid_from": Words("起", "valid from"),
    "valid_until": Words("止", "valid until"),
    "weekday": Words("星期", "weekday"),
    "verbs": Words("动作", "verbs"),
}
"""What the log calls its facts; one it does not know is shown by its own name."""

VALUES = {
    name: {value.value: value.words for value in kind}
    for name, kind in (
        ("kind", UnitKind), ("duty", DutyKind), ("outcome", DeliveryOutcome), ("scopes", Scope),
        ("verbs", Verb),
    )
}  # fmt: skip
"""Values of the log that have words of their own."""


@router.get("/acts")
def listed(
    request: Request, house: InHouse, q: str = "", about: str = "", after: int = 0
) -> Response:
    """The acts of administrators, the newest first."""
    lines, following = acts(house.ledger, after=after, text=q.strip(), about=about)
    return page(
        request, "acts.html", lines=lines, q=q, about=about, choices=ABOUT, labels=LABELS,
        values=VALUES,
        page=pages("/admin/acts", {"q": q, "about": about}, after, following),
    )  # fmt: skip
