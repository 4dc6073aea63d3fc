"""The page assembled from its views; no logic."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from ui.access import OwnerMiddleware, OwnerSigner
from ui.api import add_api
from ui.chat_view import ChatEvents, build_chat_view
from ui.csp import SecurityHeadersMiddleware
from ui.history_view import build_history_view, connect_search
from ui.interfaces import PageSettings, UiServices
from ui.limits import QUEUE_RESERVE
from ui.page_html import PRODUCT, render_dialogs, render_head, render_topbar
from ui.routes import ASSETS, build_routes
from ui.theme import build_theme
from ui.turn_desk import TurnDesk

# Uploaded files are copied into our store at once; every ten minutes Gradio's copies older than an hour go.
UPLOAD_CLEANING_S = (600, 3600)


def build_app(services: UiServices, settings: PageSettings) -> gr.Blocks:
    """Return the page, ready for `.launch(**build_launch_arguments(...))`."""
    desk = TurnDesk(services, settings)
    page = gr.Blocks(title=PRODUCT, analytics_enabled=False, delete_cache=UPLOAD_CLEANING_S, fill_width=True)
    with page:
        with gr.Row(elem_id="shell"):
            history = build_history_view()
            with gr.Column(elem_id="main"):
                gr.HTML(render_topbar(settings.model_label), js_on_load=None, apply_default_css=False, elem_id="topbar")
                chat = build_chat_view(settings)
        gr.HTML(render_dialogs(), js_on_load=None, apply_default_css=False, elem_id="dialogs")
        ChatEvents(page, chat, history.listing, history.search, desk, settings).connect()
        connect_search(history, chat.conversation_id, desk)
        add_api(desk, services)
    page.queue(max_size=settings.max_waiting * 2 + QUEUE_RESERVE, default_concurrency_limit=None, api_open=False)
    return page


def build_launch_arguments(services: UiServices, settings: PageSettings) -> dict[str, Any]:
    """Return the keyword arguments for `launch` of what `build_app` returned; add host, port and thread lock."""
    return {
        "app_kwargs": build_app_arguments(services, settings),
        "theme": build_theme(),
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "share": False,
        "pwa": False,
        "mcp_server": False,
        "footer_links": [],
        "max_file_size": settings.max_upload_bytes,
        # Each turn in flight is worked on (or waits) in one thread and is followed by one or more.
        "max_threads": 40 + 4 * settings.max_waiting,
    }


def build_app_arguments(services: UiServices, settings: PageSettings) -> Mapping[str, Any]:
    """Return our routes and middleware as keyword arguments for the HTTP app under Gradio."""
    head = render_head(version=_digest_assets())
    return {
        "routes": build_routes(services, settings),
        "middleware": [
            Middleware(SecurityHeadersMiddleware, frame_ancestors=("'self'", *settings.frame_ancestors), head=head),
            Middleware(
                OwnerMiddleware,
                signer=OwnerSigner(settings.cookie_secret),
                secure=settings.secure_cookie,
                framed=bool(settings.frame_ancestors),
            ),
        ],
        "docs_url": None,
        "redoc_url": None,
        "openapi_url": None,
    }


def _digest_assets() -> str:
    """Return a short digest of style sheets and scripts, so that browsers fetch them again when they change."""
    digest = sha256()
    for path in sorted(Path(ASSETS).glob("*.[cj]s*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
