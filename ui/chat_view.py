"""The conversation and the place to type: components, and which event changes what.

Gradio hands handlers dictionaries of components, so that each says only what it changes. Every handler is given the
request, and with it the owner; conversation and turn travel with the page, not with the server's session, so that a
page goes on working after the server was restarted.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from anyio import to_thread
from markupsafe import Markup

from assistant.errors import ConversationNotFoundError
from ui.access import owner_of
from ui.hand_events import Changes, HandEvents
from ui.interfaces import PageSettings
from ui.limits import PLAIN_TEXT_LENGTH
from ui.message_html import render_no_progress, render_progress, render_refusal
from ui.page_html import render_empty
from ui.turn_desk import Sent, TurnDesk, Upload
from ui.turns_in_flight import Progress, TurnInFlight

BRIDGE_SCRIPT = Path(__file__).parent / "assets" / "bridge.js"
PLACEHOLDER = "Ask about an image…"


@dataclass(frozen=True)
class ChatView:
    """The components of the conversation.

    Attributes:
        transcript: the stored messages.
        live: the turn in flight, or why something was not taken in.
        composer: text and files about to be sent.
        conversation_id: the open conversation, "" for none; kept in the page.
        turn_id: the turn in flight in it, "" for none; kept in the page.
        bridge: raises what was clicked in the messages as events, see `assets/bridge.js`.
    """

    transcript: gr.HTML
    live: gr.HTML
    composer: gr.MultimodalTextbox
    conversation_id: gr.Textbox
    turn_id: gr.Textbox
    bridge: gr.HTML


def build_chat_view(settings: PageSettings) -> ChatView:
    """Place the components into the surrounding `gr.Blocks`."""
    with gr.Column(elem_id="scroller"):
        transcript = gr.HTML(
            render_empty(settings.examples), elem_id="transcript", js_on_load=None, apply_default_css=False
        )
        live = gr.HTML(render_no_progress(), elem_id="live", js_on_load=None, apply_default_css=False)
    with gr.Column(elem_id="composer-dock"):
        composer = gr.MultimodalTextbox(
            elem_id="composer",
            placeholder=PLACEHOLDER,
            label="Your question, and images to ask about",
            show_label=False,
            container=False,
            sources=["upload"],
            file_count="multiple",
            lines=1,
            max_lines=8,
            autofocus=True,
            max_plain_text_length=PLAIN_TEXT_LENGTH,
        )
    bridge = gr.HTML(
        "", elem_id="bridge", js_on_load=BRIDGE_SCRIPT.read_text(encoding="utf-8"), apply_default_css=False
    )
    return ChatView(
        transcript=transcript,
        live=live,
        composer=composer,
        conversation_id=gr.Textbox("", visible=False, label="conversation_id"),
        turn_id=gr.Textbox("", visible=False, label="turn_id"),
        bridge=bridge,
    )


class ChatEvents:
    """Connects the components of the conversation with the desk."""

    def __init__(
        self,
        page: gr.Blocks,
        view: ChatView,
        history: gr.HTML,
        search: gr.Textbox,
        desk: TurnDesk,
        settings: PageSettings,
    ) -> None:
        self._page = page
        self._view = view
        self._history = history
        self._search = search
        self._desk = desk
        self._settings = settings
        self._watching: list[Any] = []

    def connect(self) -> None:
        """Register every event of the conversation."""
        view, changed = self._view, self._all_outputs()
        quick: dict[str, Any] = {
            "outputs": changed,
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        bridge: Any = view.bridge
        place = [view.conversation_id, view.turn_id, self._search]

        self._follow(self._page.load(self._load, inputs=[self._search], **quick))
        self._follow(view.composer.submit(self._send, inputs=[view.composer, *place], **quick))
        self._follow(bridge.page_suggest(self._suggest, inputs=place, **quick))
        self._follow(bridge.page_example(self._try_example, inputs=place, **quick))
        self._follow(bridge.page_retry(self._retry, inputs=place, **quick))
        self._follow(bridge.page_choose(self._choose, inputs=place, **quick))
        hand = HandEvents(self._desk, view.turn_id, show=self._show, show_sent=self._show_sent)
        bridge.page_move(hand.on_move, inputs=place, **quick)
        bridge.page_switch(hand.on_switch_branch, inputs=place, **quick)
        for event, handle in (
            (bridge.page_edit, hand.on_edit),
            (bridge.page_step, hand.on_change_step),
            (bridge.page_threshold, hand.on_change_threshold),
            (bridge.page_point, hand.on_point),
            (bridge.page_brush, hand.on_brush),
        ):
            self._follow(event(handle, inputs=place, **quick))
        view.composer.stop(self._stop, inputs=[view.turn_id], queue=False, api_visibility="private")
        bridge.page_stop(self._stop, inputs=[view.turn_id], queue=False, api_visibility="private")
        # A page that turns to another conversation must not be written over by the turn that it watched before.
        self._follow(bridge.page_open(self._open, inputs=[self._search], cancels=self._watching, **quick))
        bridge.page_new(self._start_anew, inputs=[self._search], cancels=self._watching, **quick)
        bridge.page_delete(self._delete, inputs=place, cancels=self._watching, **quick)
        bridge.page_rename(self._rename, inputs=place, **quick)
        self._page.unload(self._leave)

    def _follow(self, event: Any) -> None:
        """After `event`, work on the turn that it started, and show how that goes."""
        view = self._view
        event.then(
            self._work,
            inputs=[view.turn_id],
            concurrency_limit=None,  # turns wait in a line of our own
            show_progress="hidden",
            api_visibility="private",
        )
        watching = event.then(
            self._watch,
            inputs=[view.turn_id, self._search],
            outputs=self._all_outputs(),
            concurrency_limit=None,
            show_progress="hidden",
            api_visibility="private",
        )
        self._watching.append(watching)

    def _load(self, search: str, request: gr.Request) -> Changes:
        return self._show(owner_of(request), str(request.query_params.get("c", "")), search)

    def _open(self, search: str, event: gr.EventData, request: gr.Request) -> Changes:
        return self._show(owner_of(request), str(event.conversation_id), search)

    def _start_anew(self, search: str, request: gr.Request) -> Changes:
        return self._show(owner_of(request), "", search)

    def _send(
        self, value: dict[str, Any], conversation_id: str, turn_id: str, search: str, request: gr.Request
    ) -> Changes:
        uploads = [Upload(Path(path), Path(path).name) for path in value["files"]]
        text = value["text"] or ""
        return self._take(request, conversation_id, turn_id, search, text=text, uploads=uploads, is_typed=True)

    def _suggest(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        return self._take(request, conversation_id, turn_id, search, text=str(event.question), uploads=[])

    def _try_example(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        example = self._settings.examples[int(event.index)]
        upload = Upload(example.path, example.path.name)
        return self._take(request, conversation_id, turn_id, search, text=example.question, uploads=[upload])

    def _take(
        self,
        request: gr.Request,
        conversation_id: str,
        turn_id: str,
        search: str,
        *,
        text: str,
        uploads: list[Upload],
        is_typed: bool = False,
    ) -> Changes:
        """Send something; show it, or why it was not taken in. `is_typed` says that it came from the composer."""
        owner = owner_of(request)
        sent = self._desk.send(
            owner, session=request.session_hash or "", conversation_id=conversation_id, text=text, uploads=uploads
        )
        if sent.refusal is not None and turn_id:
            # The turn in flight owns the live region; what was typed stays where it is.
            gr.Warning(sent.refusal)
            return {self._view.turn_id: turn_id}
        changes = self._show_sent(owner, sent, search)
        if sent.refusal is not None:
            name = uploads[-1].name if uploads else None
            changes[self._view.live] = render_refusal(sent.refusal, question=text, image_name=name)
            changes[self._view.composer] = _set_composer(is_busy=False, text=text)
        elif is_typed:
            changes[self._view.composer] = _set_composer(is_busy=sent.turn_id != "", text="")
        return changes

    def _retry(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        owner = owner_of(request)
        sent = self._desk.retry(
            owner,
            session=request.session_hash or "",
            conversation_id=conversation_id,
            message_id=str(event.message_id),
        )
        return self._show_put(owner, sent, turn_id, search)

    def _choose(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        owner = owner_of(request)
        sent = self._desk.choose(
            owner, session=request.session_hash or "", message_id=str(event.message_id), number=int(event.number)
        )
        return self._show_put(owner, replace(sent, conversation_id=conversation_id), turn_id, search)

    def _show_put(self, owner: str, sent: Sent, turn_id: str, search: str) -> Changes:
        """Return the page after something was put in line by a click; a refusal leaves it as it is."""
        if sent.refusal is not None:
            gr.Warning(sent.refusal)
            return {self._view.turn_id: turn_id}
        return self._show_sent(owner, sent, search)

    def _work(self, turn_id: str, request: gr.Request) -> None:
        self._desk.work(owner_of(request), turn_id)

    async def _watch(self, turn_id: str, search: str, request: gr.Request) -> AsyncGenerator[Changes, None]:
        """Yield the progress of a turn, and the conversation when it is over."""
        owner = owner_of(request)
        turn = self._desk.in_flight.get(owner, turn_id)
        if turn is None:
            yield {self._view.turn_id: ""}
            return
        is_listed = False
        async with aclosing(self._desk.in_flight.follow(turn)) as steps:
            async for progress in steps:
                if progress.is_finished:
                    break
                show = partial(self._show_progress, owner, turn, progress, search, with_history=not is_listed)
                yield await to_thread.run_sync(show)
                is_listed = is_listed or progress.is_stored
        yield await to_thread.run_sync(self._show_end, owner, turn, search)

    def _show_progress(
        self, owner: str, turn: TurnInFlight, progress: Progress, search: str, *, with_history: bool
    ) -> Changes:
        """Return the page while a turn goes on; `with_history` says that its question is not shown there yet."""
        changes: Changes = {self._view.live: _render_turn(turn, progress)}
        if progress.is_stored and with_history:
            changes |= self._show_stored(owner, progress.conversation_id or "", search)
        return changes

    def _show_end(self, owner: str, turn: TurnInFlight, search: str) -> Changes:
        """Return the page after a turn."""
        if turn.progress.notice is not None:
            gr.Info(turn.progress.notice, duration=3)
        changes = self._show(owner, turn.progress.conversation_id or "", search)
        if turn.progress.refusal is not None and turn.request.change is not None:
            # What was done by hand was not typed, and is not given back to be typed again.
            changes[self._view.live] = render_refusal(turn.progress.refusal, question="", image_name=None)
        elif turn.progress.refusal is not None:
            image = turn.request.image
            changes[self._view.live] = render_refusal(
                turn.progress.refusal, question=turn.request.text, image_name=None if image is None else image.name
            )
            changes[self._view.composer] = _set_composer(is_busy=False, text=turn.request.text)
        return changes

    def _stop(self, turn_id: str, request: gr.Request) -> None:
        self._desk.stop(owner_of(request), turn_id)

    def _delete(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        owner, deleted_id = owner_of(request), str(event.conversation_id)
        try:
            self._desk.delete(owner, deleted_id)
        except Exception as error:  # noqa: BLE001 - here a request becomes a sentence for the person and a line in the log
            gr.Warning(self._desk.explain(error))
        return self._show(owner, "" if deleted_id == conversation_id else conversation_id, search)

    def _rename(
        self, conversation_id: str, turn_id: str, search: str, event: gr.EventData, request: gr.Request
    ) -> Changes:
        owner = owner_of(request)
        try:
            self._desk.rename(owner, str(event.conversation_id), str(event.title))
        except Exception as error:  # noqa: BLE001 - likewise
            gr.Warning(self._desk.explain(error))
        return {self._history: self._render_history(owner, conversation_id, search)}

    def _leave(self, request: gr.Request) -> None:
        self._desk.abandon(request.session_hash or "")

    def _show_sent(self, owner: str, sent: Sent, search: str) -> Changes:
        """Return the page after something was sent."""
        changes = self._show(owner, sent.conversation_id, search)
        turn = self._desk.in_flight.get(owner, sent.turn_id)
        if turn is not None:
            changes[self._view.turn_id] = turn.id
            changes[self._view.composer] = _set_composer(is_busy=True)
            changes[self._view.live] = _render_turn(turn, turn.progress)
            if sent.conversation_id == "":
                changes[self._view.transcript] = ""
        return changes

    def _show_stored(self, owner: str, conversation_id: str, search: str) -> Changes:
        return {
            self._view.transcript: self._desk.render_conversation(owner, conversation_id),
            self._view.conversation_id: conversation_id,
            self._history: self._render_history(owner, conversation_id, search),
        }

    def _show(self, owner: str, conversation_id: str, search: str) -> Changes:
        """Return the whole page with a conversation open, its turn in flight included."""
        view = self._view
        live = render_no_progress()
        try:
            transcript = self._desk.render_conversation(owner, conversation_id)
        except ConversationNotFoundError as error:
            conversation_id = ""
            transcript = render_empty(self._settings.examples)
            live = render_refusal(str(error), question="", image_name=None)
        turn = self._desk.in_flight.find(owner, conversation_id) if conversation_id else None
        if turn is not None:
            live = _render_turn(turn, turn.progress)
        return {
            view.transcript: transcript,
            view.live: live,
            view.conversation_id: conversation_id,
            view.turn_id: "" if turn is None else turn.id,
            view.composer: _set_composer(is_busy=turn is not None),
            self._history: self._render_history(owner, conversation_id, search),
        }

    def _render_history(self, owner: str, conversation_id: str, search: str) -> str:
        return self._desk.render_history(owner, current_id=conversation_id, search=search)

    def _all_outputs(self) -> list[Any]:
        view = self._view
        return [view.transcript, view.live, view.composer, view.conversation_id, view.turn_id, self._history]


def _render_turn(turn: TurnInFlight, progress: Progress) -> Markup:
    """Return a turn in flight as far as it has come."""
    request = turn.request
    return render_progress(progress, question=request.text, image=request.image, is_by_hand=request.change is not None)


def _set_composer(*, is_busy: bool, text: str | None = None) -> Any:
    """Return the change of the composer's button, and of its content where `text` is given.

    What a person is typing meanwhile is theirs: content changes only when they have sent it, or get it back.
    """
    content: dict[str, Any] = {} if text is None else {"value": {"text": text, "files": []}}
    return gr.MultimodalTextbox(submit_btn=not is_busy, stop_btn=is_busy, **content)
