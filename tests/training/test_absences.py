"""What an image is known to have and to lack."""

from pathlib import Path

import numpy as np

from training.absences import asks_anywhere, find_labels
from training.samples import ImageSample, QuestionSample


def _there() -> np.ndarray:
    return np.ones((4, 4), np.bool_)


def _sample(source: str, *questions: QuestionSample) -> ImageSample:
    return ImageSample(f"{source}/1", Path("1.png"), source, questions)


def _present(name: str, text: str = "Mark them.", kind: str = "class") -> QuestionSample:
    return QuestionSample("q", text, kind, _there, class_name=name)


def _absent(name: str, text: str) -> QuestionSample:
    return QuestionSample("q", text, "negative", None, class_name=name)


def test_a_class_is_there_is_not_or_is_not_known() -> None:
    labels = find_labels(_sample("town", _present("ship"), _absent("bridge", "Are there bridges?")))
    assert labels["ship"] is _there
    assert labels["bridge"] is None
    assert "harbor" not in labels


def test_a_question_about_a_part_says_nothing_of_the_whole() -> None:
    part = _present("ship", "The ships in the left half", kind="region")
    nothing_there = _absent("bridge", "Mark the bridges to the left of the pier.")
    assert find_labels(_sample("town", part, nothing_there)) == {}
    assert not asks_anywhere(part)
    assert not asks_anywhere(nothing_there)


def test_a_word_of_place_in_a_function_is_no_place() -> None:
    assert asks_anywhere(_present("flood_water", "Where has the river left its bed?", kind="implicit"))


def test_words_without_a_class_are_not_put_to_other_images() -> None:
    assert not asks_anywhere(QuestionSample("q", "Where would a plane be repaired?", "implicit", _there))


def test_sources_add_what_was_judged_absent_and_leave_open_what_was_not() -> None:
    at_the_airport = find_labels(_sample("nwpu_vhr10", _present("airplane")))
    assert at_the_airport["swimming_pool"] is None
    assert at_the_airport["airplane"] is _there
    beside_houses = find_labels(_sample("nwpu_vhr10", _present("tennis_court")))
    assert "swimming_pool" not in beside_houses
    assert beside_houses["solar_panel"] is None


def test_a_label_outweighs_the_rule() -> None:
    assert find_labels(_sample("hot_fair", _present("storage_tank")))["storage_tank"] is _there


def test_a_class_that_a_part_of_the_image_holds_is_not_called_absent() -> None:
    corner = _present("tennis_court", "The tennis court in the corner", kind="position")
    labels = find_labels(_sample("nwpu_vhr10", corner))
    assert "tennis_court" not in labels
    assert labels["basketball_court"] is None


def test_what_lies_on_water_is_left_open_where_some_of_it_is_there() -> None:
    assert "bridge" not in find_labels(_sample("nwpu_vhr10", _present("ship")))
    assert find_labels(_sample("nwpu_vhr10", _present("airplane")))["bridge"] is None
