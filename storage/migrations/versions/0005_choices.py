"""What a question back offers, and the choice that a person takes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("messages", sa.Column("choices", sa.JSON()))


def downgrade() -> None:
    """Forget choices; the sentences that offered them stay."""
    op.drop_column("messages", "choices")
