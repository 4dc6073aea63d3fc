from pathlib import Path

import pytest

from assistant.errors import ConversationNotFoundError
from storage.owners import find_owner
from tests.fakes.stores import open_store


def test_a_conversation_is_its_owners_and_an_unknown_one_nobodys(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        made = {owner: store.history.create_conversation(owner, "fields").id for owner in ("ann", "ben")}
        assert {owner: find_owner(store.database, made[owner]) for owner in made} == {"ann": "ann", "ben": "ben"}
        with pytest.raises(ConversationNotFoundError):
            find_owner(store.database, "f" * 32)
