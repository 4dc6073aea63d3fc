"""What programs may call: one question, answered as data (`gradio_client`, or plain HTTP)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from ui.access import COOKIE_NAME, owner_of
from ui.hand_api import add_hand_api
from ui.interfaces import UiServices
from ui.turn_desk import TurnDesk, Upload
from ui.turn_stream import stream_turn


def add_api(desk: TurnDesk, services: UiServices) -> None:
    """Add the endpoint "ask", and those that change masks by hand, to the surrounding `gr.Blocks`."""

    async def ask(
        image: str | None, question: str, conversation_id: str, request: gr.Request
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask a question about an image.

        Args:
            image: the file; leave it out to ask about the conversation's latest image.
            question: in plain words.
            conversation_id: from an earlier answer, to go on; "" starts a conversation.
            request: says who asks.

        Yields:
            on the way a `status` "waiting" (with `ahead`, the turns before this one) or "working", and the same in
            words in `text`; at the end `text` and `status` of the answer; `found`, `count`, `share`, `pixels`,
            `area_m2`, `score`, `seconds` where the image was asked; addresses of `mask`, `overlay`, `coco` and `bundle`
            where something was found, of `geotiff`, `geojson` and `geopackage` too where the image is georeferenced;
            `operations`, the steps to the mask; `conversation_id`, `message_id` and `parent_id` (the question);
            `cookie` for a caller that sent none: send it back to go on.
        """
        owner = owner_of(request)
        send = partial(
            desk.send,
            owner,
            session=request.session_hash or "",
            conversation_id=conversation_id or "",
            text=question or "",
            uploads=[] if image is None else [Upload(Path(image), Path(image).name)],
        )
        cookie = request.state.new_cookie
        async with aclosing(stream_turn(desk, services.history, owner, send)) as steps:
            async for step in steps:
                yield step | {"cookie": None if cookie is None else f"{COOKIE_NAME}={cookie}"}

    gr.Button("ask", visible=False).click(
        ask,
        inputs=[
            gr.File(label="image", type="filepath", visible=False),
            gr.Textbox(label="question", visible=False),
            gr.Textbox("", label="conversation_id", visible=False),
        ],
        outputs=[gr.JSON(label="answer", visible=False)],
        api_name="ask",
    )
    add_hand_api(desk, services)
