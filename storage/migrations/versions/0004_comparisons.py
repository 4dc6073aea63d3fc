"""What became of each pixel between two images, and the facts measured from it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEX = "ix_messages_comparison_digest"


def upgrade() -> None:
    """Add the columns; until now no images were compared."""
    op.add_column("messages", sa.Column("comparison_digest", sa.String(64)))
    op.add_column("messages", sa.Column("fate_facts", sa.JSON()))
    op.create_index(INDEX, "messages", ["comparison_digest"])


def downgrade() -> None:
    """Forget the comparisons; the masks that were made from them stay."""
    op.drop_index(INDEX, "messages")
    op.drop_column("messages", "fate_facts")
    op.drop_column("messages", "comparison_digest")
