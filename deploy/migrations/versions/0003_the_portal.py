"""the portal: accounts, photos, links, remarks

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from models.columns import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IS_OPEN = (
    "status IN ('reported', 'filed', 'undecided', 'dispatched', 'in_progress', 'returned', "
    "'suspended', 'submitted', 'rework')"
)
FEW = {
    "request": ("ix_request_open", "decided_at IS NULL"),
    "notice": ("ix_notice_failed", "state IN ('dead', 'capped')"),
}
"""Indexes of the few rows that wait for somebody, among many that do not."""
KEPT = ("act", "remark")
"""Tables whose rows are only ever added."""


def upgrade() -> None:

    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(timezone=True), nullable=True),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("password_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )
    op.create_table(
        "act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_act_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_act")),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("linked_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_identity_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_account_id"), ["account_id"], unique=False)

    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("used_at", Instant(timezone=True), nullable=True),
        sa.Column("revoked_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_link_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_link_person_id_person")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_link_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_link_digest")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_case_id"), ["case_id"], unique=False)

    op.create_table(
        "once",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_once_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_once")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_once_account_id_key")),
    )
    op.create_table(
        "photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "finding",
                "submission",
                "verification",
                "look_back",
                name="photopurpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("record_seq", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("taken_at", Instant(timezone=True), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_photo_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_photo_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.create_index("ix_photo_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_photo_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_photo_source", ["source"], unique=False)
        batch_op.create_index("ix_photo_path", ["path"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "inspector",
                "contact",
                "head",
                "supervisor",
                "leader",
                "administrator",
                name="accountrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id_account")
        ),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_role_grant_area_id_area")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "unit_id",
            "area_id",
            name=op.f("uq_role_grant_account_id_role_unit_id_area_id"),
        ),
    )
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_grant_account_id"), ["account_id"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=True),
        sa.Column("revoked_at", Instant(timezone=True), nullable=True),
        sa.Column("used_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_token_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "photo_print",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=16), nullable=False),
        sa.Column("bits", sa.String(length=16), nullable=False),
        sa.Column("b0", sa.Integer(), nullable=False),
        sa.Column("b1", sa.Integer(), nullable=False),
        sa.Column("b2", sa.Integer(), nullable=False),
        sa.Column("b3", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["photo.id"], name=op.f("fk_photo_print_photo_id_photo")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_print")),
    )
    with op.batch_alter_table("photo_print", schema=None) as batch_op:
        batch_op.create_index("ix_photo_print_b0", ["b0"], unique=False)
        batch_op.create_index("ix_photo_print_b1", ["b1"], unique=False)
        batch_op.create_index("ix_photo_print_b2", ["b2"], unique=False)
        batch_op.create_index("ix_photo_print_b3", ["b3"], unique=False)
        batch_op.create_index(batch_op.f("ix_photo_print_photo_id"), ["photo_id"], unique=False)

    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "seen",
                "comment",
                name="remarkkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_remark_case_id_case_")),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalation.id"], name=op.f("fk_remark_escalation_id_escalation")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_remark_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
    )
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_remark_escalation_id"), ["escalation_id"], unique=False
        )

    op.create_table(
        "session_",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("seen_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("revoked_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_session__account_id_account")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_session__link_id_link")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_session__person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_")),
        sa.UniqueConstraint("digest", name=op.f("uq_session__digest")),
    )
    with op.batch_alter_table("session_", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session__person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assignment_unit_id"))
        batch_op.create_index("ix_assignment_unit_id_case_id", ["unit_id", "case_id"], unique=False)

    with op.batch_alter_table("case_", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lat", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("lon", sa.Float(), nullable=True))
        batch_op.create_index("ix_case__status_step", ["status", "step_due_at", "id"], unique=False)
        batch_op.create_index("ix_case__area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index(
            "ix_case__open_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text(IS_OPEN),
            postgresql_where=sa.text(IS_OPEN),
        )
        batch_op.create_index(
            "ix_case__open_lat",
            ["lat", "lon"],
            unique=False,
            sqlite_where=sa.text(IS_OPEN),
            postgresql_where=sa.text(IS_OPEN),
        )

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_finding_person_id_id", ["person_id", "id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_finding_person_id_person"), "person", ["person_id"], ["id"]
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("read_at", Instant(timezone=True), nullable=True))
    for table, (name, condition) in FEW.items():
        some = sa.text(condition)
        op.create_index(name, table, ["id"], sqlite_where=some, postgresql_where=some)
    op.create_index("ix_look_back_inspector", "look_back", ["inspector_id", "done_at"])
    for table in KEPT:
        _keep(table)


def downgrade() -> None:
    for table, (name, _) in FEW.items():
        op.drop_index(name, table)
    op.drop_index("ix_look_back_inspector", "look_back")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("read_at")

    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_finding_person_id_person"), type_="foreignkey")
        batch_op.drop_index("ix_finding_person_id_id")
        batch_op.drop_column("person_id")

    with op.batch_alter_table("case_", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_case__open_lat", sqlite_where=sa.text(IS_OPEN), postgresql_where=sa.text(IS_OPEN)
        )
        batch_op.drop_index(
            "ix_case__open_due", sqlite_where=sa.text(IS_OPEN), postgresql_where=sa.text(IS_OPEN)
        )
        batch_op.drop_index("ix_case__area_id_id")
        batch_op.drop_index("ix_case__status_step")
        batch_op.drop_column("lon")
        batch_op.drop_column("lat")

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_index("ix_assignment_unit_id_case_id")
        batch_op.create_index(batch_op.f("ix_assignment_unit_id"), ["unit_id"], unique=False)

    with op.batch_alter_table("session_", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session__person_id"))

    op.drop_table("session_")
    with op.batch_alter_table("remark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_remark_escalation_id"))

    op.drop_table("remark")
    with op.batch_alter_table("photo_print", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_photo_print_photo_id"))
        batch_op.drop_index("ix_photo_print_b3")
        batch_op.drop_index("ix_photo_print_b2")
        batch_op.drop_index("ix_photo_print_b1")
        batch_op.drop_index("ix_photo_print_b0")

    op.drop_table("photo_print")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_account_id"))

    op.drop_table("token")
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grant_account_id"))

    op.drop_table("role_grant")
    with op.batch_alter_table("photo", schema=None) as batch_op:
        batch_op.drop_index("ix_photo_source")
        batch_op.drop_index("ix_photo_path")
        batch_op.drop_index("ix_photo_person_id")
        batch_op.drop_index("ix_photo_case_id")

    op.drop_table("photo")
    op.drop_table("once")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_case_id"))

    op.drop_table("link")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_account_id"))

    op.drop_table("identity")
    op.drop_table("act")
    op.drop_table("account")


def _keep(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table}: rows are only ever added'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION duban_keep()"
    )
