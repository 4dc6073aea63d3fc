"""Conversations in the database: append a message, move the pointer, list, search, rename, delete."""

from collections.abc import Sequence
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from assistant.conversation import ConversationSummary, Message, NewMessage
from assistant.conversation_tree import ConversationTree
from assistant.errors import (
    ComparisonMissingError,
    ConfidenceMissingError,
    ConversationNotFoundError,
    MaskNotFoundError,
    MessageNotFoundError,
)
from assistant.interfaces import Clock
from assistant.masks.comparison import Comparison
from serving.mask import Mask
from storage.blobs import LocalBlobStore, digest_of
from storage.clock import utc_now
from storage.database import Database
from storage.errors import BlobMissingError, ImageNotStoredError
from storage.holding import add_hold, release_hold, sweep
from storage.mask_blobs import (
    decode_comparison,
    decode_confidence,
    decode_mask,
    encode_comparison,
    encode_confidence,
    encode_mask,
)
from storage.rows import fill_message_row, to_message, to_summary
from storage.tables import ConversationRow, ImageRow, MessageRow
from storage.texts import fold_for_search, to_storable
from storage.titles import trim_title

_MESSAGE_COUNT = (
    select(func.count(MessageRow.id))
    .where(MessageRow.conversation_id == ConversationRow.id)
    .correlate(ConversationRow)
    .scalar_subquery()
)


