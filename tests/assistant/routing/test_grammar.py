import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.intents import Topic
from assistant.routing.grammar import LONGEST_FOLLOW_UP, parse_follow_up

FOLLOW_UPS: dict[Topic, tuple[str, ...]] = {
    Topic.COUNT: (
        "How many are there?",
        "how many",
        "How many of them are there?",
        "How many did you find?",
        "And how many are there in the image?",
        "How many objects are there?",
        "how many separate areas are there",
        "how many parts does it have?",
        "Tell me how many there are.",
        "Can you count them, please?",
        "What's the total number?",
        "how many have you marked?",
    ),
    Topic.AREA: (
        "How big is it?",
        "How large are they in total?",
        "What area do they cover?",
        "What is the area?",
        "What's the total area of the mask?",
        "How much area does it take up?",
        "how many square metres is that?",
        "How many hectares do they cover?",
        "in hectares?",
        "what size is it",
        "And how big is the marked area?",
        "What is its size in square meters?",
    ),
    Topic.SHARE: (
        "What share of the image is that?",
        "What percentage of the image do they cover?",
        "How much of the picture is covered?",
        "How much of the image is that?",
        "Which fraction of the scene is it?",
        "what's the percentage?",
        "what % of the image is marked?",
        "How much of the whole image does it cover?",
    ),
    Topic.POSITION: (
        "Where is it?",
        "Where are they?",
        "Where exactly are they?",
        "where in the image is it?",
        "Please tell me where they are.",
        "In which part of the image are they?",
        "What corner is it in?",
        "where did you find them?",
        "What is its location?",
    ),
    Topic.CONFIDENCE: (
        "How sure are you?",
        "Are you sure?",
        "How confident are you about that?",
        "are you certain that this is right?",
        "How reliable is this?",
        "What's your confidence?",
        "Can I trust the mask?",
        "Is that correct?",
    ),
    Topic.SUMMARY: (
        "What did you find?",
        "What have you marked?",
        "Summarize the result.",
        "Describe it.",
        "Tell me more about it.",
        "How many are there, and how big are they?",
        "Where is it? How sure are you?",
        "give me the numbers",
    ),
    Topic.PARTS: (
        "List all of them.",
        "Number them",
        "sort by size",
        "Make a table of their sizes",
        "what are their sizes?",
        "How big is each one?",
        "label each one",
    ),
    Topic.SIZES: (
        "What's the average size?",
        "Are they all the same size?",
        "How much do they differ in size?",
        "how big are they on average?",
    ),
    Topic.SPACING: (
        "How far apart are they?",
        "What is the smallest distance between them?",
        "how close are they to each other?",
    ),
    Topic.BOUNDS: ("What are the coordinates?", "what is the bounding box?", "give me their coordinates"),
    Topic.HALVES: (
        "Are there more on the left or on the right?",
        "Which half of the image has more of them?",
        "how are they distributed?",
    ),
}

NEW_QUESTIONS = (
    "Where are the airplanes?",
    "How many airplanes are there? Mark them.",
    "how many ships are in the harbour?",
    "How many are there in the harbour?",
    "How many marked ships are there?",
    "how many different buildings are there?",
    "How big is the lake?",
    "What area does the lake cover?",
    "What share of the image is forest?",
    "How much of the image is water?",
    "What percentage of the image do the fields cover?",
    "Where is it flooded?",
    "Where is it safe to land?",
    "where are they building new houses?",
    "Where are the largest ones?",
    "How sure are you that this is a bridge?",
    "Are there any ships?",
    "Is there a swimming pool?",
    "mark them",
    "Mark all buildings.",
    "the small one on the left",
    "airplanes",
    "Which areas could be used to shelter residents?",
    "which fields would flood first?",
    "Show me where a plane could be repaired.",
    "What is this?",
    "Count the cars.",
    "Find it",
    "How wide is the road?",
    "Which part of the image is used for farming?",
    "number of tennis courts",
    "the area of the roof",
    "list the ships",
    "the average size of the ponds",
    "how far apart are the piers?",
    "the coordinates of the pier",
    "are there more ships on the left or on the right?",
    "Describe the harbour.",
    "How many are there and where are the ships?",
    "Where can I park it?",
    "what is the largest building",
    "?",
    "🛩️",
)

# Written after the rules, and not used to shape them.
HELD_OUT: tuple[tuple[str, Topic | None], ...] = (
    ("OK, and how many is that?", None),
    ("so how many did you detect?", Topic.COUNT),
    ("Could you tell me how big they are?", Topic.AREA),
    ("what is the size of the marked region", Topic.AREA),
    ("where are these located?", Topic.POSITION),
    ("Which side of the image is it on?", Topic.POSITION),
    ("How certain is that?", Topic.CONFIDENCE),
    ("What proportion of the photo is marked?", Topic.SHARE),
    ("What was found?", Topic.SUMMARY),
    ("How many trucks did you find?", None),
    ("Where is the mask of the river?", None),
    ("What area could hold a helicopter?", None),
    ("How large are the ponds in total?", None),
    ("Where do they store oil?", None),
)


@pytest.mark.parametrize(("text", "topic"), [(text, topic) for topic, texts in FOLLOW_UPS.items() for text in texts])
def test_a_question_about_the_marks_is_a_follow_up(text: str, topic: Topic) -> None:
    assert parse_follow_up(text) is topic


@pytest.mark.parametrize("text", NEW_QUESTIONS)
def test_a_question_that_names_a_thing_is_no_follow_up(text: str) -> None:
    assert parse_follow_up(text) is None


@pytest.mark.parametrize(("text", "topic"), HELD_OUT)
def test_utterances_that_did_not_shape_the_rules_are_understood(text: str, topic: Topic | None) -> None:
    assert parse_follow_up(text) is topic


@given(text=st.sampled_from([text for texts in FOLLOW_UPS.values() for text in texts]))
def test_case_spaces_and_politeness_do_not_change_the_meaning(text: str) -> None:
    expected = parse_follow_up(text)
    assert parse_follow_up(f"  {text.upper()}  ") is expected
    assert parse_follow_up(f"ok, and {text}") is expected
    assert parse_follow_up(text.rstrip(".?") + " please?") is expected
    assert parse_follow_up(text.replace("'", "’")) is expected


@given(
    text=st.sampled_from([text for texts in FOLLOW_UPS.values() for text in texts]),
    thing=st.sampled_from(["airplanes", "ships", "flooded fields", "red roofs"]),
)
def test_naming_a_thing_beside_makes_it_a_new_question(text: str, thing: str) -> None:
    assert parse_follow_up(f"{text} Mark the {thing}.") is None


@given(text=st.text(max_size=300))
@example(text="how many " * 40)
@example(text="where is it" + " in the image" * 20)
def test_any_text_is_read_without_failing(text: str) -> None:
    topic = parse_follow_up(text)
    assert topic is None or len(text) <= LONGEST_FOLLOW_UP
