"""From what a person sends to the turns that answer it; nothing of Gradio in here.

The desk admits the files, puts the question in line, works on it, stops it, and says what the conversation looks like.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from assistant.changes import Change, describe_change
from assistant.clarifying import take_choice
from assistant.conversation import Message, NewMessage, Role
from assistant.events import Accepted, ChoicesOffered, Done, Failed, MaskReady, Moved, Stage, TextDelta, Waiting
from assistant.intents import Command
from assistant.interfaces import History
from assistant.turn_request import ChoiceTaken, TurnRequest
from serving.cancellation import Cancellation
from serving.errors import QuestionEmptyError
from serving.image_ref import ImageRef
from ui.errors import MoveRefusedError, TurnRunningError
from ui.failures import explain_failure
from ui.interfaces import PageSettings, UiServices
from ui.limits import MAX_IMAGES_PER_MESSAGE
from ui.message_html import render_transcript
from ui.overlay_html import describe_image
from ui.page_html import render_empty, render_history
from ui.stopwatch import Stopwatch
from ui.turns_in_flight import TurnInFlight, TurnsInFlight


@dataclass(frozen=True)
class Upload:
    """A file as it arrived.

    Attributes:
        path: where it lies now.
        name: as the person named it.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class Sent:
    """What came of something that a person sent.

    Attributes:
        conversation_id: where the conversation goes on; "" when there is none yet.
        turn_id: the turn that will answer; "" when none will.
        refusal: why nothing was taken in, as a sentence; None when it was.
    """

    conversation_id: str
    turn_id: str = ""
    refusal: str | None = None


