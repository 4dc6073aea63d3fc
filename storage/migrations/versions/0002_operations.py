"""The operations that led from the model's own mask to a message's mask."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; earlier messages have none."""
    op.add_column("messages", sa.Column("operations", sa.JSON()))


def downgrade() -> None:
    """Forget the operations; masks stay."""
    op.drop_column("messages", "operations")
