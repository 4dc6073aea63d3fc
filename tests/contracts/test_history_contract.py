"""What every history promises: the one in memory that other tests use, and the one that ships."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.conversation import NewMessage, Role, Status
from assistant.errors import (
    ComparisonMissingError,
    ConfidenceMissingError,
    ConversationNotFoundError,
    MaskNotFoundError,
    MessageNotFoundError,
)
from assistant.facts import Facts
from assistant.intents import Ask, Choice, Command, CommandKind, Refine, Segment, Topic
from assistant.interfaces import History
from assistant.making import Pointed
from assistant.masks.comparison import UNKNOWN_CODE, Comparison, Fate
from assistant.operations import Invert
from serving.clicks import Box, Click
from serving.image_ref import ImageRef
from serving.mask import Mask
from storage.titles import TITLE_LENGTH, UNTITLED
from tests.fakes.history import InMemoryHistory
from tests.fakes.stores import TickingClock, open_store

ANN, BEN = "ann", "ben"
HELLO = NewMessage(Role.USER, "hello")


@pytest.fixture(params=["in memory", "SQL"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[History, ImageRef]]:
    """A history, and an image that its messages may name."""
    with open_store(tmp_path) as store:
        image = store.admit_tiny_image("field.tif", gsd_m=0.5)
        in_memory: History = InMemoryHistory(TickingClock())
        real: History = store.history
        yield (real if request.param == "SQL" else in_memory), image


@pytest.fixture
def history(kept: tuple[History, ImageRef]) -> History:
    return kept[0]


@pytest.fixture
def image(kept: tuple[History, ImageRef]) -> ImageRef:
    return kept[1]


def mask_of(image: ImageRef, seed: int = 1) -> Mask:
    pixels = np.random.default_rng(seed).random((image.grid.height, image.grid.width)) > 0.5
    return Mask(pixels, image.grid)


def comparison_of(image: ImageRef) -> Comparison:
    codes = np.zeros((image.grid.height, image.grid.width), np.uint8)
    codes[0] = [Fate.UNCHANGED.code, Fate.ADDED.code, Fate.REMOVED.code, UNKNOWN_CODE][: image.grid.width]
    return Comparison(codes, image.grid)


def full_message(history: History, image: ImageRef) -> NewMessage:
    """A message with every field set to something that a careless store would lose."""
    return NewMessage(
        role=Role.ASSISTANT,
        text="Found 2 fields: <b>ölfeld</b> & 'more' 🌾\nsecond line",
        image=image,
        mask_digest=history.store_mask(mask_of(image)),
        confidence_digest=history.store_confidence(np.full((image.grid.height, image.grid.width), 200, np.uint8)),
        question="which fields?",
        facts=Facts(7, 0.1 + 0.2, 2, 1 / 3, "top left", 1.75, (1.5, 2.25), (0, 1, 3, 4)),
        score=0.1 + 0.7,
        seconds={"encode": 0.1, "decode": 1e-9},
        model_digest="ab" * 32,
        status=Status.STOPPED,
        making=Pointed((Click(0.1 + 0.2, 3, is_positive=True), Click(1, 2, is_positive=False)), Box(0, 0.5, 2, 3)),
        mask_parents=("a" * 32, "b" * 32),
        comparison_digest=history.store_comparison(comparison_of(image)),
        fate_facts={
            Fate.ADDED: Facts(7, 0.1 + 0.2, 2, 1 / 3, "top left", 1.75, (1.5, 2.25), (0, 1, 3, 4)),
            Fate.REMOVED: Facts(0, 0.0, 0, 0.0, None, None, None, None),
        },
        choices=(
            Choice("invert it", Refine((Invert(),), "invert it")),
            Choice("how big is it?", Ask(Topic.AREA, "how big is it?")),
            Choice("undo that", Command(CommandKind.UNDO)),
            Choice("it looks 🌾 odd", Segment("it looks 🌾 odd")),
        ),
    )


def test_a_message_comes_back_with_every_field(history: History, image: ImageRef) -> None:
    conversation = history.create_conversation(ANN, "fields")
    new = full_message(history, image)
    stored = history.append_message(ANN, conversation.id, new)
    for name in vars(new):
        assert getattr(stored, name) == getattr(new, name), name
    assert stored.created_at.utcoffset() == timedelta(0)
    assert history.get_message(ANN, stored.id) == stored
    assert list(history.list_messages(ANN, conversation.id)) == [stored]


def test_a_bare_message_comes_back_with_nothing_invented(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    stored = history.append_message(ANN, conversation.id, HELLO)
    assert (stored.image, stored.facts, stored.score, stored.mask_digest, stored.question) == (None,) * 5
    assert stored.seconds == {}
    assert history.get_message(ANN, stored.id) == stored


def test_empty_facts_come_back_as_they_were(history: History, image: ImageRef) -> None:
    conversation = history.create_conversation(ANN, "fields")
    nothing = Facts(0, 0.0, 0, 0.0, None, None, None, None)
    stored = history.append_message(ANN, conversation.id, NewMessage(Role.ASSISTANT, "none", image, facts=nothing))
    assert history.get_message(ANN, stored.id).facts == nothing


def test_each_message_follows_the_one_before(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    texts = [f"message {number}" for number in range(5)]
    for text in texts:
        history.append_message(ANN, conversation.id, NewMessage(Role.USER, text))
    messages = history.list_messages(ANN, conversation.id)
    assert [message.text for message in messages] == texts
    assert [message.parent_id for message in messages] == [None, *(message.id for message in messages[:-1])]


def test_a_conversation_counts_its_messages_and_knows_its_last_use(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    assert (conversation.message_count, conversation.updated_at) == (0, conversation.created_at)
    last = [history.append_message(ANN, conversation.id, HELLO) for _ in range(3)][-1]
    found = history.get_conversation(ANN, conversation.id)
    assert (found.message_count, found.updated_at) == (3, last.created_at)
    assert list(history.list_conversations(ANN)) == [found]


def test_a_new_conversation_has_no_messages(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    assert list(history.list_messages(ANN, conversation.id)) == []


def test_the_list_begins_with_the_last_used(history: History) -> None:
    first, second, third = (history.create_conversation(ANN, title) for title in ("1", "2", "3"))
    history.append_message(ANN, first.id, HELLO)
    assert [summary.id for summary in history.list_conversations(ANN)] == [first.id, third.id, second.id]


def test_the_list_is_cut_at_its_limit(history: History) -> None:
    made = [history.create_conversation(ANN, str(number)).id for number in range(5)]
    assert [summary.id for summary in history.list_conversations(ANN, limit=2)] == [made[4], made[3]]


@pytest.mark.parametrize("search", ["fleet", "FLEET", "  Fleet ", "the fleet in ÖREBRO", "öre", "100%_done"])
def test_the_search_looks_in_titles_and_texts_whatever_the_case(history: History, search: str) -> None:
    titled = history.create_conversation(ANN, "The Fleet in Örebro is 100%_done")
    said = history.create_conversation(ANN, "harbour")
    history.append_message(ANN, said.id, NewMessage(Role.USER, "is the fleet in örebro 100%_done?"))
    history.create_conversation(ANN, "fields at 1000 done")
    found = {summary.id for summary in history.list_conversations(ANN, search=search)}
    assert found == {titled.id, said.id}


@pytest.mark.parametrize("search", ["%", "_", "\\", "no such words"])
def test_the_search_takes_every_character_as_itself(history: History, search: str) -> None:
    history.create_conversation(ANN, "fields")
    assert list(history.list_conversations(ANN, search=search)) == []


def test_a_blank_search_finds_everything(history: History) -> None:
    made = history.create_conversation(ANN, "fields")
    assert [summary.id for summary in history.list_conversations(ANN, search="  ")] == [made.id]


@pytest.mark.parametrize(
    ("given", "kept_title"),
    [
        ("  where \n are\tthe fields? ", "where are the fields?"),
        (" \n ", UNTITLED),
        ("x" * TITLE_LENGTH, "x" * TITLE_LENGTH),
        ("x" * (TITLE_LENGTH + 1), "x" * (TITLE_LENGTH - 1) + "…"),
        ("y" * 100_000, "y" * (TITLE_LENGTH - 1) + "…"),
    ],
)
def test_a_title_is_one_short_line(history: History, given: str, kept_title: str) -> None:
    created = history.create_conversation(ANN, given)
    assert created.title == kept_title
    history.rename_conversation(ANN, created.id, "other")
    history.rename_conversation(ANN, created.id, given)
    assert history.get_conversation(ANN, created.id).title == kept_title


def test_renaming_changes_what_the_search_finds_and_not_the_order(history: History) -> None:
    older = history.create_conversation(ANN, "fields")
    newer = history.create_conversation(ANN, "ships")
    history.rename_conversation(ANN, older.id, "Meadows")
    assert [summary.id for summary in history.list_conversations(ANN)] == [newer.id, older.id]
    assert [summary.title for summary in history.list_conversations(ANN, search="meadow")] == ["Meadows"]
    assert list(history.list_conversations(ANN, search="fields")) == []


def test_another_owners_rows_do_not_exist(history: History, image: ImageRef) -> None:
    conversation = history.create_conversation(ANN, "fields")
    message = history.append_message(ANN, conversation.id, full_message(history, image))
    assert list(history.list_conversations(BEN)) == []
    assert list(history.list_conversations(BEN, search="fields")) == []
    for attempt in (
        lambda: history.get_conversation(BEN, conversation.id),
        lambda: history.list_messages(BEN, conversation.id),
        lambda: history.rename_conversation(BEN, conversation.id, "mine"),
        lambda: history.append_message(BEN, conversation.id, HELLO),
        lambda: history.delete_conversation(BEN, conversation.id),
    ):
        with pytest.raises(ConversationNotFoundError):
            attempt()
    for look in (history.get_message, history.load_mask):
        with pytest.raises(MessageNotFoundError):
            look(BEN, message.id)
    assert history.get_conversation(ANN, conversation.id).title == "fields"
    assert list(history.list_messages(ANN, conversation.id)) == [message]


def test_what_never_was_is_not_found(history: History) -> None:
    with pytest.raises(ConversationNotFoundError, match="not here any more"):
        history.get_conversation(ANN, "f" * 32)
    with pytest.raises(MessageNotFoundError, match="not here any more"):
        history.get_message(ANN, "f" * 32)


def test_a_deleted_conversation_is_gone_with_its_messages(history: History, image: ImageRef) -> None:
    conversation = history.create_conversation(ANN, "fields")
    other = history.create_conversation(ANN, "other")
    message = history.append_message(ANN, conversation.id, full_message(history, image))
    history.append_message(ANN, conversation.id, HELLO)
    history.delete_conversation(ANN, conversation.id)
    assert [summary.id for summary in history.list_conversations(ANN)] == [other.id]
    with pytest.raises(ConversationNotFoundError):
        history.list_messages(ANN, conversation.id)
    with pytest.raises(MessageNotFoundError):
        history.get_message(ANN, message.id)
    with pytest.raises(ConversationNotFoundError):
        history.delete_conversation(ANN, conversation.id)


def test_a_mask_comes_back_on_its_images_grid(history: History, image: ImageRef) -> None:
    conversation = history.create_conversation(ANN, "fields")
    mask = mask_of(image, seed=5)
    message = history.append_message(
        ANN, conversation.id, NewMessage(Role.ASSISTANT, "found", image, history.store_mask(mask))
    )
    loaded = history.load_mask(ANN, message.id)
    np.testing.assert_array_equal(loaded.pixels, mask.pixels)
    assert loaded.grid == image.grid


def test_the_mask_of_a_message_without_one_is_not_found(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    message = history.append_message(ANN, conversation.id, HELLO)
    with pytest.raises(MaskNotFoundError, match="has no mask"):
        history.load_mask(ANN, message.id)


def test_a_confidence_map_comes_back_as_it_was(history: History, image: ImageRef) -> None:
    levels = np.arange(image.grid.pixel_count, dtype=np.uint8).reshape(image.grid.height, image.grid.width) * 11
    conversation = history.create_conversation(ANN, "fields")
    new = NewMessage(Role.ASSISTANT, "found", image, confidence_digest=history.store_confidence(levels))
    message = history.append_message(ANN, conversation.id, new)
    np.testing.assert_array_equal(history.load_confidence(ANN, message.id), levels)
    with pytest.raises(MessageNotFoundError):
        history.load_confidence(BEN, message.id)


def test_the_confidence_of_a_message_without_one_is_missing(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    message = history.append_message(ANN, conversation.id, HELLO)
    with pytest.raises(ConfidenceMissingError):
        history.load_confidence(ANN, message.id)


def test_a_comparison_comes_back_on_its_images_grid(history: History, image: ImageRef) -> None:
    comparison = comparison_of(image)
    conversation = history.create_conversation(ANN, "fields")
    new = NewMessage(Role.ASSISTANT, "new", image, comparison_digest=history.store_comparison(comparison))
    message = history.append_message(ANN, conversation.id, new)
    loaded = history.load_comparison(ANN, message.id)
    np.testing.assert_array_equal(loaded.codes, comparison.codes)
    assert loaded.grid == image.grid
    with pytest.raises(MessageNotFoundError):
        history.load_comparison(BEN, message.id)
    hello = history.append_message(ANN, conversation.id, HELLO)
    with pytest.raises(ComparisonMissingError):
        history.load_comparison(ANN, hello.id)


def test_equal_masks_have_one_digest_and_others_another(history: History, image: ImageRef) -> None:
    assert history.store_mask(mask_of(image, 1)) == history.store_mask(mask_of(image, 1))
    assert history.store_mask(mask_of(image, 1)) != history.store_mask(mask_of(image, 2))


def test_a_mask_that_another_conversation_uses_outlives_a_deletion(history: History, image: ImageRef) -> None:
    mask = mask_of(image)
    stored = []
    for title in ("one", "two"):
        conversation = history.create_conversation(ANN, title)
        new = NewMessage(Role.ASSISTANT, "found", image, history.store_mask(mask))
        stored.append(history.append_message(ANN, conversation.id, new))
    history.delete_conversation(ANN, stored[0].conversation_id)
    np.testing.assert_array_equal(history.load_mask(ANN, stored[1].id).pixels, mask.pixels)


def test_threads_that_append_at_once_lose_nothing(history: History) -> None:
    conversation = history.create_conversation(ANN, "fields")
    start = threading.Barrier(4)

    def append_ten(writer: int) -> None:
        start.wait(timeout=30)
        for number in range(10):
            history.append_message(ANN, conversation.id, NewMessage(Role.USER, f"{writer} {number}"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(append_ten, range(4)))
    texts = [message.text for message in history.list_messages(ANN, conversation.id)]
    assert sorted(texts) == sorted(f"{writer} {number}" for writer in range(4) for number in range(10))
    for writer in range(4):  # nobody's own messages change their order
        own = [text for text in texts if text.startswith(f"{writer} ")]
        assert own == [f"{writer} {number}" for number in range(10)]


def test_times_are_those_of_the_clock(history: History) -> None:
    before = datetime(2030, 1, 1, tzinfo=UTC)
    conversation = history.create_conversation(ANN, "fields")
    message = history.append_message(ANN, conversation.id, HELLO)
    assert before < conversation.created_at < message.created_at < before + timedelta(hours=1)
