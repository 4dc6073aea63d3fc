"""Bringing a database to the newest schema, without an alembic.ini."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection

from storage.database import Database
from storage.errors import DatabaseTooNewError

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "head"


def upgrade_to_head(database: Database) -> None:
    """Run every migration that the database has not seen; all in one transaction, rows kept.

    Two processes that start at once follow one another.

    Raises:
        DatabaseTooNewError: made by a later version of this program.
        StorageError: it cannot be opened or written.
    """
    migrate(database, HEAD)


def migrate(database: Database, revision: str) -> None:
    """Bring the database to `revision` ("head", or a number such as "0001"); errors as `upgrade_to_head`."""
    with database.migrating() as connection:
        try:
            command.upgrade(build_config(connection), revision)
        except CommandError as error:
            if isinstance(error.__cause__, RevisionError):
                raise DatabaseTooNewError from error
            raise


def newest_revision() -> str | None:
    """Return the revision that this program's tables have."""
    return ScriptDirectory.from_config(build_config(None)).get_current_head()


def build_config(connection: Connection | None) -> Config:
    """Return what alembic wants to know; `connection` is handed to `migrations/env.py`."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
