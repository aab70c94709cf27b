"""notices that arrive: outlets, sealed channels, incoming mail, subscriptions, hooks

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from models.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = (
    "dispatched", "reminder", "escalation", "undecided", "returned", "submitted", "rework",
    "request", "decided", "transferred", "closed", "ended", "resumed", "look_back", "urged",
    "assigned", "confirmed", "taken_over", "withdrawn", "relapsed", "reopened", "exposed",
    "recomputed", "proposed",
)  # fmt: skip
OUTCOMES = ("unknown", "sent", "temporary", "permanent")
NEW = {
    "channel": (
        ("shown", sa.String(length=300), ""),
        ("outlet", sa.String(length=64), ""),
        ("delay", sa.Integer(), "0"),
        ("active", sa.Boolean(), sa.true()),
    ),
    "delivery": (("receipt", sa.String(length=200), ""),),
    "link": (("verb", sa.String(length=32), ""),),
    "notice": (("forgiven", sa.Integer(), "0"),),
    "person": (("lang", sa.String(length=8), "zh"),),
}
"""Columns that hold something in every row, with what the rows there already hold."""


def upgrade() -> None:
    op.create_table(
        "outlet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.String(length=300), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("burst", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", Instant(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", Instant(timezone=True), nullable=True),
        sa.Column("failing_since", Instant(timezone=True), nullable=True),
        sa.Column("good_at", Instant(timezone=True), nullable=True),
        sa.Column("tried_at", Instant(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet")),
        sa.UniqueConstraint("digest", name=op.f("uq_outlet_digest")),
    )
    op.create_table(
        "incoming",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reply", "automatic", "bounce", "receipt", "loop", "unknown",
                name="incomingkind", native_enum=False, create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(timezone=True), nullable=False),
        sa.Column("settled_at", Instant(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_incoming_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_incoming_notice_id_notice")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_incoming_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("message_id", name=op.f("uq_incoming_message_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_incoming_case_id"), "incoming", ["case_id"])
    waits = sa.text("kind = 'unknown' AND settled_at IS NULL")
    op.create_index(
        "ix_incoming_waiting", "incoming", ["id"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_subscription_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_subscription_unit_id_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("person_id", "unit_id", name=op.f("uq_subscription_person_id_unit_id")),
    )
    op.create_index(op.f("ix_subscription_next_at"), "subscription", ["next_at"])
    op.create_table(
        "hook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("shown", sa.String(length=300), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("verbs", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("failing_since", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_hook_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook")),
        sa.UniqueConstraint("name", name=op.f("uq_hook_name")),
    )
    op.create_table(
        "hook_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hook_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "owed", "sent", "dead",
                name="hookstate", native_enum=False, create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", Instant(timezone=True), nullable=False),
        sa.Column("lease_until", Instant(timezone=True), nullable=True),
        sa.Column("at", Instant(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["hook_id"], ["hook.id"], name=op.f("fk_hook_call_hook_id_hook")),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_hook_call_record_id_record")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_call")),
        sa.UniqueConstraint("hook_id", "record_id", name=op.f("uq_hook_call_hook_id_record_id")),
    )  # fmt: skip
    owed = sa.text("state = 'owed'")
    op.create_index(
        "ix_hook_call_waiting",
        "hook_call",
        ["next_try_at", "id"],
        sqlite_where=owed,
        postgresql_where=owed,
    )
    for table, columns in NEW.items():
        _fill(table, columns)
    op.add_column("person", sa.Column("digest_at", sa.Time(), nullable=True))
    op.add_column("notice", sa.Column("arrived_at", Instant(timezone=True), nullable=True))
    op.drop_index("ix_notice_reminders", "notice")
    op.create_index("ix_notice_person", "notice", ["person_id", "ended_at"])
    op.create_index(op.f("ix_channel_outlet"), "channel", ["outlet"])
    op.create_index(op.f("ix_delivery_receipt"), "delivery", ["receipt"])
    with op.batch_alter_table("notice") as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
    _admit("notice", "kind", "noticekind", (*KINDS, "summary"))
    _admit("delivery", "outcome", "deliveryoutcome", (*OUTCOMES, "too_fast", "misconfigured"))


def downgrade() -> None:
    """Addresses stay sealed: whoever goes back sets them anew from the city file."""
    op.execute("UPDATE delivery SET outcome = 'temporary' WHERE outcome = 'too_fast'")
    op.execute("UPDATE delivery SET outcome = 'permanent' WHERE outcome = 'misconfigured'")
    summaries = "SELECT id FROM notice WHERE case_id IS NULL"
    op.execute(f"DELETE FROM delivery WHERE notice_id IN ({summaries})")  # noqa: S608 - constants
    op.drop_table("incoming")
    op.execute("DELETE FROM notice WHERE case_id IS NULL")
    _admit("delivery", "outcome", "deliveryoutcome", OUTCOMES)
    _admit("notice", "kind", "noticekind", KINDS)
    with op.batch_alter_table("notice") as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=False)
    reminds = sa.text("kind = 'reminder'")
    op.drop_index("ix_notice_person", "notice")
    op.create_index(
        "ix_notice_reminders",
        "notice",
        ["person_id", "ended_at"],
        sqlite_where=reminds,
        postgresql_where=reminds,
    )
    op.drop_index(op.f("ix_delivery_receipt"), "delivery")
    op.drop_index(op.f("ix_channel_outlet"), "channel")
    op.drop_column("notice", "arrived_at")
    op.drop_column("person", "digest_at")
    for table, columns in NEW.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
    for table in ("hook_call", "hook", "subscription", "outlet"):
        op.drop_table(table)


def _fill(table: str, columns: tuple) -> None:  # type: ignore[type-arg]
    """Add columns, and fill them in the rows there are."""
    for name, kind, value in columns:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table(table) as batch_op:
        for name, kind, _ in columns:
            batch_op.alter_column(name, existing_type=kind, server_default=None)


def _admit(table: str, column: str, kind: str, values: tuple[str, ...]) -> None:
    """Let a column hold exactly these values."""
    name = f"ck_{table}_{kind}"
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), sa.text(f"{column} IN ({listed})"))
