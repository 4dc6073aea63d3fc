"""What the SQL history promises beyond the contract: its blobs, and that nothing half-done is kept."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.conversation import Message, NewMessage, Role
from assistant.facts import Facts
from assistant.masks.comparison import Comparison
from serving.grid import Grid
from serving.image_ref import ImageRef
from serving.mask import Mask
from storage.errors import BlobDamagedError, BlobMissingError, ImageNotStoredError
from storage.holding import HOLD_TIME, sweep
from storage.tables import HoldRow
from tests.fakes.stores import Store, open_store

ANN, BEN = "ann", "ben"


def full_mask(image: ImageRef) -> Mask:
    return Mask(np.ones((image.grid.height, image.grid.width), dtype=bool), image.grid)


def ask(store: Store, owner: str, image: ImageRef) -> Message:
    """A conversation of one message with a mask, a confidence map and a comparison, as turns leave them."""
    history = store.history
    conversation = history.create_conversation(owner, "fields")
    confidence = np.full((image.grid.height, image.grid.width), 99, dtype=np.uint8)
    digests = (history.store_mask(full_mask(image)), history.store_confidence(confidence))
    codes = np.full((image.grid.height, image.grid.width), 3, dtype=np.uint8)
    compared = history.store_comparison(Comparison(codes, image.grid))
    new = NewMessage(Role.ASSISTANT, "found", image, *digests, comparison_digest=compared)
    return history.append_message(owner, conversation.id, new)


def test_deleting_the_only_conversation_leaves_no_blob(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        message = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        assert len(list(store.blobs.list_digests())) == 5  # original, rendering, mask, confidence, comparison
        store.history.delete_conversation(ANN, message.conversation_id)
        assert list(store.blobs.list_digests()) == []


def test_blobs_that_another_owner_uses_are_kept(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        anns = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        bens = ask(store, BEN, store.admit_tiny_image("meadow.tif", gsd_m=1))
        store.history.delete_conversation(ANN, anns.conversation_id)
        found = store.history.get_message(BEN, bens.id)
        assert found == bens
        assert found.image is not None
        assert found.image.path.is_file()
        assert found.image.rendering_path.is_file()
        assert store.history.load_mask(BEN, bens.id).pixel_count == 20
        store.history.delete_conversation(BEN, bens.conversation_id)
        assert list(store.blobs.list_digests()) == []


def test_an_image_keeps_the_name_that_each_person_gave_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        anns = ask(store, ANN, store.admit_tiny_image("secret.tif", gsd_m=1))
        bens = ask(store, BEN, store.admit_tiny_image("meadow.tif", gsd_m=1))
        names = [
            message.image.name
            for message in (store.history.get_message(ANN, anns.id), store.history.get_message(BEN, bens.id))
            if message.image
        ]
        assert names == ["secret.tif", "meadow.tif"]


def test_what_somebody_is_about_to_use_outlives_anothers_deletion(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        history = store.history
        image = store.admit_tiny_image("field.tif", gsd_m=1)
        anns = ask(store, ANN, image)
        # Ben has dropped in the same example and waits for his answer, whose mask is the same.
        bens_image = store.admit_tiny_image("field.tif", gsd_m=1)
        bens_mask = history.store_mask(full_mask(bens_image))
        history.delete_conversation(ANN, anns.conversation_id)
        conversation = history.create_conversation(BEN, "fields")
        message = history.append_message(
            BEN, conversation.id, NewMessage(Role.ASSISTANT, "found", bens_image, bens_mask)
        )
        assert history.load_mask(BEN, message.id).pixel_count == 20
        assert bens_image.rendering_path.is_file()


def test_an_upload_that_was_never_asked_about_is_swept_when_its_hold_expires(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.admit_tiny_image("field.tif", gsd_m=1)
        assert sweep(store.database, store.blobs, store.clock) == 0
        store.clock.advance(HOLD_TIME)
        assert sweep(store.database, store.blobs, store.clock, candidates=()) == 2
        assert list(store.blobs.list_digests()) == []


def test_the_sweep_of_everything_finds_what_a_crash_left(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        message = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        orphan = store.blobs.put_bytes(b"written just before the power went")
        assert sweep(store.database, store.blobs, store.clock) == 1
        assert not store.blobs.has(orphan)
        assert store.history.load_mask(ANN, message.id).pixel_count == 20


def test_the_sweep_of_more_than_one_query_finds_all(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        message = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        nowhere = {f"{number:064x}" for number in range(1200)}
        store.history.delete_conversation(ANN, message.conversation_id)
        assert sweep(store.database, store.blobs, store.clock, candidates=nowhere) == 1200


def test_a_message_releases_its_holds(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        with store.database.reading() as session:
            assert session.query(HoldRow).count() == 0


def test_an_image_that_was_never_admitted_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "fields")
        stranger = ImageRef("9" * 64, tmp_path / "a", tmp_path / "b", Grid(5, 4), "a.png", "PNG")
        with pytest.raises(ImageNotStoredError, match="upload it again"):
            store.history.append_message(ANN, conversation.id, NewMessage(Role.USER, "hello", stranger))
        assert store.history.get_conversation(ANN, conversation.id) == conversation


def test_a_mask_that_was_never_stored_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "fields")
        with pytest.raises(BlobMissingError):
            store.history.append_message(
                ANN, conversation.id, NewMessage(Role.ASSISTANT, "found", mask_digest="9" * 64)
            )
        assert store.history.get_conversation(ANN, conversation.id) == conversation


def test_a_lost_mask_spoils_neither_the_list_nor_the_other_messages(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        message = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        assert message.mask_digest is not None
        store.blobs.remove(message.mask_digest)
        assert list(store.history.list_messages(ANN, message.conversation_id)) == [message]
        with pytest.raises(BlobMissingError):
            store.history.load_mask(ANN, message.id)


@pytest.mark.parametrize("content", [b"", b"no picture", "a mask of another size"])
def test_a_damaged_mask_is_said_and_never_shown(tmp_path: Path, content: bytes | str) -> None:
    with open_store(tmp_path) as store:
        message = ask(store, ANN, store.admit_tiny_image("field.tif", gsd_m=1))
        other = store.history.store_mask(Mask(np.ones((2, 2), dtype=bool), Grid(2, 2)))
        damage = store.blobs.read(other) if isinstance(content, str) else content
        assert message.mask_digest is not None
        store.blobs.path_of(message.mask_digest).write_bytes(damage)
        with pytest.raises(BlobDamagedError, match="damaged"):
            store.history.load_mask(ANN, message.id)


def test_text_that_no_database_takes_is_made_storable(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "lone \ud83c surrogate")
        assert conversation.title == "lone ? surrogate"
        stored = store.history.append_message(ANN, conversation.id, NewMessage(Role.USER, "nul \x00 and \udfff"))
        assert stored.text == "nul � and ?"
        assert store.history.get_message(ANN, stored.id) == stored


def test_a_message_of_100_kilobytes_is_kept_whole_and_found(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "long")
        text = "field " * 17_000 + "needle"
        stored = store.history.append_message(ANN, conversation.id, NewMessage(Role.USER, text))
        assert store.history.get_message(ANN, stored.id).text == text
        assert len(store.history.list_conversations(ANN, search="NEEDLE")) == 1


def test_numpy_numbers_are_kept_as_plain_ones(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "fields")
        facts = Facts(
            pixel_count=int(np.int64(3)),
            share=np.float64(0.5),
            count=1,
            largest_share=np.float64(1.0),
            position="centre",
            area_m2=np.float64(2.5),
            centroid_row_col=(np.float64(1.5), np.float64(2.5)),
            bounds_xyxy_px=(0, 1, 2, 3),
        )
        new = NewMessage(Role.ASSISTANT, "x", facts=facts, score=np.float64(0.25), seconds={"read": np.float64(0.5)})
        stored = store.history.append_message(ANN, conversation.id, new)
        again = store.history.get_message(ANN, stored.id)
        assert (again.facts, again.score, again.seconds) == (facts, 0.25, {"read": 0.5})


def test_a_confidence_map_of_another_kind_is_a_mistake_of_ours(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, pytest.raises(ValueError, match=r"uint8 \(H, W\)"):
        store.history.store_confidence(np.zeros((2, 2, 3), dtype=np.uint8))


def test_moments_of_other_zones_are_the_same_moments_afterwards(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        conversation = store.history.create_conversation(ANN, "fields")
        assert store.history.get_conversation(ANN, conversation.id).created_at == conversation.created_at
        assert conversation.created_at.utcoffset() == timedelta(0)