class TurnDesk:
    """Takes questions in and sees them through."""

    def __init__(self, services: UiServices, settings: PageSettings) -> None:
        self._services = services
        self._settings = settings
        self.in_flight = TurnsInFlight(on_change=services.metrics.in_flight.set)

    def send(
        self, owner: str, *, session: str, conversation_id: str, text: str, uploads: Sequence[Upload] = ()
    ) -> Sent:
        """Take in files and a question; files alone are kept and answered with what one could ask.

        Args:
            owner: who sends.
            session: the page that sends, see `abandon`.
            conversation_id: where; "" starts a conversation.
            text: the question, as typed.
            uploads: the files that came with it, the last one is what the question is about.
        """
        sent = Sent(conversation_id)
        try:
            if not uploads and not text.strip():
                raise QuestionEmptyError
            images = [self._admit(upload) for upload in uploads[:MAX_IMAGES_PER_MESSAGE]]
            alone = images if not text.strip() else images[:-1]
            if alone:
                sent = Sent(self._keep_images(owner, conversation_id, alone, greet=alone == images))
            if not text.strip():
                return sent
            request = TurnRequest(
                owner, sent.conversation_id or None, text, images[-1] if images else None, Cancellation()
            )
            turn = self.in_flight.admit(request, session=session)
        except Exception as error:  # noqa: BLE001 - here a request becomes a sentence for the person and a line in the log
            failure = explain_failure(error, metrics=self._services.metrics, conversation_id=conversation_id)
            return replace(sent, refusal=failure.sentence)
        return replace(sent, turn_id=turn.id)

    def retry(self, owner: str, *, session: str, conversation_id: str, message_id: str) -> Sent:
        """Put a question in line again; `message_id` names the question."""
        try:
            messages = self._services.history.list_messages(owner, conversation_id)
            latest = next((message.image for message in reversed(messages) if message.image is not None), None)
            request = TurnRequest(owner, conversation_id, "", latest, Cancellation(), retry_of=message_id)
            turn = self.in_flight.admit(request, session=session)
        except Exception as error:  # noqa: BLE001 - likewise
            failure = explain_failure(error, metrics=self._services.metrics, conversation_id=conversation_id)
            return Sent(conversation_id, refusal=failure.sentence)
        # The question itself is in the history already.
        self.in_flight.report_stored(turn, conversation_id)
        return Sent(conversation_id, turn.id)

    def change(
        self, owner: str, *, session: str, conversation_id: str, read_change: Callable[[History], Change]
    ) -> Sent:
        """Put a change of a mask by hand in line.

        Args:
            owner: who sends.
            session: the page that sends, see `abandon`.
            conversation_id: where the answer stands; "" is found by it.
            read_change: says what to do, once it could look at the answer; it may refuse.
        """
        try:
            change = read_change(self._services.history)
            answer = self._services.history.get_message(owner, change.answer_id)
            place = conversation_id or answer.conversation_id
            words = describe_change(change)
            request = TurnRequest(owner, place, words, answer.image, Cancellation(), change=change)
            turn = self.in_flight.admit(request, session=session)
        except Exception as error:  # noqa: BLE001 - likewise
            failure = explain_failure(error, metrics=self._services.metrics, conversation_id=conversation_id)
            return Sent(conversation_id, refusal=failure.sentence)
        return Sent(place, turn.id)

    def choose(self, owner: str, *, session: str, message_id: str, number: int) -> Sent:
        """Put what a question back offers in line.

        Args:
            owner: who chooses.
            session: the page that sends, see `abandon`.
            message_id: the question back.
            number: of the choice, from 1.
        """
        place = ""
        try:
            offer = self._services.history.get_message(owner, message_id)
            place = offer.conversation_id
            words = take_choice(offer, number).text
            request = TurnRequest(
                owner, place, words, offer.image, Cancellation(), choice=ChoiceTaken(message_id, number)
            )
            turn = self.in_flight.admit(request, session=session)
        except Exception as error:  # noqa: BLE001 - likewise
            failure = explain_failure(error, metrics=self._services.metrics, conversation_id=place)
            return Sent(place, refusal=failure.sentence)
        return Sent(place, turn.id)

    def edit(self, owner: str, *, session: str, conversation_id: str, message_id: str, text: str) -> Sent:
        """Put a question in line in the place of an earlier one, on a branch of its own."""
        try:
            request = TurnRequest(owner, conversation_id, text, None, Cancellation(), edit_of=message_id)
            turn = self.in_flight.admit(request, session=session)
        except Exception as error:  # noqa: BLE001 - likewise
            failure = explain_failure(error, metrics=self._services.metrics, conversation_id=conversation_id)
            return Sent(conversation_id, refusal=failure.sentence)
        return Sent(conversation_id, turn.id)

    def move(self, owner: str, conversation_id: str, command: Command) -> str:
        """Go back or forth among the answers, and return what was done in words.

        Raises:
            TurnRunningError: the conversation is busy.
            MoveRefusedError: there is nothing to go to.
        """
        self._require_idle(owner, conversation_id)
        request = TurnRequest(owner, conversation_id, "", None, move=command)
        for event in self._services.turns.run(request):
            if isinstance(event, Moved):
                return event.sentence
            if isinstance(event, Failed):
                raise MoveRefusedError(event.sentence)
        raise AssertionError("a move ends in Moved or Failed")

    def switch_branch(self, owner: str, conversation_id: str, message_id: str) -> None:
        """Turn to the branch that a message is on, to its end.

        Raises:
            TurnRunningError: the conversation is busy.
            MessageNotFoundError: the message is not of this conversation.
        """
        self._require_idle(owner, conversation_id)
        tip = self._services.history.load_tree(owner, conversation_id).find_tip(message_id)
        self._services.history.move_pointer(owner, conversation_id, tip)

    def _require_idle(self, owner: str, conversation_id: str) -> None:
        if self.in_flight.find(owner, conversation_id) is not None:
            raise TurnRunningError

    def work(self, owner: str, turn_id: str) -> Message | None:
        """Answer a turn, unless somebody else does; returns the stored answer, None where none was stored."""
        turn = self.in_flight.claim(owner, turn_id)
        return None if turn is None else self._run(turn)

    def stop(self, owner: str, turn_id: str) -> None:
        """Stop a turn; one that nobody works on is ended here and now."""
        turn = self.in_flight.stop(owner, turn_id)
        if turn is not None:
            self.work(owner, turn.id)

    def abandon(self, session: str) -> None:
        """End the turns that a closed page left waiting; their questions are kept, and can be asked again."""
        for turn in self.in_flight.abandon(session):
            self._run(turn)

    def render_conversation(self, owner: str, conversation_id: str) -> Markup:
        """Return the conversation, or the empty page when `conversation_id` is "".

        Raises:
            ConversationNotFoundError: deleted, or somebody else's.
        """
        if conversation_id == "":
            return render_empty(self._settings.examples)
        tree = self._services.history.load_tree(owner, conversation_id)
        is_busy = self.in_flight.find(owner, conversation_id) is not None
        return render_transcript(tree.path_to(tree.pointer_id), conversation_id, is_busy=is_busy, tree=tree)

    def render_history(self, owner: str, *, current_id: str, search: str) -> Markup:
        """Return the list of conversations; current_id is the open one, search the words looked for."""
        conversations = self._services.history.list_conversations(owner, search=search)
        return render_history(conversations, current_id=current_id, search=search, now=self._services.clock())

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title; a blank one changes nothing."""
        if title.strip():
            self._services.history.rename_conversation(owner, conversation_id, title.strip())

    def delete(self, owner: str, conversation_id: str) -> None:
        """Stop what runs in a conversation and delete it."""
        turn = self.in_flight.find(owner, conversation_id)
        if turn is not None:
            self.stop(owner, turn.id)
        self._services.history.delete_conversation(owner, conversation_id)

    def explain(self, error: Exception) -> str:
        """Return the sentence for an error, after logging it."""
        return explain_failure(error, metrics=self._services.metrics).sentence

    def _admit(self, upload: Upload) -> ImageRef:
        try:
            image = self._services.images.admit_image(upload.path, upload.name)
        except Exception:
            self._services.metrics.uploads.labels("refused").inc()
            raise
        self._services.metrics.uploads.labels("admitted").inc()
        return image

    def _keep_images(self, owner: str, conversation_id: str, images: Sequence[ImageRef], *, greet: bool) -> str:
        history = self._services.history
        if conversation_id == "":
            conversation_id = history.create_conversation(owner, images[0].name).id
        for image in images:
            history.append_message(owner, conversation_id, NewMessage(Role.USER, "", image=image))
        if greet:
            greeting = NewMessage(Role.ASSISTANT, _greet(images[-1]), image=images[-1])
            history.append_message(owner, conversation_id, greeting)
        return conversation_id

    def _run(self, turn: TurnInFlight) -> Message | None:
        """Run the turn to its end, whatever happens, and take it off the list."""
        metrics = self._services.metrics
        stopwatch = Stopwatch()
        refusal: str | None = None
        answer: Message | None = None
        outcome = "failed"
        try:
            for event in self._services.turns.run(turn.request):
                match event:
                    case Accepted(message=question):
                        self.in_flight.report_stored(turn, question.conversation_id)
                    case Waiting():
                        stopwatch.pause()
                        self.in_flight.report_waiting(turn, event)
                    case Stage():
                        stopwatch.go_on()
                        self.in_flight.report_stage(turn, event)
                    case TextDelta(text=text):
                        self.in_flight.report_text(turn, text)
                    case Done(message=message):
                        answer, outcome = message, "complete"
                    case Failed(sentence=sentence, message=message):
                        answer = message
                        outcome = "failed" if message is None else message.status.value
                        refusal = sentence if message is None else None
                    case Moved(sentence=sentence):
                        outcome = "complete"
                        self.in_flight.report_notice(turn, sentence)
                    case MaskReady() | ChoicesOffered():
                        pass  # the picture comes with the stored answer, a moment later
        except Exception as error:  # noqa: BLE001 - a turn that broke its promise to end in `Failed` must still end
            refusal = self.explain(error)
        finally:
            self.in_flight.finish(turn, refusal=refusal)
            metrics.turns.labels(outcome).inc()
            metrics.turn_seconds.observe(stopwatch.seconds)
        return answer


def _greet(image: ImageRef) -> str:
    notes = " ".join(image.notes)
    return " ".join(part for part in (f"Here is {describe_image(image)}.", notes, "What shall I look for?") if part)
