"""管理: what administrators do, one row at a time, and the log of their acts.

An act is one transaction: the row, its line in the log, and the counter by which everybody
else reads the reference data anew. Locks are taken in the order in which loading takes them:
the city's row, the counter of loads, the counter of cases, the cases.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from ledger import counters
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import LOADS
from ledger.scope import Missing
from models.account import Act
from models.calendar import City
from models.columns import Labelled
from models.words import Trouble, Words

PAGE = 50


class Deed(Labelled):
    """What can be done. The part before the dot says to what."""

    UNIT_ADDED = "unit.add", "新增单位", "unit added"
    UNIT_CHANGED = "unit.change", "修改单位", "unit changed"
    UNIT_REMOVED = "unit.remove", "删除单位", "unit removed"
    ALIAS_ADDED = "unit.alias", "新增单位别名", "other name of a unit added"
    ALIAS_REMOVED = "unit.unalias", "删除单位别名", "other name of a unit removed"
    AREA_ADDED = "area.add", "新增辖区", "area added"
    AREA_CHANGED = "area.change", "修改辖区", "area changed"
    AREA_REMOVED = "area.remove", "删除辖区", "area removed"
    PERSON_ADDED = "person.add", "新增人员", "person added"
    PERSON_CHANGED = "person.change", "修改人员", "person changed"
    DUTY_ADDED = "duty.add", "新增职责", "duty given"
    DUTY_REMOVED = "duty.remove", "取消职责", "duty taken away"
    ABSENCE_ADDED = "absence.add", "登记不在岗", "absence recorded"
    ABSENCE_ENDED = "absence.end", "结束或撤销不在岗", "absence ended or struck out"
    ROTA_SET = "rota.set", "设定值班表", "rota set"
    ROTA_REMOVED = "rota.remove", "删除值班表", "rota removed"
    CATEGORY_CHANGED = "category.change", "修改类别", "category changed"
    ROUTE_ADDED = "route.add", "新增路由", "route added"
    ROUTE_ENDED = "route.end", "终止路由", "route ended"
    CALENDAR_LOADED = "calendar.load", "启用日历", "calendar put in force"
    POLICY_ACTIVATED = "policy.activate", "启用督办办法", "policy put in force"
    CHANNEL_ADDED = "channel.add", "新增渠道", "channel added"
    CHANNEL_CHANGED = "channel.change", "更换渠道", "channel replaced"
    CHANNEL_REMOVED = "channel.remove", "删除渠道", "channel removed"
    CHANNEL_MOVED = "channel.move", "调整渠道顺序", "order of channels changed"
    CHANNEL_TESTED = "channel.test", "测试渠道", "channel tested"
    CHANNEL_DELAYED = "channel.delay", "设定渠道延迟", "delay of a channel set"
    CHANNEL_SWITCHED = "channel.switch", "启用或停用渠道", "channel switched on or off"
    ACCOUNT_ADDED = "account.add", "开通账号", "account opened"
    ACCOUNT_RESET = "account.reset", "重置口令", "password reset"
    ACCOUNT_CLOSED = "account.close", "停用账号", "account closed"
    ACCOUNT_REOPENED = "account.reopen", "恢复账号", "account opened again"
    ACCOUNT_UNLOCKED = "account.unlock", "解除锁定", "account unlocked"
    NOTICES_CHOSEN = "account.notices", "本人设定通知", "own wishes about notices"
    SUBSCRIBED = "account.subscribe", "本人订阅周报", "own weekly summary"
    ROLE_GRANTED = "account.grant", "授予角色", "role granted"
    ROLE_WITHDRAWN = "account.ungrant", "收回角色", "role withdrawn"
    SIGNED_OUT = "account.sign_out", "结束会话", "sessions ended"
    IDENTITY_LINKED = "identity.link", "绑定外部账号", "outside account linked"
    IDENTITY_REMOVED = "identity.remove", "解除外部账号", "outside account removed"
    TOKEN_MADE = "token.make", "新建令牌", "token made"
    TOKEN_REVOKED = "token.revoke", "收回令牌", "token revoked"
    YEAR_DROPPED = "archive.drop", "销毁往来存档", "year of the archive let go"
    LINKS_REVOKED = "link.revoke", "收回专用链接", "links revoked"
    HOOK_ADDED = "hook.add", "新增外发接口", "outgoing hook added"
    HOOK_SWITCHED_ON = "hook.on", "启用外发接口", "outgoing hook switched on"
    HOOK_SWITCHED_OFF = "hook.off", "停用外发接口", "outgoing hook switched off"
    HOOK_GONE = "hook.gone", "对方已停用接口", "outgoing hook gone at the other end"
    HOOK_TESTED = "hook.test", "测试外发接口", "outgoing hook tested"
    HOOK_RESENT = "hook.again", "重发未送达的调用", "calls given up sent again"
    HOOK_REMOVED = "hook.remove", "删除外发接口", "outgoing hook removed"
    CASE_RETRIED = "case.retry", "立即重试搁置的案件", "case set aside tried again at once"

    @property
    def of_reference(self) -> bool:
        """Whether it changes what judgements are made from."""
        return self.partition(".")[0] in _REFERENCE


_REFERENCE = {
    "unit", "area", "person", "duty", "absence", "rota", "category", "route", "calendar", "policy",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, and when. Without an account it is the command line."""

    account_id: int | None
    actor: str
    at: datetime


