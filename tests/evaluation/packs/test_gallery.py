from pathlib import Path

import numpy as np
import pytest

from evaluation.errors import PackEmptyError, PackMissingError
from evaluation.packs.gallery import answer_examples, describe_score, draw_examples, read_redistributable
from evaluation.packs.pack import Pack
from evaluation.packs.report import segment_with
from tests.evaluation.tiny_packs import ROOFS, write_pack
from tests.fakes.engine import FakeEngine

LICENCES = """# Licences

| source | taken from | as stated | origin | redistribute? |
| --- | --- | --- | --- | --- |
| `town`, `town_hold` | here | MIT | ours | yes, with attribution |
| `park` | there | nothing | unknown | unclear: treat as research use |
| `lake` | there | MIT | a vendor | polygons yes (MIT). **Images: research use only** |
| `hill` | there | nothing | a province | images likely with attribution |
| `road` | there | MIT | public domain | Yes: MIT notice |
| `wood` | there | nothing | a shop | no: research use only |
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "LICENSES.md").write_text(LICENCES)
    return write_pack(tmp_path)


def test_only_a_plain_yes_lets_images_be_passed_on(root: Path) -> None:
    assert read_redistributable(root) == {"town", "town_hold", "road"}


def test_a_folder_without_licences_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackMissingError, match=r"no LICENSES\.md"):
        read_redistributable(write_pack(tmp_path))


def test_examples_come_from_the_split_and_the_sources_alone_one_for_each_image(root: Path) -> None:
    pack = Pack(root)
    for seed in range(8):
        drawn = draw_examples(pack, "val", {"town"}, count=5, seed=seed)
        assert sorted(one.image for one in drawn) == ["images/town/a.png", "images/town/b.png"]
    assert len({draw_examples(pack, "val", {"town"}, count=2, seed=seed) for seed in range(8)}) > 3
    assert draw_examples(pack, "val", {"town"}, count=2, seed=3) == draw_examples(
        pack, "val", {"town"}, count=2, seed=3
    )


@pytest.mark.parametrize(("split", "sources"), [("test", {"town"}), ("val", {"road"}), ("val", set())])
def test_nothing_to_draw_is_said(root: Path, split: str, sources: set[str]) -> None:
    with pytest.raises(PackEmptyError):
        draw_examples(Pack(root), split, sources, count=1, seed=0)


def test_an_example_shows_image_answer_and_target_with_the_words(root: Path) -> None:
    pack = Pack(root)
    whole = next(one for one in pack.select_questions("val", sources=["town"]) if one.kind == "region")
    (cell,) = answer_examples(pack, [whole], segment_with(FakeEngine()))
    image, answer, target = cell.pictures
    changed = [(picture != image).any(axis=2) for picture in (answer, target)]
    np.testing.assert_array_equal(changed[0], ROOFS)
    np.testing.assert_array_equal(changed[1], pack.load_target(whole))
    assert cell.caption == "“Mark the red roofs in the left half.” IoU 0.37."


def test_scores_are_said_in_words() -> None:
    nothing = np.zeros_like(ROOFS)
    assert describe_score(ROOFS, ROOFS) == "IoU 1.00."
    assert describe_score(nothing, ROOFS) == "Nothing marked: IoU 0.00."
    assert describe_score(nothing, nothing) == "Not there; nothing marked."
    assert describe_score(ROOFS, nothing) == "Not there; something marked."
