"""What programs may call: one question, answered as data (`gradio_client`, or plain HTTP)."""

from pathlib import Path
from typing import Any

import gradio as gr

from assistant.conversation import Message
from ui.access import COOKIE_NAME, owner_of
from ui.answer_json import describe_answer
from ui.chat_view import ENGINE_QUEUE
from ui.hand_api import add_hand_api
from ui.interfaces import PageSettings, UiServices
from ui.turn_desk import TurnDesk, Upload


def add_api(desk: TurnDesk, services: UiServices, settings: PageSettings) -> None:
    """Add the endpoint "ask", and those that change masks by hand, to the surrounding `gr.Blocks`."""

    def ask(image: str | None, question: str, conversation_id: str, request: gr.Request) -> dict[str, Any]:
        """Ask a question about an image.

        Args:
            image: the file; leave it out to ask about the conversation's latest image.
            question: in plain words.
            conversation_id: from an earlier answer, to go on; "" starts a conversation.
            request: says who asks.

        Returns:
            `text` and `status` of the answer; `found`, `count`, `share`, `pixels`, `area_m2`, `score`, `seconds`
            where the image was asked; addresses of `mask` and `overlay` where something was found, of `geotiff` and
            `geojson` too where the image is georeferenced;
            `operations`, the steps to the mask; `conversation_id`, `message_id` and `parent_id` (the question);
            `cookie` for a caller that sent none: send it back to go on.
        """
        owner = owner_of(request)
        uploads = [] if image is None else [Upload(Path(image), Path(image).name)]
        sent = desk.send(
            owner,
            session=request.session_hash or "",
            conversation_id=conversation_id or "",
            text=question or "",
            uploads=uploads,
        )
        answer: Message | None = None
        refusal, notice = sent.refusal, None
        if sent.turn_id:
            turn = desk.in_flight.get(owner, sent.turn_id)
            answer = desk.work(owner, sent.turn_id)
            if turn is not None:
                refusal, notice = turn.progress.refusal, turn.progress.notice
        elif refusal is None:
            answer = services.history.list_messages(owner, sent.conversation_id)[-1]
        if answer is not None:
            result = describe_answer(answer)
        elif notice is not None:
            result = {"status": "complete", "text": notice, "conversation_id": sent.conversation_id}
        else:
            result = {"status": "refused", "text": refusal}
        cookie = request.state.new_cookie
        return result | {"cookie": None if cookie is None else f"{COOKIE_NAME}={cookie}"}

    gr.Button("ask", visible=False).click(
        ask,
        inputs=[
            gr.File(label="image", type="filepath", visible=False),
            gr.Textbox(label="question", visible=False),
            gr.Textbox("", label="conversation_id", visible=False),
        ],
        outputs=[gr.JSON(label="answer", visible=False)],
        api_name="ask",
        concurrency_id=ENGINE_QUEUE,
        concurrency_limit=settings.engine_slots,
    )
    add_hand_api(desk, services, settings, queue=ENGINE_QUEUE)
