"""账号: who may sign in to the portal, as what, and for which part of the city."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, UniqueConstraint

from models.columns import Labelled, choice, instant


class AccountRole(Labelled):
    """角色: as what somebody uses the portal. What each may do is `rules.permission`."""

    INSPECTOR = "inspector", "检查员", "inspector"
    CONTACT = "contact", "单位联络员", "unit contact"
    HEAD = "head", "单位负责人", "head of a unit"
    SUPERVISOR = "supervisor", "督办员", "supervisor"
    LEADER = "leader", "领导", "leader"
    ADMINISTRATOR = "administrator", "管理员", "administrator"


class Account(SQLModel, table=True):
    """One person's account. Without a password it opens by link or by the house's own sign-in.

    `failures` counts wrong passwords in a row; at `locked_until` they are forgotten.
    """

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    login: str = Field(unique=True, max_length=64)
    password: str = Field(default="", max_length=200)
    """An argon2 hash, or nothing."""
    must_change: bool = False
    active: bool = True
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_column=instant())
    lang: str = Field(default="zh", max_length=2)
    created_at: datetime = Field(sa_column=instant(null=False))
    password_at: datetime | None = Field(default=None, sa_column=instant())


class RoleGrant(SQLModel, table=True):
    """授权: one role of an account, within the subtree of a unit or of an area; none: all."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("account_id", "role", "unit_id", "area_id"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    role: AccountRole = Field(sa_type=choice(AccountRole))
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")


class Identity(SQLModel, table=True):
    """外部身份: by which name another house's sign-in knows an account."""

    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    issuer: str = Field(max_length=200)
    subject: str = Field(max_length=200)
    linked_at: datetime = Field(sa_column=instant(null=False))


class Link(SQLModel, table=True):
    """专用链接: opens one case for one person, once. `digest` is of the secret in it."""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    case_id: int = Field(foreign_key="case_.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    unit_id: int = Field(foreign_key="unit.id")
    """For which unit the person was written to."""
    verb: str = Field(default="", max_length=32)
    """The verb it offers first; empty: it opens the case."""
    created_at: datetime = Field(sa_column=instant(null=False))
    expires_at: datetime = Field(sa_column=instant(null=False))
    used_at: datetime | None = Field(default=None, sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant())


class Session(SQLModel, table=True):
    """会话: one browser signed in. `digest` is of the token in its cookie.

    One that was opened by a link has no account and sees the link's case only.
    """

    __tablename__ = "session_"

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    account_id: int | None = Field(default=None, foreign_key="account.id")
    link_id: int | None = Field(default=None, foreign_key="link.id")
    agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_column=instant(null=False))
    seen_at: datetime = Field(sa_column=instant(null=False))
    expires_at: datetime = Field(sa_column=instant(null=False))
    revoked_at: datetime | None = Field(default=None, sa_column=instant())


class Token(SQLModel, table=True):
    """接口令牌: lets a program act for an account, as far as `scopes` go."""

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    name: str = Field(max_length=60)
    digest: str = Field(unique=True, max_length=64)
    scopes: list[str] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    created_at: datetime = Field(sa_column=instant(null=False))
    expires_at: datetime | None = Field(default=None, sa_column=instant())
    revoked_at: datetime | None = Field(default=None, sa_column=instant())
    used_at: datetime | None = Field(default=None, sa_column=instant())


class Once(SQLModel, table=True):
    """幂等: what was answered under a key; the same request again gets the same answer.

    `digest` is of the request: another request under the key is refused. `status` is 0 while
    the first one is still being carried out.
    """

    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    key: str = Field(max_length=80)
    digest: str = Field(max_length=64)
    status: int = 0
    body: str = ""
    at: datetime = Field(sa_column=instant(null=False))


class Act(SQLModel, table=True):
    """管理日志: one act of an administrator. Rows are only ever added."""

    __tablename__ = "act"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=instant(null=False))
    account_id: int | None = Field(default=None, foreign_key="account.id")
    actor: str = Field(max_length=60)
    act: str = Field(max_length=64)
    target: str = Field(max_length=200)
    detail: dict[str, Any] = Field(sa_column=sa.Column(sa.JSON, nullable=False))
    """What it was and what it is now; never a secret."""
