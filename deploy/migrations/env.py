"""Alembic's entry: the tables of `models`, on the connection it is given."""

import importlib
import os
import pkgutil

from alembic import context
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import models

for module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"models.{module.name}")


def run(connection) -> None:  # type: ignore[no-untyped-def]
    """Run the migrations on an open connection."""
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = os.environ["DUBAN_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    with create_engine(url).connect() as opened:
        run(opened)
        opened.commit()
