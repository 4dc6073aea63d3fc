"""The end of the branch that a conversation's pointer is on; what a mask was made from, and how."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIP_KEY = "fk_conversations_tip_message_id_messages"


def upgrade() -> None:
    """Add the columns; until now every conversation was one branch, and its pointer at the end."""
    op.add_column("messages", sa.Column("making", sa.JSON()))
    op.add_column("messages", sa.Column("mask_parents", sa.JSON()))
    with op.batch_alter_table("conversations") as conversations:
        conversations.add_column(sa.Column("tip_message_id", sa.String(32)))
        conversations.create_foreign_key(TIP_KEY, "messages", ["tip_message_id"], ["id"], ondelete="SET NULL")
    op.execute("UPDATE conversations SET tip_message_id = head_message_id")


def downgrade() -> None:
    """Forget branches and makings; the messages of every branch stay."""
    with op.batch_alter_table("conversations") as conversations:
        conversations.drop_constraint(TIP_KEY, type_="foreignkey")
        conversations.drop_column("tip_message_id")
    op.drop_column("messages", "mask_parents")
    op.drop_column("messages", "making")
