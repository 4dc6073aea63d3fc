"""What the page raises when a mask is changed by hand, and when somebody goes back and forth among the answers."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from assistant.changes import Change, Revision
from assistant.intents import Command, CommandKind
from assistant.interfaces import History
from ui.access import owner_of
from ui.hand_changes import change_step, read_painting, read_pointing, set_threshold
from ui.turn_desk import Sent, TurnDesk

Changes = dict[Any, Any]


class HandEvents:
    """Handlers; each is given conversation, turn and search of the page, and returns what changes on it.

    Gradio names endpoints after functions: these names keep clear of those in `hand_api.py`.

    Args:
        desk: does it.
        turn_id: the component that holds the turn in flight.
        show: the whole page with a conversation open: owner, conversation, search.
        show_sent: the page after something was sent: owner, what came of it, search.
    """

    def __init__(
        self,
        desk: TurnDesk,
        turn_id: gr.Textbox,
        *,
        show: Callable[[str, str, str], Changes],
        show_sent: Callable[[str, Sent, str], Changes],
    ) -> None:
        self._desk = desk
        self._turn_id = turn_id
        self._show = show
        self._show_sent = show_sent

    def on_move(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Go back or forth among the answers."""
        owner = owner_of(request)
        try:
            gr.Info(self._desk.move(owner, conversation_id, Command(CommandKind(str(event.kind)))), duration=3)
        except Exception as error:  # noqa: BLE001 - here a request becomes a sentence for the person and a line in the log
            gr.Warning(self._desk.explain(error))
            return {self._turn_id: turn_id}
        return self._show(owner, conversation_id, search)

    def on_switch_branch(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Turn to another branch."""
        owner = owner_of(request)
        try:
            self._desk.switch_branch(owner, conversation_id, str(event.message_id))
        except Exception as error:  # noqa: BLE001 - likewise
            gr.Warning(self._desk.explain(error))
            return {self._turn_id: turn_id}
        return self._show(owner, conversation_id, search)

    def on_edit(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Ask an earlier question differently."""
        owner = owner_of(request)
        sent = self._desk.edit(
            owner,
            session=request.session_hash or "",
            conversation_id=conversation_id,
            message_id=str(event.message_id),
            text=str(event.text),
        )
        if sent.refusal is not None:
            gr.Warning(sent.refusal)
            return {self._turn_id: turn_id}
        return self._show_sent(owner, sent, search)

    def on_change_step(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Set, move or remove a step to a mask."""
        owner, data = owner_of(request), event._data
        return self._change(
            (conversation_id, turn_id, search),
            request,
            lambda history: change_step(
                history.get_message(owner, str(data["message_id"])),
                int(data["index"]),
                str(data["change"]),
                to=int(data.get("to", -1)),
                values={str(path): str(value) for path, value in data.get("values", {}).items()},
            ),
        )

    def on_change_threshold(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Move the threshold of a mask."""
        owner = owner_of(request)

        def read_change(history: History) -> Revision:
            answer = history.get_message(owner, str(event.message_id))
            return Revision(answer.id, set_threshold(answer.operations, int(event.percent)))

        return self._change((conversation_id, turn_id, search), request, read_change)

    def on_point(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Change a mask where somebody pointed."""
        return self._change(
            (conversation_id, turn_id, search),
            request,
            lambda _: read_pointing(str(event.message_id), event.clicks, event.box),
        )

    def on_brush(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        """Change a mask where somebody painted."""
        return self._change(
            (conversation_id, turn_id, search),
            request,
            lambda _: read_painting(str(event.message_id), event.strokes),
        )

    def _change(
        self, place: tuple[str, str, str], request: gr.Request, read_change: Callable[[History], Change]
    ) -> Changes:
        """Change a mask by hand; `place` is conversation, turn and search of the page."""
        conversation_id, turn_id, search = place
        owner = owner_of(request)
        sent = self._desk.change(
            owner,
            session=request.session_hash or "",
            conversation_id=conversation_id,
            read_change=read_change,
        )
        if sent.refusal is not None:
            gr.Warning(sent.refusal)
            return {self._turn_id: turn_id}
        return self._show_sent(owner, sent, search)
