"""shards, heartbeats, cases set aside, an archive of notices

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from models.columns import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = (
    "dispatched", "reminder", "escalation", "undecided", "returned", "submitted", "rework",
    "request", "decided", "transferred", "closed", "ended", "resumed", "look_back", "urged",
    "assigned", "confirmed", "taken_over", "withdrawn", "relapsed", "reopened", "exposed",
    "recomputed", "proposed", "summary",
)  # fmt: skip
STATES = ("owed", "sending", "sent", "dead", "moot", "capped")


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=True),
        sa.Column("took", sa.Float(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("last", sa.JSON(), nullable=False),
        sa.Column("done", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", Instant(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "set_aside",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("work", sa.String(length=32), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant(timezone=True), nullable=False),
        sa.Column("last_at", Instant(timezone=True), nullable=False),
        sa.Column("retry_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_set_aside_case_id_case_")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_set_aside")),
    )
    _archive()
    # Reckoned by the database: on PostgreSQL the table is written once more for it.
    op.add_column(
        "case_",
        sa.Column("shard", sa.Integer(), sa.Computed("COALESCE(area_id, id) % 64"), nullable=False),
    )
    looked_at = sa.text("next_look_at IS NOT NULL")
    op.create_index(
        "ix_case__shard_look",
        "case_",
        ["shard", "next_look_at", "id"],
        sqlite_where=looked_at,
        postgresql_where=looked_at,
    )
    op.add_column("delivery", sa.Column("took", sa.Float(), nullable=True))


def _archive() -> None:
    op.create_table(
        "past_notice",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of("noticekind", KINDS), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("owed_at", Instant(timezone=True), nullable=False),
        sa.Column("next_try_at", Instant(timezone=True), nullable=False),
        sa.Column("state", _one_of("noticestate", STATES), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("forgiven", sa.Integer(), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.Column("arrived_at", Instant(timezone=True), nullable=True),
        sa.Column("read_at", Instant(timezone=True), nullable=True),
        sa.Column("deliveries", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_past_notice_case_id_case_")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_past_notice_person_id_person")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_past_notice_unit_id_unit")),
        sa.PrimaryKeyConstraint("year", "id", name=op.f("pk_past_notice")),
        postgresql_partition_by="LIST (year)",
    )
    op.create_index("ix_past_notice_case_id", "past_notice", ["case_id"])
    op.create_index("ix_past_notice_key", "past_notice", ["key"])


def _one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    """What was archived goes with its table: go back only before anything is."""
    op.drop_column("delivery", "took")
    op.drop_index("ix_case__shard_look", "case_")
    op.drop_column("case_", "shard")
    for table in ("past_notice", "set_aside", "heartbeat"):
        op.drop_table(table)
