import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Status
from assistant.events import Stage, Waiting
from assistant.making import Pointed
from serving.clicks import Click
from serving.grid import Grid
from tests.fakes.messages import FACTS, IMAGE, build_answer, build_mask_answer, build_question
from ui.limits import SHOWN_TEXT_LENGTH
from ui.message_html import render_progress, render_refusal, render_transcript
from ui.overlay_html import describe_mask, shorten_label
from ui.turns_in_flight import Progress

HOSTILE = '<img src=x onerror="alert(1)"></p><script>alert(2)</script>{value}${value}\'"&amp;'


class Page(HTMLParser):
    """Reads markup as a browser does: which elements there are, and what a person reads."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def with_action(self, action: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if attributes.get("data-action") == action]


def shape(markup: str) -> list[tuple[str, list[str]]]:
    """Return elements and the names of their attributes, which what people type must never change."""
    return [(tag, sorted(attributes)) for tag, attributes in Page(markup).elements]


def render(*messages: object, is_busy: bool = False) -> str:
    return render_transcript(messages, "c1", is_busy=is_busy)  # type: ignore[arg-type]


# Without surrogates, which no message can hold, and without what HTML itself cannot: NUL and carriage returns.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1, max_size=200)


@given(text=texts)
def test_what_people_type_never_becomes_markup(text: str) -> None:
    assert shape(render(build_question(text))) == shape(render(build_question("word")))


@given(text=texts)
def test_what_people_type_is_shown_literally(text: str) -> None:
    assert text in Page(render(build_question(text))).text


@given(question=texts.filter(str.strip), name=texts.filter(str.strip))
def test_question_and_file_name_never_become_markup_of_an_overlay(question: str, name: str) -> None:
    hostile = build_mask_answer(question, image=IMAGE.__class__(**{**vars(IMAGE), "name": name}))
    assert shape(render(hostile)) == shape(render(build_mask_answer("word")))


def test_hostile_text_is_literal_everywhere() -> None:
    image = IMAGE.__class__(**{**vars(IMAGE), "name": HOSTILE, "notes": (HOSTILE,)})
    markup = render(
        build_question(HOSTILE, image=image),
        build_mask_answer(HOSTILE, image=image),
        build_question(HOSTILE),
        build_answer(HOSTILE, status=Status.FAILED),
    )
    markup += render_progress(Progress(stages=(Stage("encode", HOSTILE),), text=HOSTILE), question=HOSTILE, image=image)
    markup += render_refusal(HOSTILE, question=HOSTILE, image_name=HOSTILE)
    page = Page(markup)
    assert page.all("script") == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_overlay_stacks_the_layer_above_the_base_from_our_own_routes() -> None:
    page = Page(render(build_question("Where?", image=IMAGE), build_mask_answer("Where?")))
    assert [image["src"] for image in page.all("img")] == [
        "artefacts/q1/image",
        "artefacts/a1/image",
        "artefacts/a1/layer.png",
    ]


def test_alternative_text_of_a_mask_tells_its_facts() -> None:
    assert describe_mask("ships", FACTS) == "Mask for “ships”: 3 areas, top left, 4.2% of the image"


def test_every_picture_has_an_alternative_text() -> None:
    page = Page(render(build_question("Where?", image=IMAGE), build_mask_answer("Where?")))
    assert all(image["alt"] for image in page.all("img"))


def test_downloads_of_mask_and_overlay_are_offered() -> None:
    links = [link["href"] for link in Page(render(build_mask_answer("Where?"))).all("a") if "download" in link]
    names = ("mask.png", "overlay.png", "mask.json", "bundle.zip")
    assert links == [f"artefacts/a1/{name}?download=1" for name in names]


def test_georeferenced_masks_leave_as_geotiff_and_as_outlines_too() -> None:
    placed = replace(IMAGE, grid=Grid(768, 1024, (1.0, 0.0, 0.0, 0.0, -1.0, 0.0), "EPSG:32633"))
    page = Page(render(build_mask_answer("Where?", image=placed)))
    names = [str(link["href"]).partition("?")[0] for link in page.all("a") if "download" in link]
    expected = ("mask.png", "overlay.png", "mask.json", "mask.tif", "mask.geojson", "mask.gpkg", "bundle.zip")
    assert names == [f"artefacts/a1/{name}" for name in expected]


def test_what_is_read_after_the_picture_is_the_answer_and_tools_are_folded() -> None:
    page = Page(render(build_mask_answer("Where?")))
    assert page.text.split("SegEarth Chat", 1)[1].startswith("Found 3 separate areas.Confidence93%")
    panels = [attributes for tag, attributes in page.elements if tag == "div" and "data-panel" in attributes]
    assert [panel["data-panel"] for panel in panels] == ["refine", "mask", "export"]
    assert all("hidden" in panel for panel in panels)


def render_by_hand(*, is_busy: bool = False) -> Page:
    click = Pointed((Click(3, 8, is_positive=True),))
    wish = replace(build_question("Add what is at 3, 8", mask_parents=("a1",)), id="w1")
    changed = replace(build_mask_answer("Where?", making=click, mask_parents=("a1",)), id="a2")
    again = replace(wish, id="w2", mask_parents=("a2",))
    messages = [build_question("Where?", image=IMAGE), build_mask_answer("Where?"), wish, changed]
    return Page(render(*messages, *([again] if is_busy else []), is_busy=is_busy))


def test_a_change_by_hand_shows_its_newest_state_how_often_and_the_way_back() -> None:
    page = render_by_hand()
    assert "By hand: 1 click" in page.text
    assert "Add what is at" not in page.text
    assert [button["data-kind"] for button in page.with_action("move")] == ["undo"]
    assert page.with_action("retry") == []


def test_the_picture_is_addressed_as_before_the_change_so_that_browsers_keep_it() -> None:
    sources = [image["src"] for image in render_by_hand().all("img")]
    assert sources == ["artefacts/q1/image", "artefacts/a1/image", "artefacts/a2/layer.png"]


def test_what_is_being_done_by_hand_is_said_by_the_live_region_alone() -> None:
    page = render_by_hand(is_busy=True)
    assert "Add what is at" not in page.text
    assert page.with_action("move") == []
    assert "Add what is at" not in render_progress(
        Progress(), question="Add what is at 3, 8", image=IMAGE, is_by_hand=True
    )


def test_an_image_can_be_pointed_at_until_it_has_an_answer() -> None:
    upload = build_question("", image=IMAGE)
    bare = Page(render(upload, build_answer("Here it is.", image=IMAGE)))
    assert [figure.get("data-answer") for figure in bare.all("figure")] == ["q1"]
    assert len(bare.with_action("set-tool")) > 0
    answered = Page(render(upload, build_mask_answer("Where?")))
    assert [figure.get("data-answer") for figure in answered.all("figure")] == [None, None]


def test_an_image_is_shown_once_while_it_stays_the_same() -> None:
    markup = render(build_question("One?", image=IMAGE), build_answer("No."), build_question("Two?", image=IMAGE))
    assert markup.count('class="upload"') == 1


def test_failed_answer_offers_its_question_again() -> None:
    page = Page(render(build_question("Where?", image=IMAGE), build_answer("It broke.", status=Status.FAILED)))
    assert [button["data-message"] for button in page.with_action("retry")] == ["q1"]


def test_interrupted_question_offers_itself_again() -> None:
    page = Page(render(build_question("Where?", image=IMAGE)))
    assert [button["data-message"] for button in page.with_action("retry")] == ["q1"]


def test_question_in_flight_is_not_called_interrupted() -> None:
    assert "interrupted" not in render(build_question("Where?", image=IMAGE), is_busy=True)


def test_only_the_last_answer_can_be_retried() -> None:
    messages = [build_question("One?"), build_answer("a"), build_question("Two?"), build_answer("b")]
    assert len(Page(render(*messages)).with_action("retry")) == 1


def test_image_alone_is_answered_with_questions_to_click() -> None:
    page = Page(render(build_question("", image=IMAGE), build_answer("Here it is.", image=IMAGE)))
    assert len(page.with_action("suggest")) >= 2


def test_nothing_found_draws_no_overlay() -> None:
    answer = build_answer("Nothing matches.", image=IMAGE, facts=FACTS, question="Where?")
    assert 'class="overlay"' not in render(build_question("Where?", image=IMAGE), answer)


def test_progress_marks_the_current_stage_as_the_only_one() -> None:
    stages = (Stage("language", "Reading"), Stage("decode", "Drawing"))
    markup = render_progress(Progress(is_stored=True, stages=stages), question="Where?", image=None)
    current = re.findall(r"is-current.*?<span>(.*?)</span>", markup)
    assert current == ["Drawing…"]
    assert "<progress" not in markup


def test_a_stage_in_parts_has_a_bar() -> None:
    stages = (Stage("decode", "Drawing"), Stage("closer", "Looking closer: part 3 of 16", (3, 16)))
    markup = render_progress(Progress(is_stored=True, stages=stages), question="Where?", image=None)

    assert re.findall(r"is-current.*?<span>(.*?)</span>", markup) == ["Looking closer: part 3 of 16…"]
    (bar,) = [attributes for tag, attributes in Page(markup).elements if tag == "progress"]
    assert (bar["value"], bar["max"]) == ("2", "16")


def test_waiting_turn_says_how_many_are_before_it() -> None:
    markup = render_progress(Progress(waiting=Waiting(2)), question="Where?", image=None)
    assert "Waiting: 2 questions before yours" in markup


def test_progress_is_a_polite_live_region() -> None:
    first, attributes = Page(render_progress(Progress(), question="Where?", image=None)).elements[0]
    assert (first, attributes["role"], attributes["aria-live"]) == ("div", "status", "polite")


def test_question_stays_visible_until_it_is_stored() -> None:
    before = render_progress(Progress(), question="Where?", image=None)
    after = render_progress(Progress(is_stored=True), question="Where?", image=None)
    assert ("Where?" in before, "Where?" in after) == (True, False)


def test_huge_question_is_shown_shortened() -> None:
    shown = Page(render(build_question("x" * 100_000))).text
    assert shown.count("x") <= SHOWN_TEXT_LENGTH + 10
    assert "(100,000 characters)" in shown


@given(text=st.text())
def test_label_is_one_short_line(text: str) -> None:
    label = shorten_label(text)
    assert len(label) <= 80
    assert len(label.splitlines()) <= 1
