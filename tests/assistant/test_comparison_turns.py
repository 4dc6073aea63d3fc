"""Two images in one conversation: what is new, what is gone, and what comes after."""

from pathlib import Path

import numpy as np
import pytest

from assistant.changes import Pointing, Revision
from assistant.conversation import Message
from assistant.errors import ConfidenceMissingError
from assistant.events import Failed, Stage
from assistant.making import Compared, Picked
from assistant.masks.comparison import UNKNOWN_CODE, Comparison, Fate
from assistant.operations import BySize, FillHoles, Keep, Threshold
from assistant.replaying import replay_masks
from assistant.routing.replies import ADD_AN_IMAGE, NAME_THE_IMAGE
from serving.clicks import Click
from serving.image_ref import ImageRef
from storage.images import ImageStore
from tests.assistant.pictures import write_picture
from tests.assistant.test_moving_turns import BranchTalk
from tests.assistant.test_refining_turns import OWNER
from tests.fakes.engine import FakeEngine
from tests.fakes.image_files import UTM_33N, write_raster
from tests.fakes.stores import open_store

# The left box stays, the middle one goes, and a large one and a small one come; blue is in the second image alone.
FIRST = (("red", (2, 2, 12, 10)), ("red", (20, 4, 24, 8)))
SECOND = (("red", (2, 2, 12, 10)), ("red", (30, 20, 38, 26)), ("red", (2, 20, 5, 23)), ("blue", (0, 28, 40, 30)))
STAYED, GONE, CAME = 80, 16, 48 + 9


@pytest.fixture
def talk(tmp_path: Path) -> BranchTalk:
    """A conversation whose first image was asked for red boxes, and whose second is there with the next question."""
    talk = BranchTalk(write_picture(tmp_path, name="before.png", boxes=FIRST))
    talk.say("Where are the red boxes?")
    talk.image = write_picture(tmp_path, name="after.png", boxes=SECOND)
    return talk


def sizes(message: Message) -> tuple[int, int, int]:
    added, removed, unchanged = (message.fate_facts[fate].pixel_count for fate in Fate)
    return added, removed, unchanged


def test_what_is_new_is_found_in_both_images_and_marked_in_the_second(talk: BranchTalk) -> None:
    message = talk.say("what is new since the first?")
    assert talk.engine.questions == ["Segment all the red boxes."] * 3
    assert message.image is not None
    assert message.image.name == "after.png"
    assert talk.marked(message) == CAME
    assert sizes(message) == (CAME, GONE, STAYED)
    assert message.text.startswith(
        "Compared “Where are the red boxes?” in image 1 (“before.png”) and image 2 (“after.png”). "
        "Added: 2 separate areas, 4.8% of the image. Removed: one area, 1.3% of the image. Unchanged: one area, "
    )
    assert "both are of one size, so they are taken to be the same grid" in message.text


def test_the_stages_say_which_image_is_looked_at(talk: BranchTalk) -> None:
    talk.say("what is new since the first?")
    sentences = [event.sentence for event in talk.events if isinstance(event, Stage)]
    assert "Drawing the mask (image 1)" in sentences
    assert sentences.index("Looking at the image (image 2)") > sentences.index("Drawing the mask (image 1)")


def test_the_side_that_is_asked_for_comes_first_and_is_the_mask(talk: BranchTalk) -> None:
    gone = talk.say("which red boxes are gone since the first image?")
    assert talk.marked(gone) == GONE
    assert gone.text.index("Removed: one area") < gone.text.index("Added: 2 separate areas")
    assert talk.marked(talk.say("what has changed between the two images?")) == CAME + GONE
    assert talk.marked(talk.say("what stayed the same?")) == STAYED


def test_a_thing_of_its_own_is_looked_for_in_both(talk: BranchTalk) -> None:
    message = talk.say("compare the blue strip in both images")
    assert talk.engine.questions[1:] == ["Segment all the blue strips."] * 2
    assert sizes(message) == (80, 0, 0)
    assert "Removed: nothing." in message.text


