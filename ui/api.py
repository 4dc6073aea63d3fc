"""What programs may call: one question, answered as data (`gradio_client`, or plain HTTP)."""

from pathlib import Path
from typing import Any

import gradio as gr

from assistant.conversation import Message
from ui.access import COOKIE_NAME, owner_of
from ui.chat_view import ENGINE_QUEUE
from ui.interfaces import PageSettings, UiServices
from ui.turn_desk import TurnDesk, Upload


def add_api(desk: TurnDesk, services: UiServices, settings: PageSettings) -> None:
    """Add the endpoint "ask" to the surrounding `gr.Blocks`."""

    def ask(image: str | None, question: str, conversation_id: str, request: gr.Request) -> dict[str, Any]:
        """Ask a question about an image.

        Args:
            image: the file; leave it out to ask about the conversation's latest image.
            question: in plain words.
            conversation_id: from an earlier answer, to go on; "" starts a conversation.
            request: says who asks.

        Returns:
            `text` and `status` of the answer; `found`, `count`, `share`, `pixels`, `area_m2`, `score`, `seconds`
            where the image was asked; addresses of `mask` and `overlay` where something was found;
            `conversation_id` and `message_id`; `cookie` for a caller that sent none: send it back to go on.
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
        refusal = sent.refusal
        if sent.turn_id:
            turn = desk.in_flight.get(owner, sent.turn_id)
            answer = desk.work(owner, sent.turn_id)
            refusal = None if turn is None else turn.progress.refusal
        elif refusal is None:
            answer = services.history.list_messages(owner, sent.conversation_id)[-1]
        result = {"status": "refused", "text": refusal} if answer is None else describe_answer(answer)
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


def describe_answer(message: Message) -> dict[str, Any]:
    """Return a stored answer as data for JSON."""
    described: dict[str, Any] = {
        "status": message.status.value,
        "text": message.text,
        "conversation_id": message.conversation_id,
        "message_id": message.id,
    }
    if message.facts is not None:
        described |= {
            "found": message.facts.pixel_count > 0,
            "count": message.facts.count,
            "share": message.facts.share,
            "pixels": message.facts.pixel_count,
            "area_m2": message.facts.area_m2,
            "score": message.score,
            "seconds": dict(message.seconds),
        }
    if message.mask_digest is not None:
        described |= {
            "mask": f"artefacts/{message.id}/mask.png",
            "overlay": f"artefacts/{message.id}/overlay.png",
        }
    return described
