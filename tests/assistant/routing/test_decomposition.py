import pytest

from assistant.planning import understand
from assistant.routing.decomposition import decompose, name_class
from assistant.routing.nouns import is_extended, pluralise


def test_the_class_is_asked_for_in_full() -> None:
    parts = decompose("the largest storage tank")
    assert parts is not None
    assert parts.class_question == "Segment all the storage tanks."


def test_things_that_are_counted_are_named_without_the_question() -> None:
    counted, named = decompose("how many ships are there in the left half?"), decompose("the ships in the left half")
    assert counted == named
    assert counted is not None
    assert counted.class_name == "ships"


def test_a_count_of_nothing_named_is_no_compound_question() -> None:
    assert decompose("how many are there in the left half?") is None


def test_a_very_long_text_is_no_compound_question() -> None:
    assert decompose("the largest ship " * 40) is None


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("ship", "ships"),
        ("swimming pool", "swimming pools"),
        ("body of water", "bodies of water"),
        ("harbor jetty", "harbor jetties"),
        ("bus", "bus"),
        ("church", "churches"),
        ("aircraft", "aircraft"),
        ("floodwater", "floodwater"),
        ("houses", "houses"),
    ],
)
def test_nouns_are_put_in_the_plural(noun: str, plural: str) -> None:
    assert pluralise(noun) == plural


def test_a_thing_is_named_without_article_and_portion() -> None:
    assert name_class("the running track") == "running tracks"
    assert name_class("a group of trees") == "trees"
    assert name_class("all of the ships") == "ships"


def test_what_runs_over_the_ground_is_told_from_what_is_counted() -> None:
    assert all(is_extended(noun) for noun in ("roads", "water", "flooded areas", "trees", "built up areas"))
    assert not any(is_extended(noun) for noun in ("ships", "aircraft", "tennis courts", "running tracks"))


@pytest.mark.parametrize(
    "text",
    [
        "My grandmother can't walk far, where could she sit in the shade near the lake?",
        "tell me a joke about satellites",
        "trees standing alone in the fields",
    ],
)
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert understand(text) is None


def test_a_crossing_can_be_a_thing() -> None:
    found = decompose("zebra crossing near the school")
    assert found is not None
    assert found.class_name == "zebra crossings"