@contextmanager
def acting(ledger: Ledger) -> Iterator[Connection]:
    """The transaction of one act; administrators take turns."""
    with ledger.transaction() as connection:
        take_turn(connection)
        yield connection


def take_turn(connection: Connection) -> None:
    """Wait until nobody else writes reference data."""
    connection.execute(sa.select(table(City).c.id).with_for_update())


def log(
    connection: Connection,
    hand: Hand,
    deed: Deed,
    target: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an act down, in the transaction of the act, after its rows; never a secret."""
    detail = {
        name: {key: _plain(value) for key, value in facts.items()}
        for name, facts in (("before", before), ("after", after))
        if facts
    }
    connection.execute(
        sa.insert(table(Act)).values(
            at=hand.at, account_id=hand.account_id, actor=hand.actor[:60], act=deed,
            target=target[:200], detail=detail,
        )
    )  # fmt: skip
    if deed.of_reference:
        counters.step(connection, LOADS)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Words):
        return value.zh
    if isinstance(value, Labelled):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def differing(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two states, what they do not share."""
    apart = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in apart}, {name: after[name] for name in apart}


def one(connection: Connection, model: type[SQLModel], key: Any, what: Words) -> Any:
    """The row of this primary key, held. Raises Missing."""
    rows = table(model)
    [column] = rows.primary_key.columns
    # Whoever writes a case that refers to this row must not wait for us: we may wait for the case.
    held = sa.select(rows).where(column == key).with_for_update(key_share=True)
    row = connection.execute(held).one_or_none()
    if row is None:
        raise Missing(
            f"没有这个{what.zh}，可能刚被删去。请返回列表。",
            f"There is no such {what.en}; it may just have been removed. Go back to the list.",
        )
    return row


def update(connection: Connection, model: type[SQLModel], key: Any, **values: Any) -> None:
    """Write into the row of this primary key."""
    rows = table(model)
    [column] = rows.primary_key.columns
    connection.execute(sa.update(rows).where(column == key).values(**values))


def insert(connection: Connection, model: type[SQLModel], **values: Any) -> int:
    """Add a row; gives its id."""
    rows = table(model)
    made = connection.execute(sa.insert(rows).values(**values).returning(rows.c.id))
    return int(made.scalar_one())


# -- what is in use ----------------------------------------------------------------------------