def test_what_was_done_with_the_last_mask_is_done_with_both_but_not_its_clicks(talk: BranchTalk) -> None:
    first = talk.image
    talk.image = None
    talk.say("only the largest")
    talk.say("remove that one", point=(3.0, 3.0))
    talk.image = first
    message = talk.say("what is new since the first?")
    assert sizes(message) == (0, 0, STAYED)
    assert "“Where are the red boxes?” (only the largest)" in message.text
    assert message.mask_digest is None
    assert message.facts is not None


def test_a_comparison_goes_on_as_a_plain_mask(talk: BranchTalk) -> None:
    compared = talk.say("what has changed since the first?")
    added = talk.say("only the added ones")
    assert talk.marked(added) == CAME
    assert (added.comparison_digest, added.mask_parents, added.making) == (None, (compared.id,), Picked((Fate.ADDED,)))
    assert talk.marked(talk.say("only the largest")) == 48
    assert talk.marked(talk.say("now the removed ones")) == GONE
    assert talk.marked(talk.say("only the unchanged boxes")) == STAYED
    pointed = talk.ask("", change=Pointing(compared.id, (Click(3.0, 21.0, is_positive=False),)))
    assert talk.marked(pointed) == CAME + GONE - 9


def test_steps_after_a_comparison_can_be_set_anew_without_a_confidence_map(talk: BranchTalk) -> None:
    compared = talk.say("what has changed since the first?")
    added = talk.say("only what is new")
    refined = talk.say("only the largest")
    assert refined.confidence_digest is None
    again = talk.ask("", change=Revision(refined.id, (FillHoles(),)))
    assert (talk.marked(again), again.mask_parents) == (CAME, (added.id,))
    assert talk.marked(talk.ask("", change=Revision(compared.id, (Keep(BySize()),)))) == 48
    failed = talk.turn(change=Revision(refined.id, (Threshold(0.3),)))
    assert isinstance(failed, Failed)
    assert failed.sentence == str(ConfidenceMissingError())


def test_the_next_wish_goes_on_with_the_same_two_images(talk: BranchTalk, tmp_path: Path) -> None:
    talk.say("what has changed?")
    talk.say("What are the blue things?", image=write_picture(tmp_path, name="third.png", boxes=FIRST[1:]))
    message = talk.say("which red boxes are gone since the first?")
    assert sizes(message) == (0, STAYED, GONE)
    assert isinstance(message.making, Compared)
    follow_up = talk.say("what is new?")
    assert isinstance(follow_up.making, Compared)
    assert follow_up.making.earlier_digest == message.making.earlier_digest
    assert talk.marked(talk.say("what has changed between image 2 and image 3?")) == 48 + 9 + STAYED + GONE


def test_the_same_in_another_image_compares_that_one_with_the_first(talk: BranchTalk, tmp_path: Path) -> None:
    talk.say("what is new since the first?")
    third = write_picture(tmp_path, name="third.png", boxes=(*FIRST, ("red", (30, 10, 34, 14))))
    talk.image = third
    talk.say("Where is the blue strip?")
    talk.say("what has changed between image 1 and image 2?")
    message = talk.ask("now the same in the third image")
    assert isinstance(message.making, Compared)
    assert (message.making.question, sizes(message)) == ("Segment all the blue strips.", (0, 0, 0))
    talk.say("which red boxes are new between image 1 and image 2?")
    again = talk.ask("the same in the third image")
    assert again.image == third
    assert sizes(again) == (16, 0, STAYED + GONE)


def test_one_image_alone_is_asked_back(tmp_path: Path) -> None:
    talk = BranchTalk(write_picture(tmp_path, boxes=FIRST))
    assert talk.say("what has changed?").text == ADD_AN_IMAGE
    assert talk.engine.questions == []
    assert talk.say("which red boxes are new?").mask_digest is not None


def test_nothing_asked_before_and_a_date_are_asked_back(tmp_path: Path) -> None:
    talk = BranchTalk(write_picture(tmp_path, name="before.png", boxes=FIRST))
    talk.say("what has changed?")
    talk.image = write_picture(tmp_path, name="after.png", boxes=SECOND)
    assert "please name the thing" in talk.say("what has changed?").text
    assert talk.say("what is new since 2019?").text == NAME_THE_IMAGE
    assert talk.engine.questions == []


