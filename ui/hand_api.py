"""What programs may call to change masks by hand and to go back and forth (`gradio_client`, or plain HTTP)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial, wraps
from typing import Any, ParamSpec

import gradio as gr

from assistant.changes import Change, Revision
from assistant.intents import Command, CommandKind
from assistant.interfaces import History
from assistant.marked import load_marked
from assistant.moves import find_answers
from assistant.operation_json import from_rows
from ui.access import owner_of
from ui.answer_json import describe_answer
from ui.artefacts import describe_comparison
from ui.hand_changes import read_painting, read_pointing, set_threshold
from ui.interfaces import UiServices
from ui.turn_desk import Sent, TurnDesk
from ui.turn_stream import Answer, stream_turn

Asked = ParamSpec("Asked")

MOVES = (CommandKind.UNDO.value, CommandKind.REDO.value, CommandKind.RESET.value)


def add_hand_api(desk: TurnDesk, services: UiServices) -> None:
    """Add "revise", "threshold", "point", "brush", "move", "edit" and "compare" to the surrounding `gr.Blocks`.

    Args:
        desk: takes changes in.
        services: history.
    """
    api = HandApi(desk, services)
    message = _text("message_id")
    _add(api.revise, [message, _json("operations")], "revise")
    _add(api.threshold, [_text("message_id"), _number("percent", 50)], "threshold")
    _add(api.point, [_text("message_id"), _json("clicks"), _json("box")], "point")
    _add(api.brush, [_text("message_id"), _json("strokes")], "brush")
    _add(api.move, [_text("conversation_id"), _text("kind"), _number("steps", 1)], "move")
    _add(api.choose, [_text("message_id"), _number("number", 1)], "choose")
    _add(api.edit, [_text("message_id"), _text("question")], "edit")
    _add(api.compare, [_text("before_id"), _text("after_id")], "compare")


def _streamed(endpoint: Callable[Asked, AsyncGenerator[Answer, None]]) -> Callable[Asked, AsyncGenerator[Answer, None]]:
    """Make of a method that returns an asynchronous iterator one that Gradio sees to be a generator."""

    @wraps(endpoint)
    async def stream(*args: Asked.args, **kwargs: Asked.kwargs) -> AsyncGenerator[Answer, None]:
        async with aclosing(endpoint(*args, **kwargs)) as steps:
            async for step in steps:
                yield step

    return stream


class HandApi:
    """The endpoints. Each names its caller by the cookie that "ask" gave; a refusal has the status "refused".

    Those that may have to wait for the engine yield how far they are on the way, as "ask" does.
    """

    def __init__(self, desk: TurnDesk, services: UiServices) -> None:
        self._desk = desk
        self._history = services.history

    @_streamed
    def revise(self, message_id: str, operations: Any, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Make an answer's mask anew: the model's own mask, and then these steps.

        Args:
            message_id: of the answer.
            operations: a list such as [{"op": "keep", "criterion": {"is": "by_size"}}]; "ask" says those of an answer.
            request: says who asks.

        Returns:
            how far it is and, last, the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: Revision(message_id, from_rows(operations or [])))

    @_streamed
    def threshold(self, message_id: str, percent: float, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Mark what the model holds likelier than `percent`, 0..100; the answer's other steps are done again.

        Args:
            message_id: of the answer.
            percent: 50 is the model's own threshold.
            request: says who asks.

        Returns:
            how far it is and, last, the new answer, as "ask" describes it.
        """
        owner = owner_of(request)

        def read_change(history: History) -> Change:
            operations = history.get_message(owner, message_id).operations
            return Revision(message_id, set_threshold(operations, round(percent)))

        return self._change(request, read_change)

    @_streamed
    def point(self, message_id: str, clicks: Any, box: Any, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Change an answer's mask where you point, or mark something in an image that was asked nothing yet.

        Args:
            message_id: of the answer, or of what "ask" said to an image without a question.
            clicks: a list of {"x": …, "y": …, "is_positive": …} in pixels of the image, or none.
            box: [left, top, right, bottom] in pixels of the image, or none.
            request: says who asks.

        Returns:
            how far it is and, last, the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: read_pointing(message_id, clicks or [], box))

    @_streamed
    def brush(self, message_id: str, strokes: Any, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Paint on an answer's mask, or on an image that was asked nothing yet, exactly as drawn; no model is asked.

        Args:
            message_id: as for "point".
            strokes: a list of {"path": [[x, y], …], "radius": …, "is_adding": …} in pixels of the image.
            request: says who asks.

        Returns:
            how far it is and, last, the new answer, as "ask" describes it.
        """
        return self._change(request, lambda _: read_painting(message_id, strokes or []))

    def move(self, conversation_id: str, kind: str, steps: float, request: gr.Request) -> Answer:
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

    @_streamed
    def choose(self, message_id: str, number: float, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Go on with what a question back offers, as if it had been said.

        Args:
            message_id: of the answer with `choices`.
            number: of the choice, from 1.
            request: says who asks.

        Returns:
            how far it is and, last, the answer, as "ask" describes it.
        """
        owner = owner_of(request)
        send = partial(
            self._desk.choose, owner, session=request.session_hash or "", message_id=message_id, number=round(number)
        )
        return stream_turn(self._desk, self._history, owner, send)

    @_streamed
    def edit(self, message_id: str, question: str, request: gr.Request) -> AsyncGenerator[Answer, None]:
        """Ask an earlier question differently, on a branch of its own.

        Args:
            message_id: of the question: the `parent_id` of its answer.
            question: in plain words.
            request: says who asks.

        Returns:
            how far it is and, last, the answer, as "ask" describes it.
        """
        owner = owner_of(request)

        def send() -> Sent:
            try:
                place = self._history.get_message(owner, message_id).conversation_id
            except Exception as error:  # noqa: BLE001 - likewise
                return Sent("", refusal=self._desk.explain(error))
            session = request.session_hash or ""
            return self._desk.edit(owner, session=session, conversation_id=place, message_id=message_id, text=question)

        return stream_turn(self._desk, self._history, owner, send)

    def compare(self, before_id: str, after_id: str, request: gr.Request) -> Answer:
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

    def _change(self, request: gr.Request, read_change: Callable[[History], Change]) -> AsyncGenerator[Answer, None]:
        owner = owner_of(request)
        send = partial(
            self._desk.change,
            owner,
            session=request.session_hash or "",
            conversation_id="",
            read_change=read_change,
        )
        return stream_turn(self._desk, self._history, owner, send)


def _add(endpoint: Callable[..., Answer | AsyncGenerator[Answer, None]], inputs: list[Any], name: str) -> None:
    gr.Button(name, visible=False).click(
        endpoint, inputs=inputs, outputs=[gr.JSON(label="answer", visible=False)], api_name=name
    )


def _text(label: str) -> gr.Textbox:
    return gr.Textbox("", label=label, visible=False)


def _json(label: str) -> gr.JSON:
    return gr.JSON(label=label, visible=False)


def _number(label: str, value: float) -> gr.Number:
    return gr.Number(value, label=label, visible=False)
