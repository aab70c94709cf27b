"""a part in a case knows whether the case is open

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IS_OPEN = (
    "status IN ('reported', 'filed', 'undecided', 'dispatched', 'in_progress', 'returned', "
    "'suspended', 'submitted', 'rework')"
)


def upgrade() -> None:
    op.add_column(
        "assignment", sa.Column("case_open", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.execute(
        "UPDATE assignment SET case_open = false"  # noqa: S608 - a constant
        f" WHERE case_id NOT IN (SELECT id FROM case_ WHERE {IS_OPEN})"
    )
    with op.batch_alter_table("assignment") as table:
        table.alter_column("case_open", server_default=None)
    op.create_index(
        "ix_assignment_open",
        "assignment",
        ["unit_id", "case_id"],
        sqlite_where=sa.text("case_open = 1 AND ended_at IS NULL"),
        postgresql_where=sa.text("case_open AND ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_assignment_open", "assignment")
    op.drop_column("assignment", "case_open")
