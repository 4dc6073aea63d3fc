"""SQLite is set up for several threads, and its errors are told in our words."""

import inspect
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy.exc
from sqlalchemy import text

from storage import database as module
from storage.database import Database, sqlite_url, translate_database_errors
from storage.errors import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    StorageError,
    StorageFullError,
    StorageUnwritableError,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "history.sqlite"))
    with database.writing() as session:
        session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, line TEXT NOT NULL)"))
    yield database
    database.close()


def count_notes(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM notes")).scalar_one())


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", module.BUSY_TIMEOUT_MS)]
)
def test_each_connection_is_prepared(database: Database, pragma: str, value: object) -> None:
    with database.reading() as session:
        assert session.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_what_is_written_is_kept_at_the_end(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("INSERT INTO notes (line) VALUES ('a')"))
    assert count_notes(database) == 1


def insert_and_fail(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("INSERT INTO notes (line) VALUES ('a')"))
        raise KeyError


def test_an_error_keeps_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        insert_and_fail(database)
    assert count_notes(database) == 0


def test_a_reader_sees_one_state_while_another_writes(database: Database) -> None:
    with database.reading() as reader:
        assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0
        with database.writing() as writer:
            writer.execute(text("INSERT INTO notes (line) VALUES ('a')"))
        assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0
    assert count_notes(database) == 1


def test_a_second_writer_waits_and_then_says_that_it_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 1)
    impatient = Database(sqlite_url(tmp_path / "history.sqlite"))
    with database.writing(), pytest.raises(DatabaseBusyError, match="try again in a moment"), impatient.writing():
        pass
    impatient.close()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "nowhere" / "history.sqlite"))
    with pytest.raises(StorageUnwritableError, match="cannot be written"), database.writing():
        pass
    database.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"Dear all, " * 1000)
    database = Database(sqlite_url(tmp_path / "history.sqlite"))
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached"), database.reading() as session:
        session.execute(text("SELECT 1"))
    database.close()


def fill_the_disk(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("PRAGMA max_page_count = 3"))
        session.execute(text("INSERT INTO notes (line) VALUES (:line)"), {"line": "x" * 100_000})


def test_a_full_disk_is_said(database: Database) -> None:
    with pytest.raises(StorageFullError, match="disk is full"):
        fill_the_disk(database)
    assert count_notes(database) == 0


def test_a_sentence_names_neither_path_nor_statement(database: Database) -> None:
    with pytest.raises(StorageError) as caught, database.writing() as session:
        session.execute(text("INSERT INTO secrets (line) VALUES ('password')"))
    for word in ("secrets", "password", "sqlite", "INSERT"):
        assert word not in str(caught.value)


# Drivers that imitate the DBAPI raise it, and SQLAlchemy wraps it in one of the others before we see it.
WRAPPED = {"EmulatedDBAPIException"}


def errors_of_sqlalchemy() -> list[type[Exception]]:
    return [
        error
        for name, error in vars(sqlalchemy.exc).items()
        if inspect.isclass(error) and issubclass(error, Exception) and not issubclass(error, Warning)
        if name not in WRAPPED
    ]


@pytest.mark.parametrize("error", [*errors_of_sqlalchemy(), sqlite3.OperationalError, sqlite3.DatabaseError])
def test_every_error_of_the_database_has_a_translation(error: type[Exception]) -> None:
    raised = error.__new__(error)
    with pytest.raises(StorageError), translate_database_errors():
        raise raised
