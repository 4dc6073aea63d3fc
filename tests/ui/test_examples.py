"""The example images may be shipped, are credited, and can be read."""

import json

import pytest

from serving.imagery.admission import ImageLimits, admit_image
from ui.examples import FOLDER, read_examples

EXAMPLES = json.loads((FOLDER / "examples.json").read_text())
LARGEST_BYTES = 200_000


def test_there_are_four_each_with_its_own_image_and_question() -> None:
    assert len(EXAMPLES) == len({row["path"] for row in EXAMPLES}) == len({row["question"] for row in EXAMPLES}) == 4


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: str(row["path"]))
def test_an_example_is_small_and_is_admitted(row: dict[str, str]) -> None:
    assert (FOLDER / row["path"]).stat().st_size < LARGEST_BYTES
    assert admit_image(FOLDER / row["path"], ImageLimits()).pixel_count >= 256 * 256


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: str(row["path"]))
def test_an_example_is_credited_under_its_name(row: dict[str, str]) -> None:
    _, _, section = (FOLDER / "CREDITS.md").read_text().partition(f"## {row['path']}\n")
    assert row["credit"] in section.partition("\n## ")[0]
    assert row["description"]


def test_no_image_lies_about_without_an_entry() -> None:
    images = {path.name for path in FOLDER.iterdir()} - {"CREDITS.md", "examples.json"}
    assert images == {row["path"] for row in EXAMPLES}


def test_one_example_is_georeferenced() -> None:
    assert any(row["path"].endswith(".tif") for row in EXAMPLES)


def test_the_page_gets_them_in_the_order_of_the_list() -> None:
    assert [(one.path.name, one.question) for one in read_examples()] == [
        (row["path"], row["question"]) for row in EXAMPLES
    ]
