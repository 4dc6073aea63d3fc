"""Conversations, messages, images, and holds on what is about to be used."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.String(32)
DIGEST = sa.String(64)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "images",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("rendering_digest", DIGEST, nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("transform", sa.JSON()),
        sa.Column("crs_wkt", sa.Text()),
        sa.Column("gsd_row_m", sa.Double()),
        sa.Column("gsd_column_m", sa.Double()),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_images"),
    )
    op.create_index("ix_images_rendering_digest", "images", ["rendering_digest"])
    op.create_table(
        "conversations",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_folded", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("head_message_id", ID),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_owner_updated_at", "conversations", ["owner", "updated_at"])
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("parent_id", ID),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_folded", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("image_digest", DIGEST),
        sa.Column("image_name", sa.Text()),
        sa.Column("mask_digest", DIGEST),
        sa.Column("confidence_digest", DIGEST),
        sa.Column("question", sa.Text()),
        sa.Column("facts", sa.JSON()),
        sa.Column("score", sa.Double()),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.Column("model_digest", DIGEST),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_messages_conversation_id_conversations",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["messages.id"], name="fk_messages_parent_id_messages", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["image_digest"], ["images.digest"], name="fk_messages_image_digest_images"),
    )
    for column in ("conversation_id", "parent_id", "image_digest", "mask_digest", "confidence_digest"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    with op.batch_alter_table("conversations") as conversations:  # the tables point at each other
        conversations.create_foreign_key(
            "fk_conversations_head_message_id_messages",
            "messages",
            ["head_message_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_table(
        "holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_digest", "holds", ["digest"])
    op.create_index("ix_holds_expires_at", "holds", ["expires_at"])


def downgrade() -> None:
    """Remove every table."""
    op.drop_table("holds")
    with op.batch_alter_table("conversations") as conversations:
        conversations.drop_constraint("fk_conversations_head_message_id_messages", type_="foreignkey")
    op.drop_table("messages")
    op.drop_table("conversations")
    op.drop_table("images")
