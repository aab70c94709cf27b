"""The way round: which pages somebody with these roles is offered."""

from collections.abc import Mapping
from typing import NamedTuple

from models.account import AccountRole
from models.words import Words
from rules.permission import Viewer

R = AccountRole


class Item(NamedTuple):
    """One entry of the navigation."""

    url: str
    label: Words
    icon: str
    roles: tuple[AccountRole, ...]


ITEMS = (
    Item("/hand-in", Words("上报问题", "Hand in"), "camera", (R.INSPECTOR,)),
    Item("/verify", Words("待我核查", "To verify"), "check", (R.INSPECTOR,)),
    Item("/handed-in", Words("我上报的", "Handed in"), "list", (R.INSPECTOR,)),
    Item("/mine", Words("我单位的案件", "Our cases"), "inbox", (R.CONTACT, R.HEAD)),
    Item("/board", Words("待我决定", "To decide"), "scale", (R.SUPERVISOR,)),
    Item("/log", Words("督办日志", "Escalations"), "ladder", (R.SUPERVISOR, R.LEADER)),
    Item("/notices", Words("通知", "Notices"), "bell", (R.SUPERVISOR,)),
    Item("/incoming", Words("来信", "Mail"), "message", (R.SUPERVISOR,)),
    Item("/cases", Words("全部案件", "Cases"), "search", (R.SUPERVISOR, R.LEADER)),
    Item("/wall", Words("挂图作战", "Wall"), "chart", (R.SUPERVISOR, R.LEADER)),
    Item("/running", Words("运行情况", "Running"), "pulse", (R.SUPERVISOR, R.ADMINISTRATOR)),
    Item("/admin", Words("管理", "Administration"), "gear", (R.ADMINISTRATOR,)),
)


def nav(viewer: Viewer, path: str, lang: str, badges: Mapping[str, int]) -> list[dict[str, object]]:
    """The entries for a viewer; the one whose page is shown is active. `badges` by address."""
    mine = [item for item in ITEMS if viewer.is_(*item.roles)]
    return [
        {
            "url": item.url,
            "label": item.label.within(lang),
            "icon": item.icon,
            "badge": badges.get(item.url, 0),
            "active": path == item.url or path.startswith(f"{item.url}/"),
        }
        for item in mine
    ]


def home(viewer: Viewer) -> str:
    """Where somebody begins who has just signed in."""
    return next((item.url for item in ITEMS if viewer.is_(*item.roles)), "/account")
