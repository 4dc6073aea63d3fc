import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.conversation import Role, Status
from assistant.events import Waiting
from tests.fakes.engine import FakeEngine
from tests.fakes.following import start_following
from tests.fakes.pages import build_settings, open_services, write_red_box
from ui.interfaces import UiServices
from ui.turn_desk import Sent, TurnDesk, Upload

OWNER = "ada"


@dataclass
class Setting:
    desk: TurnDesk
    services: UiServices
    engine: FakeEngine
    folder: Path

    def send(self, text: str, *uploads: Upload, conversation_id: str = "", owner: str = OWNER) -> Sent:
        return self.desk.send(owner, session="tab", conversation_id=conversation_id, text=text, uploads=uploads)

    def red_box(self) -> Upload:
        return Upload(write_red_box(self.folder / "box.png"), "box.png")

    def statuses(self, conversation_id: str) -> list[tuple[Role, Status]]:
        messages = self.services.history.list_messages(OWNER, conversation_id)
        return [(message.role, message.status) for message in messages]


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    engine = FakeEngine()
    with open_services(tmp_path, engine) as services:
        yield Setting(TurnDesk(services, build_settings(tmp_path)), services, engine, tmp_path)


def test_image_and_question_are_answered_with_a_mask(setting: Setting) -> None:
    sent = setting.send("Where is the red box?", setting.red_box())
    answer = setting.desk.work(OWNER, sent.turn_id)
    assert answer is not None
    assert answer.facts is not None
    assert answer.facts.pixel_count == 400


def test_second_question_needs_no_second_upload(setting: Setting) -> None:
    first = setting.desk.work(OWNER, setting.send("Where is the red box?", setting.red_box()).turn_id)
    assert first is not None
    second = setting.desk.work(OWNER, setting.send("And red?", conversation_id=first.conversation_id).turn_id)
    assert second is not None
    assert second.image == first.image


def test_image_alone_is_kept_and_answered_with_suggestions(setting: Setting) -> None:
    sent = setting.send("", setting.red_box())
    assert sent.turn_id == ""
    assert 'data-action="suggest"' in setting.desk.render_conversation(OWNER, sent.conversation_id)


def test_question_is_about_the_last_of_several_images(setting: Setting) -> None:
    other = Upload(write_red_box(setting.folder / "other.png", width=80), "other.png")
    sent = setting.send("Where is red?", setting.red_box(), other)
    answer = setting.desk.work(OWNER, sent.turn_id)
    assert answer is not None
    assert answer.image is not None
    assert answer.image.name == "other.png"


def test_file_that_is_no_image_is_refused_with_a_sentence_and_nothing_is_stored(setting: Setting) -> None:
    text_file = setting.folder / "notes.txt"
    text_file.write_text("no pixels here")
    sent = setting.send("Where?", Upload(text_file, "notes.txt"))
    assert "could not be read as an image" in (sent.refusal or "")
    assert setting.services.history.list_conversations(OWNER) == []


def test_empty_question_is_refused_with_an_example(setting: Setting) -> None:
    assert "Please type a question" in (setting.send("  \n ").refusal or "")


def test_huge_question_is_refused_with_the_limit(setting: Setting) -> None:
    sent = setting.send("x" * 100_000, setting.red_box())
    turn = setting.desk.in_flight.get(OWNER, sent.turn_id)
    setting.desk.work(OWNER, sent.turn_id)
    assert turn is not None
    assert "100,000 characters; the limit is 2,000" in (turn.progress.refusal or "")


def test_unknown_error_on_the_way_in_becomes_a_sentence_with_a_reference(setting: Setting) -> None:
    sent = setting.send("Where?", Upload(setting.folder, "folder"))
    assert sent.refusal


def test_engine_failure_is_stored_and_can_be_retried(setting: Setting) -> None:
    setting.engine.failure = RuntimeError("broken on purpose")
    failed = setting.desk.work(OWNER, setting.send("Where is red?", setting.red_box()).turn_id)
    assert failed is not None
    setting.engine.failure = None
    place = failed.conversation_id
    question = setting.services.history.list_messages(OWNER, place)[0]
    retried = setting.desk.retry(OWNER, session="tab", conversation_id=place, message_id=question.id)
    answer = setting.desk.work(OWNER, retried.turn_id)
    assert answer is not None
    assert answer.status is Status.COMPLETE
    assert [role for role, _ in setting.statuses(place)].count(Role.USER) == 1


def test_stop_ends_the_work_and_stores_that_it_was_stopped(setting: Setting) -> None:
    setting.engine.gate = threading.Event()
    sent = setting.send("Where is red?", setting.red_box())
    worker = threading.Thread(target=setting.desk.work, args=(OWNER, sent.turn_id))
    worker.start()
    assert setting.engine.waiting.wait(10)
    turn = setting.desk.in_flight.get(OWNER, sent.turn_id)
    setting.desk.stop(OWNER, sent.turn_id)
    worker.join(timeout=10)
    assert turn is not None
    assert setting.statuses(turn.progress.conversation_id or "")[-1] == (Role.ASSISTANT, Status.STOPPED)
    assert setting.engine.questions == []


