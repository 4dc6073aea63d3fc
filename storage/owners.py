"""Whose a conversation is: for whoever keeps the store and is given nothing but the conversation's id."""

from sqlalchemy import select

from assistant.errors import ConversationNotFoundError
from storage.database import Database
from storage.tables import ConversationRow


def find_owner(database: Database, conversation_id: str) -> str:
    """Return the owner of a conversation, or raise `ConversationNotFoundError`.

    Never call it for somebody on the page, who must not hear of what others own.
    """
    with database.reading() as session:
        owner = session.scalar(select(ConversationRow.owner).where(ConversationRow.id == conversation_id))
    if owner is None:
        raise ConversationNotFoundError
    return owner
