"""`python -m tests.migrations`: do the migrations make the tables that the models say?

An empty database goes up to head, is compared, goes down to nothing and up again; on SQLite and
on PostgreSQL. Alembic does not compare CHECK constraints, so their values are compared here.
"""

import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import alembic.command
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

import models
from tests.ledger import postgresql

MIGRATIONS = Path(__file__).parents[1] / "deploy" / "migrations"

for _module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"models.{_module.name}")


def wrong(connection: Connection) -> Iterator[str]:
    """Everything that is wrong with the migrations, found on an empty database."""
    upgrade(connection)
    yield from drift(connection)
    downgrade(connection)
    left = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    if left:
        yield f"going down to nothing leaves tables: {', '.join(sorted(left))}"
        return
    upgrade(connection)
    yield from drift(connection)


def upgrade(connection: Connection) -> None:
    """Bring the database up to the newest revision."""
    alembic.command.upgrade(_config(connection), "head")


def downgrade(connection: Connection) -> None:
    """Take every revision back."""
    alembic.command.downgrade(_config(connection), "base")


def drift(connection: Connection) -> Iterator[str]:
    """Where the tables of the database are not those of the models."""
    context = MigrationContext.configure(connection)
    for difference in compare_metadata(context, SQLModel.metadata):
        yield f"models and migrations differ: {difference}"
    for table in SQLModel.metadata.sorted_tables:
        yield from _checks(connection, table)


def _checks(connection: Connection, table: sa.Table) -> Iterator[str]:
    found = {
        str(check["name"]): set(re.findall(r"'([^']*)'", check["sqltext"]))
        for check in sa.inspect(connection).get_check_constraints(table.name)
    }
    for column in table.columns:
        if not isinstance(column.type, sa.Enum):
            continue
        here = found.pop(f"ck_{table.name}_{column.type.name}", set())
        if here != set(column.type.enums):
            odd = ", ".join(sorted(here.symmetric_difference(column.type.enums)))
            yield f"models and migrations differ: {table.name}.{column.name}, CHECK values: {odd}"
    for name in found:
        yield f"models and migrations differ: {table.name} has a CHECK {name} the models lack"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _sqlite() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/empty.db"


@contextmanager
def _postgresql() -> Iterator[str]:
    with postgresql.server() as maintenance:
        name = f"duban_migrations_{os.getpid()}"
        yield postgresql.create(maintenance, name)
        postgresql.drop(maintenance, name)


def main() -> int:
    """Try both databases; 1 when anything is wrong."""
    kinds = {"SQLite": _sqlite, "PostgreSQL": _postgresql}
    if os.environ.get("DUBAN_TEST_NO_PG") == "1":
        kinds.pop("PostgreSQL")
    failed = False
    for kind, empty in kinds.items():
        with empty() as url:
            engine = sa.create_engine(url)
            with engine.begin() as connection:
                troubles = list(wrong(connection))
            engine.dispose()
        failed = failed or bool(troubles)
        print(f"{kind}: {'migrations and models agree' if not troubles else ''}".strip())
        print(*(f"  {trouble}" for trouble in troubles), sep="\n", end="" if not troubles else "\n")
    if failed:
        print("Write a revision: alembic revision --autogenerate -m 'what changed'")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
