"""The database: one transaction or nothing, and a clear word when it cannot be used."""

from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ledger.changes import CaseState, Change, Overtaken, apply, table
from ledger.database import BadValue, DatabaseTrouble, Ledger, connect, mask, migrate
from ledger.scope import is_open
from models.case import Case, Status
from models.notice import Notice
from models.record import Record
from models.verb import Verb
from models.words import Trouble
from tests import migrations
from tests.conftest import BOTH, Databases
from tests.world import World


@pytest.mark.parametrize("kind", BOTH)
def test_migrations_make_the_tables_of_the_models_and_take_them_back(
    databases: Databases, kind: str
) -> None:
    engine = sa.create_engine(databases(kind, ""))
    with engine.begin() as connection:
        assert list(migrations.wrong(connection)) == []
    engine.dispose()


def test_a_status_without_a_migration_is_noticed(pg_world: World) -> None:
    with pg_world.ledger.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE case_ DROP CONSTRAINT ck_case__status"))
        known = "ALTER TABLE case_ ADD CONSTRAINT ck_case__status CHECK (status IN ('filed'))"
        connection.execute(sa.text(known))
        found = list(migrations.drift(connection))
    assert len(found) == 1
    assert "case_.status, CHECK values: " in found[0]


def test_a_column_without_a_migration_is_noticed(world: World) -> None:
    with world.ledger.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE person ADD COLUMN shoe_size INTEGER"))
        found = list(migrations.drift(connection))
    assert [("shoe_size" in words, "differ" in words) for words in found] == [(True, True)]


def test_migrating_twice_changes_nothing_and_leaves_no_connection(
    world: World, database: str
) -> None:
    world.report("解放路12号", "路面积水")
    before = world.rows(Case)
    migrate(database)
    assert world.rows(Case) == before
    if world.ledger.postgresql:
        here = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        world.ledger.engine.dispose()
        with world.ledger.transaction() as connection:
            assert connection.execute(sa.text(here)).scalar_one() == 1


@pytest.mark.parametrize("kind", BOTH)
def test_a_database_not_set_up_says_what_to_run(databases: Databases, kind: str) -> None:
    with pytest.raises(DatabaseTrouble) as caught:
        connect(databases(kind, ""))
    assert "duban init" in caught.value.words.zh
    assert "duban init" in caught.value.words.en


def test_opening_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(DatabaseTrouble):
        connect(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_new_sqlite_database_makes_its_folder(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/a/b/duban.db")
    connect(f"sqlite:///{tmp_path}/a/b/duban.db").engine.dispose()


@pytest.mark.parametrize(
    ("version", "todo"), [("0001", "Back it up"), ("f00d", "use the program that set it up")]
)
def test_a_database_of_another_version_is_not_touched(
    world: World, database: str, version: str, todo: str
) -> None:
    with world.ledger.transaction() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{version}'"))
    with pytest.raises(DatabaseTrouble) as caught:
        connect(database)
    assert version in caught.value.words.zh
    assert todo in caught.value.words.en


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://duban:geheim@127.0.0.1:1/duban",
        "postgresql+psycopg://duban:geheim@127.0.0.1:1/duban",
        "postgres://duban:geheim@127.0.0.1:1/duban",
        "mysql://duban:geheim@127.0.0.1/duban",
        "nonsense://duban:geheim@nowhere",
        "duban:geheim@nowhere",
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str) -> None:
    for use in (connect, migrate):
        with pytest.raises(DatabaseTrouble) as caught:
            use(url)
        assert "geheim" not in f"{caught.value.words.zh}{caught.value.words.en}{caught.value}"
        assert caught.value.words.zh
        assert caught.value.words.en


def test_a_file_that_is_no_database_is_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear Carol, this is not a database. " * 100)
    with pytest.raises(DatabaseTrouble, match="无法使用数据库"):
        connect(f"sqlite:///{file}")


def test_a_password_is_masked() -> None:
    assert mask("postgresql://duban:geheim@host/name") == "postgresql://duban:***@host/name"


def test_a_transaction_that_fails_leaves_nothing(world: World) -> None:
    cases, before = table(Case), world.report("解放路12号", "路面积水")
    with pytest.raises(ConnectionError), world.ledger.transaction() as connection:  # noqa: PT012
        connection.execute(sa.update(cases).values(place="人民路5号"))
        raise ConnectionError("the cable was pulled")
    assert world.case(before).place == "解放路12号"


def test_our_own_mistakes_are_not_taken_for_a_database_that_is_away(world: World) -> None:
    world.report("解放路12号", "路面积水")
    cases = table(Case)
    with pytest.raises(IntegrityError), world.ledger.transaction() as connection:
        connection.execute(sa.update(cases).values(status=sa.literal_column("'gone'")))


def test_a_ledger_without_a_city_says_what_to_run(database: str) -> None:
    from ledger.reference import read

    ledger = connect(database)
    with pytest.raises(Trouble, match="duban init"), ledger.transaction() as connection:
        read(connection)
    ledger.engine.dispose()


# -- compare and set ---------------------------------------------------------------------------


def _states(world: World) -> list[CaseState]:
    with world.ledger.transaction() as connection:
        rows = connection.execute(sa.select(table(Case)).order_by(table(Case).c.id)).mappings()
        return [CaseState(row) for row in rows.all()]


def _close(case: CaseState, world: World) -> Change:
    change = Change(case)
    change.move(Status.CLOSED, world.now)
    change.record(Verb.VERIFY_PASS, world.now, "核查通过，销号。")
    return change


def test_one_case_overtaken_in_a_batch_undoes_the_whole_batch(world: World) -> None:
    numbers = [world.report(f"解放路{n}号", f"第{n}处积水") for n in (1, 2, 3)]
    stale = [_close(state, world) for state in _states(world)]
    world.bob.signs(numbers[1])
    before = [world.rows(model) for model in (Case, Record, Notice)]
    with pytest.raises(Overtaken), world.ledger.transaction() as connection:
        apply(connection, stale)
    assert [world.rows(model) for model in (Case, Record, Notice)] == before


def test_a_version_counts_every_write_of_a_case(world: World) -> None:
    case = world.report("解放路12号", "路面积水")
    assert world.case(case).version == 0
    world.bob.signs(case)
    world.carol.notes(case, "已电话联系")
    assert world.case(case).version == 2


def test_a_url_may_leave_the_driver_out(database: str) -> None:
    plain = database.replace("postgresql+psycopg", "postgresql")
    connect(plain).engine.dispose()


def test_a_value_that_no_row_can_hold_is_refused_with_words(ledger: Ledger) -> None:
    cases = table(Case)
    for value in (10**30, 2**40):
        query = sa.select(cases.c.id).where(cases.c.id == value)
        with (
            suppress(BadValue),  # SQLite can hold the smaller one
            ledger.transaction() as connection,
        ):
            assert connection.execute(query).all() == []
    with pytest.raises(BadValue), ledger.transaction() as connection:
        connection.execute(sa.select(cases.c.id).where(cases.c.id == 10**30))


def test_sqlite_reads_by_the_index_that_a_statement_names(sqlite_world: World) -> None:
    cases = table(Case)
    named = "INDEXED BY ix_case__open_due"
    query = sa.select(cases.c.id).where(is_open).with_hint(cases, named, "sqlite")
    assert named in str(query.compile(sqlite_world.ledger.engine))
    assert named not in str(
        query.compile(dialect=sa.create_engine("postgresql+psycopg://").dialect)
    )
    with sqlite_world.ledger.snapshot() as connection:
        connection.execute(query)
