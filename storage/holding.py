"""Holds on blobs that are about to be named, and the sweep of blobs that nothing names and nobody holds."""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.interfaces import Clock
from storage.blobs import LocalBlobStore
from storage.database import Database
from storage.tables import ID_LENGTH, HoldRow, ImageRow, MessageRow

# An image may wait this long in the text box before its first question is sent.
HOLD_TIME = timedelta(hours=24)

_QUERY_SIZE = 500  # SQLite of old takes no more than 999 values in one statement

_NAMING_COLUMNS: Sequence[InstrumentedAttribute[str] | InstrumentedAttribute[str | None]] = (
    ImageRow.digest,
    ImageRow.rendering_digest,
    MessageRow.mask_digest,
    MessageRow.confidence_digest,
    MessageRow.comparison_digest,
    HoldRow.digest,
)


def add_hold(session: Session, digest: str, clock: Clock) -> None:
    """Keep the blob until a message names it, or for `HOLD_TIME`."""
    session.add(HoldRow(id=uuid4().hex[:ID_LENGTH], digest=digest, expires_at=clock() + HOLD_TIME))


def release_hold(session: Session, digest: str) -> None:
    """Drop one hold on the blob, the oldest: what held it is named now. The holds of others stay."""
    oldest = select(HoldRow.id).where(HoldRow.digest == digest).order_by(HoldRow.expires_at).limit(1)
    session.execute(delete(HoldRow).where(HoldRow.id.in_(oldest.scalar_subquery())))


def sweep(database: Database, blobs: LocalBlobStore, clock: Clock, candidates: Collection[str] | None = None) -> int:
    """Remove blobs, and rows of images, that no message names and nobody holds; return how many blobs went.

    Run it after rows are deleted, in a transaction of its own. The write lock is kept while files are removed, so
    nobody can take hold of one in between; if the process dies, the next sweep of everything finds what is left.

    `candidates` are the digests to look at, beside those whose hold has expired; None looks at every blob.
    """
    with database.writing() as session:
        expired = select(HoldRow.digest).where(HoldRow.expires_at <= clock())
        suspects = set(blobs.list_digests() if candidates is None else candidates) | set(session.scalars(expired))
        session.execute(delete(HoldRow).where(HoldRow.expires_at <= clock()))
        suspects |= _delete_unused_images(session, suspects)
        unused = suspects - _find_named(session, suspects)
        for digest in unused:
            blobs.remove(digest)
    return len(unused)


def _delete_unused_images(session: Session, suspects: set[str]) -> set[str]:
    """Delete the rows of images among `suspects` that nothing uses, and return the blobs that they named."""
    freed: set[str] = set()
    for some in _slices(suspects):
        unused = select(ImageRow).where(
            ImageRow.digest.in_(some),
            ~exists().where(MessageRow.image_digest == ImageRow.digest),
            ~exists().where(HoldRow.digest == ImageRow.digest),
        )
        for row in session.scalars(unused):
            freed |= {row.digest, row.rendering_digest}
            session.delete(row)
    session.flush()
    return freed


def _find_named(session: Session, suspects: set[str]) -> set[str]:
    named: set[str] = set()
    for some in _slices(suspects):
        for column in _NAMING_COLUMNS:
            named |= {digest for digest in session.scalars(select(column).where(column.in_(some))) if digest}
    return named


def _slices(digests: set[str]) -> Iterable[list[str]]:
    ordered = sorted(digests)
    return (ordered[start : start + _QUERY_SIZE] for start in range(0, len(ordered), _QUERY_SIZE))
