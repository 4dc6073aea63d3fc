"""One database: its engine, its transactions, and its errors in our words."""

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    StorageError,
    StorageFullError,
    StorageUnwritableError,
)

BUSY_TIMEOUT_MS = 10_000  # a writer waits this long for another; one transaction takes milliseconds
_RETRY_S = 0.01

# Options of a connection that `_begin_sqlite` looks at.
_WRITES = "segearth_writes"
_MIGRATES = "segearth_migrates"


class Database:
    """An engine and its transactions; safe for several threads. Close it at the end of the process."""

    def __init__(self, url: str | URL) -> None:
        """Prepare the engine; nothing is opened yet.

        Args:
            url: an SQLAlchemy URL, for example "sqlite:////folder/history.sqlite" or "postgresql+psycopg://...".
        """
        self._engine = create_engine(make_url(url), hide_parameters=True)
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @property
    def engine(self) -> Engine:
        """The engine, for migrations."""
        return self._engine

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database throughout."""
        with translate_database_errors(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose changes are all kept at the end, or none on an error.

        On SQLite the write lock is taken at the beginning: two writers follow one another, and what was read in
        the transaction is still true when it is written.
        """
        with translate_database_errors(), Session(self._engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options={_WRITES: True})
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Yield a connection for changing the schema: a writing transaction that may take tables apart.

        SQLite changes a table by dropping it after a copy; with foreign keys on, that would delete every row that
        points at it. They are checked at the end instead.
        """
        with translate_database_errors(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True, _MIGRATES: True})
            try:
                with connection.begin():
                    yield connection
                    if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise DatabaseUnavailableError(
                            "The history could not be brought to the new version; it was left as it was."
                        )
            finally:
                connection.invalidate()  # its foreign keys are off: it must not go back into the pool

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def sqlite_url(path: Path) -> URL:
    """Return the URL of the SQLite file at `path`."""
    return URL.create("sqlite", database=str(path.resolve()))


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Turn what SQLAlchemy and its driver raise into a `StorageError`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _in_our_words(error, getattr(error, "orig", None)) from error
    except sqlite3.Error as error:  # raised as it is by what runs on a new connection
        raise _in_our_words(error, error) from error


def _in_our_words(error: Exception, original: BaseException | None) -> StorageError:
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        primary = code & 0xFF  # the extended codes carry the primary one in their low byte
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return DatabaseBusyError()
        if primary == sqlite3.SQLITE_FULL:
            return StorageFullError()
        if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StorageUnwritableError()
    if getattr(original, "sqlstate", None) == "53100":  # PostgreSQL: disk full
        return StorageFullError()
    if isinstance(original, OSError) and original.errno == errno.ENOSPC:
        return StorageFullError()
    return DatabaseUnavailableError()


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin late and end early (at DDL); `_begin_sqlite` begins them instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")  # first: the next line may have to wait
    _keep_log(cursor)
    cursor.execute("PRAGMA synchronous = NORMAL")  # with WAL: a power cut may lose the last turn, never the file
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _keep_log(cursor: DBAPICursor) -> None:
    """Let the file keep a write-ahead log; where it is new and others do the same at this moment, after them.

    SQLite does not wait here by itself: where two would change the mode at once, it refuses one of them on the spot.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(_RETRY_S)  # noqa: TID251 - nothing tells when another process is done


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_MIGRATES, False):
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # has no effect once a transaction is open
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN")
