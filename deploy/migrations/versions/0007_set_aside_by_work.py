"""a case is set aside for one work, and the others on it go on

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _key("case_id", "work")


def downgrade() -> None:
    """Of a case that waits for several things the first row stays; the rest is found again."""
    rows = sa.table("set_aside", sa.column("case_id"), sa.column("work"))
    other = rows.alias()
    twice = sa.exists().where(other.c.case_id == rows.c.case_id, other.c.work < rows.c.work)
    op.execute(sa.delete(rows).where(twice))
    _key("case_id")


def _key(*columns: str) -> None:
    with op.batch_alter_table("set_aside") as batch_op:
        batch_op.drop_constraint(batch_op.f("pk_set_aside"), type_="primary")
        batch_op.create_primary_key(batch_op.f("pk_set_aside"), list(columns))
