"""What programs may call to change masks by hand and to go back and forth (`gradio_client`, or plain HTTP)."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from assistant.changes import Change, Revision
from assistant.conversation import Message
from assistant.errors import MaskNotFoundError
from assistant.intents import Command, CommandKind
from assistant.interfaces import History
from assistant.marked import load_marked
from assistant.moves import find_answers
from assistant.operation_json import from_rows
from ui.access import owner_of
from ui.answer_json import describe_answer
from ui.artefacts import describe_comparison
from ui.hand_changes import read_painting, read_pointing, set_threshold
from ui.interfaces import PageSettings, UiServices
from ui.turn_desk import TurnDesk

MOVES = (CommandKind.UNDO.value, CommandKind.REDO.value, CommandKind.RESET.value)


def add_hand_api(desk: TurnDesk, services: UiServices, settings: PageSettings, *, queue: str) -> None:
    """Add "revise", "threshold", "point", "brush", "move", "edit" and "compare" to the surrounding `gr.Blocks`.

    Args:
        desk: takes changes in.
        services: history.
        settings: how many turns may run at once.
        queue: the one in which turns wait for the engine.
    """
    api = HandApi(desk, services)
    working = {"concurrency_id": queue, "concurrency_limit": settings.engine_slots}
    message = _text("message_id")
    _add(api.revise, [message, _json("operations")], "revise", **working)
    _add(api.threshold, [_text("message_id"), _number("percent", 50)], "threshold", **working)
    _add(api.point, [_text("message_id"), _json("clicks"), _json("box")], "point", **working)
    _add(api.brush, [_text("message_id"), _json("strokes")], "brush", **working)
    _add(api.move, [_text("conversation_id"), _text("kind"), _number("steps", 1)], "move")
    _add(api.edit, [_text("message_id"), _text("question")], "edit", **working)
    _add(api.compare, [_text("before_id"), _text("after_id")], "compare")


class HandApi:
    """The endpoints. Each names its caller by the cookie that "ask" gave; a refusal has the status "refused"."""

    def __init__(self, desk: TurnDesk, services: UiServices) -> None:
        self._desk = desk
        self._history = services.history

    def revise(self, message_id: str, operations: Any, request: gr.Request) -> dict[str, Any]:
        """Make an answer's mask anew: the model's own mask, and then these steps.

        Args:
            message_id: of the answer.
            operations: a list such as [{"op": "keep", "criterion": {"is": "by_size"}}]; "ask" says those of an answer.
            request: says who asks.

        Returns:
            the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: Revision(message_id, from_rows(operations or [])))

    def threshold(self, message_id: str, percent: float, request: gr.Request) -> dict[str, Any]:
        """Mark what the model holds likelier than `percent`, 0..100; the answer's other steps are done again.

        Args:
            message_id: of the answer.
            percent: 50 is the model's own threshold.
            request: says who asks.

        Returns:
            the new answer, as "ask" describes it.
        """
        owner = owner_of(request)

        def read_change(history: History) -> Change:
            operations = history.get_message(owner, message_id).operations
            return Revision(message_id, set_threshold(operations, round(percent)))

        return self._change(request, read_change)

    def point(self, message_id: str, clicks: Any, box: Any, request: gr.Request) -> dict[str, Any]:
        """Change an answer's mask where you point, or mark something in an image that was asked nothing yet.

        Args:
            message_id: of the answer, or of what "ask" said to an image without a question.
            clicks: a list of {"x": …, "y": …, "is_positive": …} in pixels of the image, or none.
            box: [left, top, right, bottom] in pixels of the image, or none.
            request: says who asks.

        Returns:
            the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: read_pointing(message_id, clicks or [], box))

    def brush(self, message_id: str, strokes: Any, request: gr.Request) -> dict[str, Any]:
        """Paint on an answer's mask, or on an image that was asked nothing yet, exactly as drawn; no model is asked.

        Args:
            message_id: as for "point".
            strokes: a list of {"path": [[x, y], …], "radius": …, "is_adding": …} in pixels of the image.
            request: says who asks.

        Returns:
            the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: read_painting(message_id, strokes or []))

    def move(self, conversation_id: str, kind: str, steps: float, request: gr.Request) -> dict[str, Any]:
        """Go back or forth among the answers of a conversation; what is asked next follows from there.

        Args:
            conversation_id: from an answer.
            kind: "undo", "redo" or "reset".
            steps: how many, for undo and redo.
            request: says who asks.

        Returns:
            `status` and `text`, and the answer that is seen now, as "ask" describes it, where there is one.
        """
        owner = owner_of(request)
        if kind not in MOVES:
            return {"status": "refused", "text": f"A move is one of {', '.join(MOVES)}."}
        try:
            sentence = self._desk.move(owner, conversation_id, Command(CommandKind(kind), steps=max(1, round(steps))))
            seen = find_answers(self._history.list_messages(owner, conversation_id))
        except Exception as error:  # noqa: BLE001 - here a request becomes a sentence for the program and a line in the log
            return {"status": "refused", "text": self._desk.explain(error)}
        described = describe_answer(seen[-1]) if seen else {"conversation_id": conversation_id}
        return described | {"status": "complete", "text": sentence}

    def edit(self, message_id: str, question: str, request: gr.Request) -> dict[str, Any]:
        """Ask an earlier question differently, on a branch of its own.

        Args:
            message_id: of the question: the `parent_id` of its answer.
            question: in plain words.
            request: says who asks.

        Returns:
            the answer, as "ask" describes it.
        """
        owner = owner_of(request)
        try:
            place = self._history.get_message(owner, message_id).conversation_id
        except Exception as error:  # noqa: BLE001 - likewise
            return {"status": "refused", "text": self._desk.explain(error)}
        sent = self._desk.edit(
            owner, session=request.session_hash or "", conversation_id=place, message_id=message_id, text=question
        )
        return self._await(owner, sent.turn_id, sent.refusal)

    def compare(self, before_id: str, after_id: str, request: gr.Request) -> dict[str, Any]:
        """Say what changed from one answer's mask to another's.

        Args:
            before_id: message id of the older answer.
            after_id: message id of the newer one.
            request: says who asks.

        Returns:
            `sentence`, `added_px`, `removed_px`, `unchanged_px`, and the address of a `picture` of the difference.
        """
        owner = owner_of(request)
        try:
            masks = [load_marked(self._history, owner, message_id) for message_id in (before_id, after_id)]
            compared = describe_comparison(masks[0], masks[1])
        except Exception as error:  # noqa: BLE001 - likewise
            return {"status": "refused", "text": self._desk.explain(error)}
        return compared | {"picture": f"artefacts/{after_id}/difference/{before_id}/layer.png"}

    def _change(self, request: gr.Request, read_change: Callable[[History], Change]) -> dict[str, Any]:
        owner = owner_of(request)
        sent = self._desk.change(owner, session=request.session_hash or "", conversation_id="", read_change=read_change)
        return self._await(owner, sent.turn_id, sent.refusal)

    def _await(self, owner: str, turn_id: str, refusal: str | None) -> dict[str, Any]:
        """Work on a turn and describe what came of it."""
        answer: Message | None = None
        if refusal is None:
            turn = self._desk.in_flight.get(owner, turn_id)
            answer = self._desk.work(owner, turn_id)
            refusal = None if turn is None else turn.progress.refusal
        if answer is None:
            return {"status": "refused", "text": refusal or str(MaskNotFoundError())}
        return describe_answer(answer)


def _add(endpoint: Callable[..., dict[str, Any]], inputs: list[Any], name: str, **queue: Any) -> None:
    gr.Button(name, visible=False).click(
        endpoint, inputs=inputs, outputs=[gr.JSON(label="answer", visible=False)], api_name=name, **queue
    )


def _text(label: str) -> gr.Textbox:
    return gr.Textbox("", label=label, visible=False)


def _json(label: str) -> gr.JSON:
    return gr.JSON(label=label, visible=False)


def _number(label: str, value: float) -> gr.Number:
    return gr.Number(value, label=label, visible=False)