def test_images_of_other_sizes_are_refused_before_the_model_is_asked(talk: BranchTalk, tmp_path: Path) -> None:
    path = write_raster(tmp_path / "small.tif", np.zeros((3, 9, 9), np.uint8))
    with open_store(tmp_path) as store:
        talk.image = store.images.admit_image(path, "small.tif")
        failed = talk.fail("what is new since the first?")
    assert "different sizes (40 × 30 and 9 × 9 pixels)" in failed.sentence
    assert len(talk.engine.questions) == 1
    assert "compare an image with itself" in talk.fail("what changed between image 1 and image 1?").sentence
    assert "This conversation has 2 images" in talk.fail("what is new since the fourth image?").sentence


def test_comparisons_and_what_comes_after_are_made_again_bit_for_bit(talk: BranchTalk) -> None:
    compared = talk.say("what has changed since the first?")
    talk.say("only the added ones")
    refined = talk.say("only the largest")
    talk.ask("", change=Revision(refined.id, (FillHoles(),)))
    talk.go("undo twice")
    talk.ask("only what is gone")
    talk.ask("", change=Pointing(compared.id, (Click(3.0, 21.0, is_positive=False),)))
    tree = talk.history.load_tree(OWNER, str(talk.conversation_id))
    replayed = list(replay_masks(FakeEngine(), talk.history, OWNER, tree))
    assert [one.differing_px for one in replayed] == [0] * 7


def test_a_comparison_that_comes_out_differently_is_counted_though_its_mask_is_equal(talk: BranchTalk) -> None:
    compared = talk.say("what is new since the first?")
    stored = talk.history.load_comparison(OWNER, compared.id)
    codes = stored.codes.copy()
    codes[0, :3] = Fate.REMOVED.code
    talk.history._comparisons[str(compared.comparison_digest)] = Comparison(codes, stored.grid)
    tree = talk.history.load_tree(OWNER, str(talk.conversation_id))
    assert [one.differing_px for one in replay_masks(FakeEngine(), talk.history, OWNER, tree)] == [0, 3]


def admit(images: ImageStore, path: Path, origin: tuple[float, float], box: tuple[int, int, int, int]) -> ImageRef:
    """Store a grey GeoTIFF of 20 by 16 pixels of 2 m, its upper left corner at `origin`, with a red box on it."""
    bands = np.full((3, 16, 20), 127, np.uint8)
    left, top, right, bottom = box
    bands[:, top:bottom, left:right] = np.array((255, 0, 0), np.uint8)[:, None, None]
    transform = (2.0, 0.0, origin[0], 0.0, -2.0, origin[1])
    written = write_raster(path, bands, crs=UTM_33N, transform=transform)
    return images.admit_image(written, path.name)


def test_georeferences_lay_shifted_images_on_each_other(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        # The second image lies 4 columns further east and 2 rows further south; the box is the same ground and grew.
        before = admit(store.images, tmp_path / "before.tif", (500_000, 5_000_000), (8, 6, 12, 10))
        after = admit(store.images, tmp_path / "after.tif", (500_008, 4_999_996), (4, 4, 8, 10))
        far = admit(store.images, tmp_path / "far.tif", (600_000, 5_000_000), (4, 4, 8, 10))
        talk = BranchTalk(before)
        talk.say("Where is the red box?")
        talk.image = after
        message = talk.say("what has changed?")
        assert sizes(message) == (8, 0, 16)
        codes = talk.history.load_comparison(OWNER, message.id).codes
        assert (codes[:, 16:] == UNKNOWN_CODE).all()
        assert (codes[14:] == UNKNOWN_CODE).all()
        assert (codes[:14, :16] != UNKNOWN_CODE).all()
        assert "Added: one area, 2.5% of the image, about 32 m²." in message.text
        assert "30% of image 2 lies outside image 1" in message.text
        talk.image = far
        assert "show different places" in talk.fail("what has changed?").sentence
        assert isinstance(talk.events[-1], Failed)
