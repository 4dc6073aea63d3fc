"""The sidebar: brand, new chat, search, and the list of conversations."""

from dataclasses import dataclass

import gradio as gr

from ui.access import owner_of
from ui.page_html import render_brand, render_no_history
from ui.turn_desk import TurnDesk


@dataclass(frozen=True)
class HistoryView:
    """The components of the sidebar.

    Attributes:
        listing: the conversations.
        search: the words to look for in them.
    """

    listing: gr.HTML
    search: gr.Textbox


def build_history_view() -> HistoryView:
    """Place the components into the surrounding `gr.Blocks`."""
    with gr.Column(elem_id="sidebar"):
        gr.HTML(render_brand(), js_on_load=None, apply_default_css=False, elem_id="brand")
        search = gr.Textbox(
            elem_id="search",
            placeholder="Search conversations",
            label="Search conversations",
            show_label=False,
            container=False,
            max_lines=1,
        )
        listing = gr.HTML(render_no_history(), js_on_load=None, apply_default_css=False, elem_id="history")
    return HistoryView(listing=listing, search=search)


def connect_search(view: HistoryView, conversation_id: gr.Textbox, desk: TurnDesk) -> None:
    """Show what matches while the person types or pastes."""

    def find(search: str, current_id: str, request: gr.Request) -> str:
        return desk.render_history(owner_of(request), current_id=current_id, search=search)

    view.search.change(  # `input` does not fire for pasted text
        find,
        inputs=[view.search, conversation_id],
        outputs=[view.listing],
        queue=False,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
