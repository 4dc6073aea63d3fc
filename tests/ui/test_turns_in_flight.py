import threading

import pytest

from assistant.events import Stage, Waiting
from assistant.turn_request import TurnRequest
from tests.fakes.following import start_following
from ui.errors import TurnRunningError
from ui.turns_in_flight import REMEMBERED, Progress, TurnsInFlight

LOOKING = Stage("encode", "Looking")


def build_turns() -> TurnsInFlight:
    return TurnsInFlight()


def ask(owner: str = "ada", conversation_id: str | None = None) -> TurnRequest:
    return TurnRequest(owner, conversation_id, "Where?", None)


def test_one_thread_alone_gets_a_turn() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    assert [turns.claim("ada", turn.id), turns.claim("ada", turn.id)] == [turn, None]


def test_turns_of_others_can_be_neither_seen_nor_stopped_nor_claimed() -> None:
    turns = build_turns()
    turn = turns.admit(ask("ada", "c1"), session="s")
    assert (turns.get("eve", turn.id), turns.find("eve", "c1"), turns.claim("eve", turn.id)) == (None, None, None)
    assert turns.stop("eve", turn.id) is None
    assert not turn.request.cancellation.is_cancelled


def test_a_conversation_answers_one_question_at_a_time() -> None:
    turns = build_turns()
    turns.admit(ask(conversation_id="c1"), session="s")
    with pytest.raises(TurnRunningError):
        turns.admit(ask(conversation_id="c1"), session="s")


def test_two_new_conversations_do_not_hinder_each_other() -> None:
    turns = build_turns()
    turns.admit(ask(), session="s")
    turns.admit(ask(), session="s")


def test_a_new_conversation_is_busy_once_it_has_a_name() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.report_stored(turn, "c1")
    with pytest.raises(TurnRunningError):
        turns.admit(ask(conversation_id="c1"), session="s")


def test_place_in_line_is_shown_until_a_stage_begins() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.report_waiting(turn, Waiting(2))
    shown = [turn.progress.waiting]
    turns.report_stage(turn, LOOKING)
    assert [*shown, turn.progress.waiting] == [Waiting(2), None]


def test_count_is_told_as_it_changes() -> None:
    counts: list[int] = []
    turns = TurnsInFlight(on_change=counts.append)
    first, second = turns.admit(ask(), session="s"), turns.admit(ask(), session="s")
    turns.finish(first)
    turns.finish(second)
    assert counts == [1, 2, 1, 0]


def test_a_stage_in_parts_is_there_once_with_its_newest_part() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    parts = [Stage("closer", f"Looking closer: part {part} of 3", (part, 3)) for part in (1, 2, 3)]

    for stage in (LOOKING, LOOKING, *parts, LOOKING, parts[0]):
        turns.report_stage(turn, stage)

    assert turn.progress.stages == (LOOKING, LOOKING, parts[2], LOOKING, parts[0])


def test_follower_sees_the_stages_and_the_end() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    following = start_following(turns, turn)
    turns.report_stored(turn, "c1")
    turns.report_stage(turn, LOOKING)
    turns.report_text(turn, "Found ")
    turns.report_text(turn, "one.")
    turns.finish(turn)
    end = following.result(timeout=10)[-1]
    assert (end.stages, end.text, end.is_finished) == ((LOOKING,), "Found one.", True)


def test_follower_is_woken_by_a_change() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    has_come = threading.Event()

    def note(progress: Progress) -> bool:
        has_come.set()
        return progress.stages == (LOOKING,)

    following = start_following(turns, turn, until=note)
    assert has_come.wait(10)
    turns.report_stage(turn, LOOKING)
    assert following.result(timeout=10)[-1].stages == (LOOKING,)


def test_follower_that_goes_is_forgotten() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    start_following(turns, turn, until=lambda _: True).result(timeout=10)
    assert turn.followers == []


def test_late_follower_still_learns_the_end() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.finish(turn, refusal="Too long.")
    found = turns.get("ada", turn.id)
    assert found is not None
    assert [progress.refusal for progress in start_following(turns, found).result(timeout=10)] == ["Too long."]


def test_stop_reaches_the_work() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.stop("ada", turn.id)
    assert turn.request.cancellation.is_cancelled


def test_closed_page_leaves_only_what_has_begun() -> None:
    turns = build_turns()
    running, waiting, untouched, elsewhere = (turns.admit(ask(), session=session) for session in "ssst")
    turns.claim("ada", running.id)
    turns.claim("ada", waiting.id)
    turns.report_waiting(waiting, Waiting(1))
    assert turns.abandon("s") == [untouched]
    stopped = [turn.request.cancellation.is_cancelled for turn in (running, waiting, untouched, elsewhere)]
    assert stopped == [False, True, True, False]
    assert turns.claim("ada", elsewhere.id) is elsewhere


def test_memory_of_finished_turns_is_bounded() -> None:
    turns = build_turns()
    finished = []
    for _ in range(REMEMBERED + 5):
        finished.append(turns.admit(ask(), session="s"))
        turns.finish(finished[-1])
    assert [turns.get("ada", turn.id) is None for turn in (finished[4], finished[5])] == [True, False]