class SqlHistory:
    """The history that `assistant.interfaces.History` asks for; safe for several threads and processes.

    Every method may raise `StorageError` where the disk or the database fails.
    """

    def __init__(self, database: Database, blobs: LocalBlobStore, clock: Clock = utc_now) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def create_conversation(self, owner: str, title: str) -> ConversationSummary:
        """Start an empty conversation; its title is made one line of at most `TITLE_LENGTH` characters."""
        now = self._clock()
        row = ConversationRow(id=uuid4().hex, owner=owner, created_at=now, updated_at=now)
        _set_title(row, title)
        with self._database.writing() as session:
            session.add(row)
        return to_summary(row, message_count=0)

    def list_conversations(self, owner: str, *, search: str = "", limit: int = 200) -> Sequence[ConversationSummary]:
        """Return those of `owner`, the last used first; `search` looks in titles and texts, upper or lower case."""
        query = (
            select(ConversationRow, _MESSAGE_COUNT)
            .where(ConversationRow.owner == owner)
            .order_by(ConversationRow.updated_at.desc(), ConversationRow.created_at.desc())
            .limit(limit)
        )
        wanted = fold_for_search(to_storable(search.strip()))
        if wanted:
            query = query.where(
                or_(
                    ConversationRow.title_folded.contains(wanted, autoescape=True),
                    exists().where(
                        MessageRow.conversation_id == ConversationRow.id,
                        MessageRow.text_folded.contains(wanted, autoescape=True),
                    ),
                )
            )
        with self._database.reading() as session:
            return [to_summary(row, count) for row, count in session.execute(query)]

    def get_conversation(self, owner: str, conversation_id: str) -> ConversationSummary:
        """Return one conversation, or raise `ConversationNotFoundError`."""
        with self._database.reading() as session:
            row = _find_conversation(session, owner, conversation_id)
            count = session.scalar(select(func.count()).where(MessageRow.conversation_id == row.id))
            return to_summary(row, count or 0)

    def rename_conversation(self, owner: str, conversation_id: str, title: str) -> None:
        """Set the title; the order of the list does not change."""
        with self._database.writing() as session:
            _set_title(_find_conversation(session, owner, conversation_id), title)

    def delete_conversation(self, owner: str, conversation_id: str) -> None:
        """Delete its rows, and the blobs that no other conversation uses and nobody is about to use."""
        with self._database.writing() as session:
            row = _find_conversation(session, owner, conversation_id)
            named = select(
                MessageRow.image_digest,
                MessageRow.mask_digest,
                MessageRow.confidence_digest,
                MessageRow.comparison_digest,
            ).where(MessageRow.conversation_id == row.id)
            digests = {digest for digests in session.execute(named) for digest in digests if digest}
            # The messages go with it: the database cascades.
            session.execute(delete(ConversationRow).where(ConversationRow.id == row.id))
        sweep(self._database, self._blobs, self._clock, digests)

    def list_messages(self, owner: str, conversation_id: str) -> Sequence[Message]:
        """Return the messages from the first to the pointer, in order."""
        tree = self.load_tree(owner, conversation_id)
        return tree.path_to(tree.pointer_id)

    def load_tree(self, owner: str, conversation_id: str) -> ConversationTree:
        """Return the messages of every branch, and where the pointer stands."""
        with self._database.reading() as session:
            return self._load_tree(session, _find_conversation(session, owner, conversation_id))

    def move_pointer(self, owner: str, conversation_id: str, message_id: str | None) -> None:
        """Let the next message follow this one; None begins anew. No message is lost.

        Raises:
            ConversationNotFoundError: deleted, or somebody else's.
            MessageNotFoundError: the message is not of this conversation.
        """
        with self._database.writing() as session:
            conversation = _find_conversation(session, owner, conversation_id, lock=True)
            conversation.tip_message_id = self._load_tree(session, conversation).find_tip(message_id)
            conversation.head_message_id = message_id
            conversation.updated_at = self._clock()

    def get_message(self, owner: str, message_id: str) -> Message:
        """Return one message, or raise `MessageNotFoundError`."""
        with self._database.reading() as session:
            loaded = _load_messages(session, and_(MessageRow.id == message_id, ConversationRow.owner == owner))
            if not loaded:
                raise MessageNotFoundError
            row, image = loaded[0]
            return to_message(row, image, self._blobs)

    def append_message(self, owner: str, conversation_id: str, message: NewMessage) -> Message:
        """Store a message after the pointer and advance the pointer, in one transaction.

        Raises:
            ConversationNotFoundError: deleted, or somebody else's.
            ImageNotStoredError: the message's image was not admitted by `ImageStore`, or is gone.
            BlobMissingError: the message's mask, confidence map or comparison was not stored, or is gone.
        """
        row = MessageRow(id=uuid4().hex, conversation_id=conversation_id)
        fill_message_row(row, message)
        with self._database.writing() as session:
            conversation = _find_conversation(session, owner, conversation_id, lock=True)
            image = None
            if row.image_digest is not None:
                image = session.get(ImageRow, row.image_digest)
                if image is None:
                    raise ImageNotStoredError
            made = (row.mask_digest, row.confidence_digest, row.comparison_digest)
            for digest in made:
                if digest is not None and not self._blobs.has(digest):
                    raise BlobMissingError
            row.parent_id = conversation.head_message_id
            row.created_at = self._clock()
            session.add(row)
            session.flush()  # before the pointer, which refers to it
            conversation.head_message_id = conversation.tip_message_id = row.id
            conversation.updated_at = row.created_at
            for digest in (row.image_digest, *made):
                if digest is not None:
                    release_hold(session, digest)
        return to_message(row, image, self._blobs)

    def store_mask(self, mask: Mask) -> str:
        """Store the mask as a 1-bit PNG blob and return its digest."""
        return self._store(encode_mask(mask))

    def load_mask(self, owner: str, message_id: str) -> Mask:
        """Return the mask that the message made, on its image's grid.

        Raises:
            MessageNotFoundError: deleted, or somebody else's.
            MaskNotFoundError: the message made none.
            BlobMissingError: its bytes are gone.
            BlobDamagedError: its bytes are not what was stored.
        """
        message = self.get_message(owner, message_id)
        if message.mask_digest is None or message.image is None:
            raise MaskNotFoundError
        return decode_mask(self._blobs.read(message.mask_digest), message.image.grid)

    def store_confidence(self, confidence: NDArray[np.uint8]) -> str:
        """Store an 8-bit confidence map, (H, W), as a PNG blob and return its digest."""
        return self._store(encode_confidence(confidence))

    def load_confidence(self, owner: str, message_id: str) -> NDArray[np.uint8]:
        """Return the confidence map that goes with the message's mask, uint8 (H, W).

        Raises:
            MessageNotFoundError: deleted, or somebody else's.
            ConfidenceMissingError: none was kept.
            BlobMissingError: its bytes are gone.
            BlobDamagedError: its bytes are not what was stored.
        """
        message = self.get_message(owner, message_id)
        if message.confidence_digest is None or message.image is None:
            raise ConfidenceMissingError
        return decode_confidence(self._blobs.read(message.confidence_digest), message.image.grid)

    def store_comparison(self, comparison: Comparison) -> str:
        """Store what became of each pixel as an 8-bit PNG blob and return its digest."""
        return self._store(encode_comparison(comparison))

    def load_comparison(self, owner: str, message_id: str) -> Comparison:
        """Return what became of each pixel, on the grid of the message's image.

        Raises:
            MessageNotFoundError: deleted, or somebody else's.
            ComparisonMissingError: the message compares no images.
            BlobMissingError: its bytes are gone.
            BlobDamagedError: its bytes are not what was stored.
        """
        message = self.get_message(owner, message_id)
        if message.comparison_digest is None or message.image is None:
            raise ComparisonMissingError
        return decode_comparison(self._blobs.read(message.comparison_digest), message.image.grid)

    def _load_tree(self, session: Session, conversation: ConversationRow) -> ConversationTree:
        loaded = _load_messages(session, MessageRow.conversation_id == conversation.id)
        messages = [to_message(row, image, self._blobs) for row, image in loaded]
        return ConversationTree(tuple(messages), conversation.head_message_id, conversation.tip_message_id)

    def _store(self, content: bytes) -> str:
        # The hold comes first: from then on no sweep takes the blob, be it here already or not.
        with self._database.writing() as session:
            add_hold(session, digest_of(content), self._clock)
        return self._blobs.put_bytes(content)


def _find_conversation(session: Session, owner: str, conversation_id: str, *, lock: bool = False) -> ConversationRow:
    query = select(ConversationRow).where(ConversationRow.id == conversation_id, ConversationRow.owner == owner)
    # On SQLite the transaction holds the write lock already, and these words are left out.
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise ConversationNotFoundError
    return row


def _load_messages(session: Session, condition: ColumnElement[bool]) -> list[tuple[MessageRow, ImageRow | None]]:
    query = (
        select(MessageRow, ImageRow)
        .join(ConversationRow, ConversationRow.id == MessageRow.conversation_id)
        .outerjoin(ImageRow, ImageRow.digest == MessageRow.image_digest)
        .where(condition)
        .order_by(MessageRow.created_at)
    )
    return [(row, image) for row, image in session.execute(query)]


def _set_title(row: ConversationRow, title: str) -> None:
    row.title = trim_title(to_storable(title))
    row.title_folded = fold_for_search(row.title)
