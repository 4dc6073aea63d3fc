"""The tables: conversations, their messages, the images they are about, and holds on what is about to be used."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Double, ForeignKey, Index, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID_LENGTH = 32  # a UUID as hex
DIGEST_LENGTH = 64  # a SHA-256 as hex


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, timezone-aware in Python; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand out in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Root of the tables; constraints are named, so that a later migration can find them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ConversationRow(Base):
    """A conversation and its pointer.

    Attributes:
        head_message_id: the pointer: the message that the next one follows. Its message is always of this
            conversation; `history` sees to that.
        tip_message_id: the end of the branch that the pointer is on, see `assistant.conversation_tree`.
        title_folded: the title as it is searched.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(Text)
    title_folded: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    head_message_id: Mapped[str | None] = mapped_column(
        # use_alter: conversations and messages point at each other, so one key is added after both tables.
        ForeignKey("messages.id", ondelete="SET NULL", use_alter=True)
    )
    tip_message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL", use_alter=True))

    __table_args__ = (Index(None, "owner", "updated_at"),)


class ImageRow(Base):
    """An admitted image; its bytes and its rendering are blobs.

    Attributes:
        digest: of the original bytes.
        rendering_digest: of the rendering's PNG.
        transform: six numbers as in `Grid`, or None.
        notes: a list of sentences.
    """

    __tablename__ = "images"

    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)
    rendering_digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), index=True)
    height: Mapped[int]
    width: Mapped[int]
    transform: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    crs_wkt: Mapped[str | None] = mapped_column(Text)
    gsd_row_m: Mapped[float | None] = mapped_column(Double)
    gsd_column_m: Mapped[float | None] = mapped_column(Double)
    format: Mapped[str] = mapped_column(String(20))
    notes: Mapped[Any] = mapped_column(JSON)
    size_bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MessageRow(Base):
    """A message; see `assistant.conversation.Message`.

    Attributes:
        text_folded: the text as it is searched.
        image_name: as this person gave it; the image itself may be known to others by other names.
        operations: as `assistant.operation_json` writes them; None where there are none.
        making: as `assistant.making_json` writes it; None where no mask was made.
        mask_parents: ids of the messages whose masks went into this one; None where there are none.
        fate_facts: facts by the name of the fate; None where no images were compared.
        choices: as `assistant.intent_json` writes them; None where there are none.
    """

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    text_folded: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    image_digest: Mapped[str | None] = mapped_column(ForeignKey("images.digest"), index=True)
    image_name: Mapped[str | None] = mapped_column(Text)
    mask_digest: Mapped[str | None] = mapped_column(String(DIGEST_LENGTH), index=True)
    confidence_digest: Mapped[str | None] = mapped_column(String(DIGEST_LENGTH), index=True)
    question: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    score: Mapped[float | None] = mapped_column(Double)
    seconds: Mapped[Any] = mapped_column(JSON)
    model_digest: Mapped[str | None] = mapped_column(String(DIGEST_LENGTH))
    operations: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    making: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    mask_parents: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    comparison_digest: Mapped[str | None] = mapped_column(String(DIGEST_LENGTH), index=True)
    fate_facts: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    choices: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


class HoldRow(Base):
    """A blob was stored and no message names it yet; until then it must not be swept away.

    Somebody may delete the last conversation with an image, or with the empty mask of its size, while another
    person is about to use the very same bytes. The message that comes to name the blob releases one hold.
    """

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