_HOLDERS = {
    "case_": Words("案件", "cases"),
    "assignment": Words("案件的分派", "assignments of cases"),
    "route": Words("责任路由", "routes"),
    "route_unit": Words("责任路由", "routes"),
    "unit": Words("单位", "units"),
    "area": Words("下级辖区", "areas below"),
    "duty": Words("人员职责", "duties of people"),
    "rota": Words("值班表", "rotas"),
    "role_grant": Words("账号角色", "roles of accounts"),
    "notice": Words("通知", "notices"),
    "escalation": Words("督办日志", "the escalation log"),
    "evidence": Words("整改证据", "evidence"),
    "link": Words("专用链接", "links"),
    "hook": Words("外发接口", "outgoing hooks"),
    "proposal": Words("处置建议", "proposals"),
    "subscription": Words("单位周报", "weekly summaries"),
    "measure": Words("处置记录", "measures"),
}


def remove(
    connection: Connection, model: type[SQLModel], key: int, name: str, own: Sequence[str] = ()
) -> None:
    """Delete a row to which nothing refers but `own`, which goes with it. Raises Trouble."""
    held = [holder for holder in _holders(connection, model, key) if holder not in own]
    if held:
        words = [_HOLDERS.get(holder, Words("其他资料", "other data")) for holder in held]
        raise Trouble(
            f"不能删除{name}：{'、'.join(dict.fromkeys(w.zh for w in words))}还在引用它。"
            "有过案件的不能删除，记录要留存；只是换了名称，请改名称并把旧名记为别名。",
            f"{name} cannot be removed: {', '.join(dict.fromkeys(w.en for w in words))} still "
            "refer to it. What has had cases stays, for the records do; if only the name has "
            "changed, change it and keep the old one as another name.",
        )
    for holder in own:
        for column in _references(model, SQLModel.metadata.tables[holder]):
            connection.execute(sa.delete(column.table).where(column == key))
    rows = table(model)
    try:
        connection.execute(sa.delete(rows).where(rows.c.id == key))
    except IntegrityError:  # somebody has just come to refer to it
        raise Trouble(
            f"刚刚有案件或资料用到{name}，没有删除。",
            f"Something has just come to refer to {name}; it was not removed.",
        ) from None


def _holders(connection: Connection, model: type[SQLModel], key: int) -> Iterator[str]:
    for other in SQLModel.metadata.sorted_tables:
        for column in _references(model, other):
            query = sa.select(sa.literal(1)).select_from(other).where(column == key).limit(1)
            if connection.execute(query).first() is not None:
                yield other.name


def _references(model: type[SQLModel], other: sa.Table) -> Iterator[sa.Column[Any]]:
    """The columns of another table that point at rows of the model."""
    for key in other.foreign_keys:
        if key.column.table is table(model):
            yield key.parent


# -- the log -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActLine:
    """One act as it is shown."""

    id: int
    at: datetime
    actor: str
    deed: Deed | str
    target: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def acts(
    ledger: Ledger,
    *,
    after: int = 0,
    text: str = "",
    about: str = "",
    size: int = PAGE,
) -> tuple[list[ActLine], int]:
    """The newest acts before the one of id `after`, and the id to go on with, 0 at the end.

    `text` is part of the actor or the target; `about` the part of a deed before the dot.
    """
    rows = table(Act)
    query = sa.select(rows).order_by(rows.c.id.desc()).limit(size + 1)
    if after:
        query = query.where(rows.c.id < after)
    if text:
        query = query.where(
            rows.c.actor.contains(text, autoescape=True)
            | rows.c.target.contains(text, autoescape=True)
        )
    if about:
        query = query.where(rows.c.act.startswith(f"{about}.", autoescape=True))
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    lines = [_line(row) for row in found[:size]]
    return lines, lines[-1].id if len(found) > size else 0


def _line(row: Any) -> ActLine:
    known = {deed.value: deed for deed in Deed}
    detail = row.detail
    return ActLine(
        row.id, row.at, row.actor, known.get(row.act, row.act), row.target,
        detail.get("before", {}), detail.get("after", {}),
    )  # fmt: skip
