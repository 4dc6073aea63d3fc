"""Migrations lead from nothing to the tables that the program has, and keep what is there."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from assistant.conversation import NewMessage, Role
from storage.blobs import LocalBlobStore
from storage.database import Database, sqlite_url
from storage.errors import DatabaseTooNewError, DatabaseUnavailableError
from storage.history import SqlHistory
from storage.schema import build_config, migrate, newest_revision, upgrade_to_head
from storage.tables import Base
from tests.fakes.stores import open_store


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path / "100% mine" / "history.sqlite"))
    (tmp_path / "100% mine").mkdir()
    yield database
    database.close()


def revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def tables_of(database: Database) -> set[str]:
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


def test_from_empty_to_the_newest_revision(database: Database) -> None:
    upgrade_to_head(database)
    with database.reading() as session:
        assert revision_of(session.connection()) == newest_revision() == "0005"
    assert tables_of(database) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrated_tables_and_the_programs_tables_agree(database: Database) -> None:
    upgrade_to_head(database)
    with database.reading() as session:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_every_foreign_key_of_the_tables_is_in_the_database(database: Database) -> None:
    upgrade_to_head(database)
    with database.reading() as session:
        inspector = inspect(session.connection())
        found = {
            (table, key["constrained_columns"][0], key["referred_table"], key["options"].get("ondelete"))
            for table in Base.metadata.tables
            for key in inspector.get_foreign_keys(table)
        }
    assert found == {
        ("conversations", "head_message_id", "messages", "SET NULL"),
        ("conversations", "tip_message_id", "messages", "SET NULL"),
        ("messages", "conversation_id", "conversations", "CASCADE"),
        ("messages", "parent_id", "messages", "CASCADE"),
        ("messages", "image_digest", "images", None),
    }


def test_every_migration_can_be_undone(database: Database) -> None:
    upgrade_to_head(database)
    with database.migrating() as connection:
        command.downgrade(build_config(connection), "base")
    assert tables_of(database) == {"alembic_version"}
    upgrade_to_head(database)
    assert "messages" in tables_of(database)


def test_a_conversation_from_before_the_branches_is_one_branch_and_its_pointer_at_the_end(
    database: Database, tmp_path: Path
) -> None:
    migrate(database, "0001")
    moment = "2030-01-01 00:00:00"
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql(
            "INSERT INTO conversations (id, owner, title, title_folded, created_at, updated_at) "
            f"VALUES ('c', 'ann', 'fields', 'fields', '{moment}', '{moment}')"
        )
        for message_id, parent in (("m1", "NULL"), ("m2", "'m1'")):
            connection.exec_driver_sql(
                "INSERT INTO messages (id, conversation_id, parent_id, role, status, text, text_folded, created_at, "
                f"seconds) VALUES ('{message_id}', 'c', {parent}, 'user', 'complete', 'hi', 'hi', '{moment}', '{{}}')"
            )
        connection.exec_driver_sql("UPDATE conversations SET head_message_id = 'm2'")
    upgrade_to_head(database)
    tree = SqlHistory(database, LocalBlobStore(tmp_path / "blobs")).load_tree("ann", "c")
    assert [message.id for message in tree.path_to(tree.pointer_id)] == ["m1", "m2"]
    assert tree.tip_id == "m2"
    assert {(message.making, message.mask_parents) for message in tree.messages} == {(None, ())}


def test_migrations_form_one_numbered_line() -> None:
    scripts = list(ScriptDirectory.from_config(build_config(None)).walk_revisions())[::-1]
    assert [script.revision for script in scripts] == [f"{number:04}" for number in range(1, len(scripts) + 1)]
    for script in scripts:
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_the_migrations_can_be_written_for_postgresql() -> None:
    statements = io.StringIO()
    context = MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True, "output_buffer": statements})
    with Operations.context(context):
        for script in list(ScriptDirectory.from_config(build_config(None)).walk_revisions())[::-1]:
            script.module.upgrade()
    sql = " ".join(statements.getvalue().split())
    assert "created_at TIMESTAMP WITH TIME ZONE NOT NULL" in sql
    # After both tables: PostgreSQL takes no key to a table that is not there yet.
    assert sql.index("CREATE TABLE messages") < sql.index(
        "ALTER TABLE conversations ADD CONSTRAINT fk_conversations_head_message_id_messages"
    )


def test_opening_again_keeps_every_row(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation("ann", "fields")
        message = store.history.append_message("ann", conversation.id, NewMessage(Role.USER, "hello"))
    with open_store(tmp_path) as store:
        assert list(store.history.list_messages("ann", conversation.id)) == [message]


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    databases = [Database(sqlite_url(tmp_path / "history.sqlite")) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(upgrade_to_head, databases))
    for database in databases:
        database.close()
    assert "messages" in tables_of(databases[0])
    databases[0].close()


def test_many_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    def write(database: Database) -> None:
        gate.wait(timeout=30)
        with database.writing():
            pass

    # Refused about once in 200 openings before the log was waited for; 40 rounds of eight mostly met it.
    for number in range(40):
        gate = Barrier(8)
        databases = [Database(sqlite_url(tmp_path / f"{number}.sqlite")) for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, databases))
        for database in databases:
            database.close()


def test_a_database_of_a_newer_program_is_left_alone_and_said(database: Database) -> None:
    upgrade_to_head(database)
    with database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNewError, match="newer version"):
        upgrade_to_head(database)
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_a_migration_that_breaks_a_reference_is_undone(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation("ann", "fields")
        store.history.append_message("ann", conversation.id, NewMessage(Role.USER, "hello"))
        with pytest.raises(DatabaseUnavailableError, match="left as it was"), store.database.migrating() as connection:
            connection.exec_driver_sql("UPDATE messages SET image_digest = 'none such'")
        assert len(store.history.list_messages("ann", conversation.id)) == 1


def test_a_table_can_be_taken_apart_without_losing_what_points_at_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation("ann", "fields")
        message = store.history.append_message("ann", conversation.id, NewMessage(Role.USER, "hello"))
        with store.database.migrating() as connection:
            definition = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE name = 'conversations'"
            ).scalar_one()
            connection.exec_driver_sql(definition.replace('"conversations"', '"copy"', 1))
            connection.exec_driver_sql("INSERT INTO copy SELECT * FROM conversations")
            connection.exec_driver_sql("DROP TABLE conversations")
            connection.exec_driver_sql("ALTER TABLE copy RENAME TO conversations")
        assert list(store.history.list_messages("ann", conversation.id)) == [message]


def test_foreign_keys_are_on_again_after_migrating(database: Database) -> None:
    upgrade_to_head(database)
    with database.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
