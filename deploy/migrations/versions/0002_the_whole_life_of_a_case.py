"""the whole life of a case

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from models.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTS = ("raised", "appeals", "relapses", "look_backs")
KEPT = ("record", "escalation", "journal", "checkpoint", "evidence", "review", "meeting", "cost",
        "measure")  # fmt: skip
"""Tables whose rows are only ever added."""

STAGES = ("dispatch", "sign", "handle", "rule", "verify", "publish")
DUTIES = ("contact", "head", "leader", "office", "discipline")
NOTICES = (
    "dispatched", "reminder", "escalation", "undecided", "returned", "submitted", "rework",
    "request", "decided", "transferred", "closed", "look_back",
)  # fmt: skip
NEW_NOTICES = (
    "urged", "ended", "resumed", "assigned", "confirmed", "taken_over", "withdrawn", "relapsed",
    "reopened", "exposed", "recomputed", "proposed",
)  # fmt: skip
CHOICES: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("escalation", "stage", "stage", STAGES, ("file", "look_back")),
    ("duty", "duty", "dutykind", DUTIES, ("handler", "inspector")),
    ("notice", "kind", "noticekind", NOTICES, NEW_NOTICES),
    ("notice", "state", "noticestate", ("owed", "sending", "sent", "dead", "moot"), ("capped",)),
    ("request", "kind", "requestkind", ("extension", "suspension"), ("appeal",)),
    ("request", "state", "requeststate", ("open", "granted", "refused"), ("lapsed",)),
)
"""Columns that admit more values: table, column, its constraint, the values before, the new."""


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("since", Instant(timezone=True), nullable=True),
        sa.Column("seed", sa.String(length=120), nullable=False),
        sa.Column("rate", sa.String(length=32), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
    )
    op.create_table(
        "cost",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "advanced",
                "settled",
                name="costkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_cost_case_id_case_")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost")),
    )
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cost_case_id"), ["case_id"], unique=False)

    op.create_table(
        "look_back",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=True),
        sa.Column("inspector_id", sa.Integer(), nullable=True),
        sa.Column("drawn_at", Instant(timezone=True), nullable=False),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.Column("done_at", Instant(timezone=True), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_look_back_case_id_case_")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_look_back_draw_id_draw")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["person.id"], name=op.f("fk_look_back_inspector_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_back")),
    )
    with op.batch_alter_table("look_back", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_look_back_case_id"), ["case_id"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("held_at", Instant(timezone=True), nullable=False),
        sa.Column("participants", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("minutes", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_meeting_case_id_case_")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_case_id"), ["case_id"], unique=False)

    op.create_table(
        "rota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column(
            "duty",
            sa.Enum(
                "handler",
                "contact",
                "head",
                "leader",
                "office",
                "discipline",
                "inspector",
                name="dutykind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("first_monday", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_rota_person_id_person")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rota_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota")),
        sa.UniqueConstraint(
            "unit_id", "duty", "position", name=op.f("uq_rota_unit_id_duty_position")
        ),
    )
    op.create_table(
        "journal",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_journal_record_id_record")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_journal")),
        sa.UniqueConstraint("record_id", name=op.f("uq_journal_record_id")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("cause_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "interview",
                "admonition",
                "reassignment",
                name="measurekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_at", Instant(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "recorded",
                "dismissed",
                name="proposalstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", Instant(timezone=True), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_proposal_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["cause_id"], ["escalation.id"], name=op.f("fk_proposal_cause_id_escalation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_proposal_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint(
            "unit_id", "rule", "cause_id", name=op.f("uq_proposal_unit_id_rule_cause_id")
        ),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_review_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("request_id", "actor", name=op.f("uq_review_request_id_actor")),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "interview",
                "admonition",
                "reassignment",
                name="measurekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("person", sa.String(length=60), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_measure_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_measure_proposal_id_proposal")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_measure_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("document", name=op.f("uq_measure_document")),
    )
    with op.batch_alter_table("assignment") as batch_op:
        batch_op.add_column(
            sa.Column("section", sa.String(length=60), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("handler_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("leader_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("late", sa.Boolean(), nullable=True))
        for column in ("handler_id", "leader_id"):
            name = batch_op.f(f"fk_assignment_{column}_person")
            batch_op.create_foreign_key(name, "person", [column], ["id"])

    with op.batch_alter_table("case_") as batch_op:
        batch_op.add_column(sa.Column("split_from", sa.Integer(), nullable=True))
        batch_op.alter_column("look_back_at", new_column_name="look_back_due_at")
        batch_op.add_column(sa.Column("look_back_from", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("inspector_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("verified_by", sa.String(length=60), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("raised_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("exempt", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        for column in COUNTS:
            batch_op.add_column(sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            batch_op.f("fk_case__inspector_id_person"), "person", ["inspector_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_case__split_from_case_"), "case_", ["split_from"], ["id"]
        )
    # Those drawn before the upgrade keep their date, and get a clock that began at closing.
    op.execute(
        "UPDATE case_ SET look_back_from = closed_at, look_backs = 1"
        " WHERE look_back_due_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO look_back (case_id, drawn_at, due_at, actor, reason)"
        " SELECT id, closed_at, look_back_due_at, '', '' FROM case_"
        " WHERE look_back_due_at IS NOT NULL"
    )

    with op.batch_alter_table("delivery") as batch_op:
        batch_op.add_column(
            sa.Column("message", sa.String(length=64), nullable=False, server_default="")
        )

    with op.batch_alter_table("notice") as batch_op:
        batch_op.create_index(
            "ix_notice_reminders",
            ["person_id", "ended_at"],
            sqlite_where=sa.text("kind = 'reminder'"),
            postgresql_where=sa.text("kind = 'reminder'"),
        )

    with op.batch_alter_table("escalation") as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_escalation_unit_id_unit"), "unit", ["unit_id"], ["id"]
        )
        batch_op.create_index(
            "ix_escalation_levels",
            ["unit_id", "at"],
            sqlite_where=sa.text("level > 0"),
            postgresql_where=sa.text("level > 0"),
        )

    with op.batch_alter_table("request") as batch_op:
        batch_op.add_column(sa.Column("needs", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(
            sa.Column("asked_by", sa.String(length=60), nullable=False, server_default="")
        )

    for table, column, kind, values, more in CHOICES:
        _admit(table, column, kind, values + more)
    _keep(*KEPT)


def downgrade() -> None:
    _let_go(*KEPT)
    for table, column, kind, values, _ in CHOICES:
        _admit(table, column, kind, values)

    with op.batch_alter_table("request") as batch_op:
        batch_op.drop_column("asked_by")
        batch_op.drop_column("needs")

    with op.batch_alter_table("escalation") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_escalation_unit_id_unit"), type_="foreignkey")
        batch_op.drop_index("ix_escalation_levels")
        batch_op.drop_column("unit_id")

    with op.batch_alter_table("notice") as batch_op:
        batch_op.drop_index("ix_notice_reminders")

    with op.batch_alter_table("delivery") as batch_op:
        batch_op.drop_column("message")

    with op.batch_alter_table("case_") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_case__split_from_case_"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_case__inspector_id_person"), type_="foreignkey")
        batch_op.alter_column("look_back_due_at", new_column_name="look_back_at")
        for column in (*COUNTS, "exempt", "raised_at", "verified_by", "inspector_id"):
            batch_op.drop_column(column)
        batch_op.drop_column("look_back_from")
        batch_op.drop_column("split_from")

    with op.batch_alter_table("assignment") as batch_op:
        for column in ("handler_id", "leader_id"):
            batch_op.drop_constraint(
                batch_op.f(f"fk_assignment_{column}_person"), type_="foreignkey"
            )
        for column in ("late", "confirmed_at", "leader_id", "handler_id", "section"):
            batch_op.drop_column(column)

    op.drop_table("measure")
    op.drop_table("review")
    op.drop_table("proposal")
    op.drop_table("journal")
    op.drop_table("rota")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_case_id"))

    op.drop_table("meeting")
    with op.batch_alter_table("look_back", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_look_back_case_id"))

    op.drop_table("look_back")
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cost_case_id"))

    op.drop_table("cost")
    op.drop_table("draw")
    op.drop_table("checkpoint")


def _admit(table: str, column: str, kind: str, values: tuple[str, ...]) -> None:
    """Let a column hold exactly these values."""
    name = f"ck_{table}_{kind}"
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(batch_op.f(name), type_="check")
        batch_op.create_check_constraint(batch_op.f(name), sa.text(f"{column} IN ({listed})"))


def _keep(*tables: str) -> None:
    """Rows of these tables are only ever added: the database refuses what changes them."""
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{table}: rows are only ever added'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION duban_keep() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '%: rows are only ever added', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION duban_keep()"
        )


def _let_go(*tables: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in tables:
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER keep_{table}_{verb}")
        return
    for table in tables:
        op.execute(f"DROP TRIGGER keep_{table} ON {table}")
    op.execute("DROP FUNCTION duban_keep()")