def test_waiting_turn_is_stopped_without_waiting_for_its_place(setting: Setting) -> None:
    sent = setting.send("Where is red?", setting.red_box())
    turn = setting.desk.in_flight.get(OWNER, sent.turn_id)
    setting.desk.stop(OWNER, sent.turn_id)
    assert turn is not None
    assert turn.progress.is_finished
    assert setting.desk.work(OWNER, sent.turn_id) is None
    assert setting.statuses(turn.progress.conversation_id or "")[0] == (Role.USER, Status.COMPLETE)


@pytest.fixture
def waiting(setting: Setting) -> Iterator[Sent]:
    """A turn of OWNER's that waits while the engine is busy with somebody else's."""
    setting.engine.gate = threading.Event()
    sent = [setting.send("Where is red?", setting.red_box(), owner=owner) for owner in ("bob", OWNER)]
    bob = threading.Thread(target=setting.desk.work, args=("bob", sent[0].turn_id))
    bob.start()
    assert setting.engine.waiting.wait(10)
    ada = threading.Thread(target=setting.desk.work, args=(OWNER, sent[1].turn_id))
    ada.start()
    turn = setting.desk.in_flight.get(OWNER, sent[1].turn_id)
    assert turn is not None
    start_following(setting.desk.in_flight, turn, until=lambda progress: progress.waiting == Waiting(1)).result(10)
    yield sent[1]
    setting.engine.gate.set()
    bob.join(10)
    ada.join(10)


def test_place_in_line_is_shown_and_counted(setting: Setting, waiting: Sent) -> None:
    turn = setting.desk.in_flight.get(OWNER, waiting.turn_id)
    assert turn is not None
    assert turn.progress.is_stored
    assert "segearth_turns_waiting 1.0" in setting.services.metrics.render().decode()


def test_turn_is_stopped_in_line(setting: Setting, waiting: Sent) -> None:
    turn = setting.desk.in_flight.get(OWNER, waiting.turn_id)
    assert turn is not None
    setting.desk.stop(OWNER, waiting.turn_id)
    end = start_following(setting.desk.in_flight, turn).result(10)[-1]
    assert setting.statuses(end.conversation_id or "")[-1] == (Role.ASSISTANT, Status.STOPPED)
    assert setting.engine.questions == []


def test_turn_of_a_closed_page_leaves_the_line_and_its_question_is_kept(setting: Setting, waiting: Sent) -> None:
    turn = setting.desk.in_flight.get(OWNER, waiting.turn_id)
    assert turn is not None
    setting.desk.abandon("tab")
    end = start_following(setting.desk.in_flight, turn).result(10)[-1]
    assert setting.statuses(end.conversation_id or "")[0] == (Role.USER, Status.COMPLETE)
    assert setting.engine.questions == []


def test_question_of_a_closed_page_is_kept(setting: Setting) -> None:
    setting.send("Where is red?", setting.red_box())
    setting.desk.abandon("tab")
    conversation = setting.services.history.list_conversations(OWNER)[0]
    assert setting.statuses(conversation.id)[0] == (Role.USER, Status.COMPLETE)


def test_other_people_find_nothing(setting: Setting) -> None:
    answer = setting.desk.work(OWNER, setting.send("Where is red?", setting.red_box()).turn_id)
    assert answer is not None
    assert setting.services.history.list_conversations("eve") == []
    refused = setting.desk.send("eve", session="t", conversation_id=answer.conversation_id, text="And?")
    turn = setting.desk.in_flight.get("eve", refused.turn_id)
    setting.desk.work("eve", refused.turn_id)
    assert turn is not None
    assert "not here any more" in (turn.progress.refusal or "")


def test_deleting_stops_what_runs_there(setting: Setting) -> None:
    first = setting.desk.work(OWNER, setting.send("Where is red?", setting.red_box()).turn_id)
    assert first is not None
    sent = setting.send("And red?", conversation_id=first.conversation_id)
    setting.desk.delete(OWNER, first.conversation_id)
    assert setting.desk.in_flight.find(OWNER, first.conversation_id) is None
    assert setting.desk.work(OWNER, sent.turn_id) is None
    assert setting.services.history.list_conversations(OWNER) == []


def test_blank_name_changes_nothing(setting: Setting) -> None:
    answer = setting.desk.work(OWNER, setting.send("Where is red?", setting.red_box()).turn_id)
    assert answer is not None
    setting.desk.rename(OWNER, answer.conversation_id, "  ")
    assert "Where is red?" in setting.desk.render_history(OWNER, current_id="", search="")


def test_outcomes_are_counted(setting: Setting) -> None:
    setting.desk.work(OWNER, setting.send("Where is red?", setting.red_box()).turn_id)
    figures = setting.services.metrics.render().decode()
    assert 'segearth_turns_total{outcome="complete"} 1.0' in figures
    assert 'segearth_uploads_total{outcome="admitted"} 1.0' in figures
    assert "segearth_turns_in_flight 0.0" in figures
