from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from assistant.operations import BySize, FillHoles, Grow, Keep, Length, Ranks, Subtract, Threshold
from tests.assistant.operation_strategies import OPERATIONS
from ui.steps_html import can_move, render_steps

HOSTILE = '"><img src=x onerror="alert(1)"><script>2</script>${value}'
LARGEST = Keep(BySize(Ranks(count=3)))


class Elements(HTMLParser):
    """Reads which elements there are."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def with_action(self, action: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.found if attributes.get("data-action") == action]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_an_answer_without_steps_shows_none() -> None:
    assert render_steps("a1", ()) == ""


def test_each_step_can_be_changed_and_removed() -> None:
    page = Elements(render_steps("a1", (LARGEST, FillHoles())))
    assert [item["data-step"] for item in page.named("li")] == ["0", "1"]
    assert len(page.with_action("edit-step")) == 2
    assert [button["aria-label"] for button in page.with_action("remove-step")] == [
        "Remove “only the three largest”",
        "Remove “holes filled”",
    ]


def test_a_step_moves_only_to_where_another_step_is() -> None:
    page = Elements(render_steps("a1", (LARGEST, FillHoles(), Grow(Length(3)))))
    assert [button["data-to"] for button in page.with_action("move-step")] == ["1", "0", "2", "1"]


def test_a_threshold_stays_in_front() -> None:
    steps = (Threshold(0.4), LARGEST, FillHoles())
    moves = [(index, to) for index in range(3) for to in range(3) if can_move(steps, index, to)]
    assert moves == [(1, 2), (2, 1)]
    assert not can_move(steps, 1, 3)


def test_the_form_of_a_step_shows_what_it_is_set_to() -> None:
    page = Elements(render_steps("a1", (LARGEST,)))
    assert [(field["name"], field["value"]) for field in page.named("input")] == [
        ("criterion.ranks.count", "3"),
        ("criterion.ranks.first", "1"),
    ]


def test_names_that_people_typed_are_literal() -> None:
    names = {tag for tag, _ in Elements(render_steps("a1", (Subtract(HOSTILE),))).found}
    assert not names & {"img", "script"}


@given(operations=st.lists(OPERATIONS, min_size=1, max_size=3))
def test_every_kind_of_step_has_its_chip(operations: list[object]) -> None:
    page = Elements(render_steps("a1", operations))  # type: ignore[arg-type]
    assert len(page.named("li")) == len(operations)
