from dataclasses import replace

from assistant.facts import Facts
from assistant.masks.comparison import Fate
from tests.fakes.messages import FACTS, IMAGE, build_mask_answer
from tests.ui.test_message_html import Page, render

NOTHING = Facts(0, 0.0, 0, 0.0, None, None, None, None)
ANSWER = build_mask_answer(
    "what is new?",
    comparison_digest="c" * 64,
    fate_facts={Fate.ADDED: replace(FACTS, area_m2=210.0), Fate.REMOVED: NOTHING, Fate.UNCHANGED: FACTS},
)


def test_each_fate_that_is_there_has_a_layer_and_a_download_and_the_empty_one_only_a_line() -> None:
    page = Page(render(ANSWER))
    assert [(image.get("data-fate"), image["src"]) for image in page.all("img")] == [
        (None, "artefacts/a1/image"),
        ("unchanged", "artefacts/a1/fates/unchanged/layer.png"),
        ("added", "artefacts/a1/fates/added/layer.png"),
    ]
    links = [link["href"] for link in page.all("a") if "download" in link]
    assert links == [
        "artefacts/a1/fates/added.png?download=1",
        "artefacts/a1/fates/unchanged.png?download=1",
        "artefacts/a1/overlay.png?download=1",
        "artefacts/a1/bundle.zip?download=1",
    ]
    choices = {one["value"]: one for one in page.all("input") if one.get("data-control") == "fate"}
    assert [name for name, choice in choices.items() if "checked" in choice] == ["added", "unchanged"]
    assert "disabled" in choices["removed"]


def test_the_legend_says_in_words_what_each_layer_is() -> None:
    text = Page(render(ANSWER)).text
    assert "Added: 3 separate areas, 4.2% of the image, about 210 m²" in text
    assert "Removed: nothing" in text


def test_a_comparison_in_which_nothing_was_marked_is_still_shown() -> None:
    facts = {Fate.ADDED: NOTHING, Fate.REMOVED: NOTHING, Fate.UNCHANGED: FACTS}
    answer = replace(ANSWER, mask_digest=None, facts=NOTHING, fate_facts=facts, image=IMAGE)
    assert "artefacts/a1/fates/unchanged/layer.png" in [image["src"] for image in Page(render(answer)).all("img")]


def test_no_threshold_is_offered_where_there_is_no_confidence() -> None:
    assert [one for one in Page(render(ANSWER)).all("input") if one.get("data-control") == "threshold"] == []
