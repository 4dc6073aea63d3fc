"""The page around the messages as safe HTML: brand, empty state, history list, dialogs.

Escaped like `message_html.py`: by `Markup.format`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from assistant.conversation import ConversationSummary
from ui.branches_html import render_branch_dialogs
from ui.icons import CLOSE, KEYBOARD, LOGO, MENU, PENCIL, PLUS, THEME, TRASH, UNDO
from ui.interfaces import Example
from ui.mask_tools_html import render_brush_size, render_tool_choice, render_tool_dialogs

PRODUCT = "SegEarth Chat"
PURPOSE = "Ask an aerial or satellite image a question in plain words, and see the answer marked on it."

SHORTCUTS = (
    ("?", "Show this list"),
    ("/", "Type a question"),
    ("Enter", "Send the question"),
    ("Shift + Enter", "Start a new line"),
    ("n", "Start a new chat"),
    ("s", "Search your conversations"),
    ("m", "Show or hide the latest mask"),
    ("p", "Point at pictures: arrow keys, Enter adds, Shift + Enter removes"),
    ("Enter, arrows, Enter", "With the brush on a picture: put it down, draw, lift it"),
    ("[ / ]", "Smaller / larger brush"),
    ("u / y", "Undo / redo"),
    ("Esc", "Drop a stroke, stop the running question, or close what is open"),
)

NO_HISTORY = "Your conversations will be kept here."

# Where style sheets and scripts are, under the digest of all of them, so that browsers never mix old and new ones.
ASSETS_PREFIX = "page-assets"


def render_head(version: str) -> str:
    """Return what stands at the start of the page's `<head>`; `version` is any name for the files as they are now."""
    return Markup(
        "<title>{title}</title>"
        '<meta name="description" content="{purpose}">'
        '<meta name="color-scheme" content="light dark">'
        '<link rel="icon" type="image/svg+xml" href="{folder}/favicon.svg">'
        '<link rel="stylesheet" href="{folder}/theme.css">'
        '<link rel="stylesheet" href="{folder}/page.css">'
        '<link rel="stylesheet" href="{folder}/tools.css">'
        '<script type="module" src="{folder}/page.js"></script>'
    ).format(title=PRODUCT, purpose=PURPOSE, folder=f"{ASSETS_PREFIX}/{version}")


def render_brand() -> Markup:
    """Return the product's name, at the head of the sidebar."""
    return Markup(
        '<div class="brand"><span class="brand-mark" aria-hidden="true">{logo}</span><span class="brand-name">{name}'
        '</span><button type="button" class="icon-button only-narrow" data-action="close-sidebar" '
        'aria-label="Close the list of conversations">{close}</button></div>'
        '<button type="button" class="new-chat" data-action="new">{plus}<span>New chat</span></button>'
    ).format(logo=LOGO, name=PRODUCT, close=CLOSE, plus=PLUS)


def render_topbar(model_label: str) -> Markup:
    """Return the bar above the conversation."""
    return Markup(
        '<header class="topbar"><button type="button" class="icon-button only-narrow" data-action="open-sidebar" '
        'aria-label="Open the list of conversations" aria-expanded="false">{menu}</button>'
        '<h1 class="topbar-title">{name}</h1><span class="model-label" title="The model that answers">{model}</span>'
        '<span class="topbar-actions"><button type="button" class="icon-button" data-action="theme" '
        'aria-label="Switch between light and dark" title="Light or dark">{theme}</button>'
        '<button type="button" class="icon-button" data-action="shortcuts" aria-label="Keyboard shortcuts" '
        'title="Keyboard shortcuts (?)">{keyboard}</button></span></header>'
    ).format(menu=MENU, name=PRODUCT, model=model_label, theme=THEME, keyboard=KEYBOARD)


def render_empty(examples: Sequence[Example]) -> Markup:
    """Return what stands where the conversation will be: what this is, and examples that work on a click."""
    cards = [
        Markup(
            '<button type="button" class="example" data-action="example" data-index="{index}">'
            '<img src="examples/{index}/thumbnail" alt="{description}" width="112" height="104">'
            '<span class="example-text"><span class="example-question">{question}</span>'
            '<span class="example-credit">{credit}</span></span></button>'
        ).format(
            index=index,
            description=example.description or "Example image",
            question=example.question,
            credit=example.credit,
        )
        for index, example in enumerate(examples)
    ]
    listed = Markup("")
    if cards:
        listed = Markup('<h3 class="examples-title">Or try an example</h3><div class="examples">{}</div>').format(
            Markup("").join(cards)
        )
    return Markup(
        '<section class="turns empty" data-conversation=""><div class="hero">'
        '<span class="hero-mark" aria-hidden="true">{}</span><h2>What shall we look for?</h2><p>{}</p>'
        '<p class="hero-hint">Drop in a PNG, JPEG, WebP, TIFF or GeoTIFF below and ask.</p></div>{}</section>'
    ).format(LOGO, PURPOSE, listed)


def render_history(
    conversations: Sequence[ConversationSummary], *, current_id: str, search: str, now: datetime
) -> Markup:
    """Return the list of conversations.

    Args:
        conversations: newest first.
        current_id: the one that is open; "" for none.
        search: the words that were looked for; "" for all.
        now: UTC, timezone-aware; "5 min ago" counts from here.
    """
    if not conversations:
        return render_no_history(f"Nothing found for “{search}”." if search else NO_HISTORY)
    parts: list[Markup] = []
    heading = ""
    for conversation in conversations:
        period = name_period(conversation.updated_at, now)
        if period != heading:
            heading = period
            parts.append(Markup('<li class="history-period" role="presentation">{}</li>').format(period))
        parts.append(_render_conversation(conversation, is_current=conversation.id == current_id, now=now))
    return Markup('<nav class="history" aria-label="Conversations"><ul>{}</ul></nav>').format(Markup("").join(parts))


def render_no_history(words: str = NO_HISTORY) -> Markup:
    """Return the list without a conversation."""
    return Markup('<nav class="history" aria-label="Conversations"><p class="history-empty">{}</p></nav>').format(words)


def render_dialogs() -> Markup:
    """Return the dialogs, closed: shortcuts, rename, delete, full-size picture, tools."""
    more = render_tool_dialogs() + render_branch_dialogs()
    undo = Markup(
        '<button type="button" class="quiet" data-action="undo" title="Take the last one back (u)">{}<span>Undo</span>'
        "</button>"
    ).format(UNDO)
    rows = [Markup("<div><dt><kbd>{}</kbd></dt><dd>{}</dd></div>").format(key, words) for key, words in SHORTCUTS]
    return Markup(
        '<dialog id="shortcuts-dialog" class="dialog" aria-labelledby="shortcuts-title">'
        '<h2 id="shortcuts-title">Keyboard shortcuts</h2><dl class="shortcuts">{rows}</dl>'
        '<div class="dialog-actions"><button type="button" class="prominent" data-action="close-dialog">Close</button>'
        "</div></dialog>"
        '<dialog id="rename-dialog" class="dialog" aria-labelledby="rename-title">'
        '<h2 id="rename-title">Rename the conversation</h2>'
        '<label class="field"><span>New name</span><input type="text" maxlength="200" autocomplete="off"></label>'
        '<div class="dialog-actions"><button type="button" class="quiet" data-action="close-dialog">Cancel</button>'
        '<button type="button" class="prominent" data-action="confirm-rename">Rename</button></div></dialog>'
        '<dialog id="delete-dialog" class="dialog" aria-labelledby="delete-title">'
        '<h2 id="delete-title">Delete this conversation?</h2>'
        '<p><strong data-slot="title"></strong> and the masks made in it will be gone for good.</p>'
        '<div class="dialog-actions"><button type="button" class="quiet" data-action="close-dialog">Keep it</button>'
        '<button type="button" class="danger" data-action="confirm-delete">Delete</button></div></dialog>'
        '<dialog id="zoom-dialog" class="zoom" aria-label="Picture at full size">'
        '<div class="zoom-stage"></div><button type="button" class="icon-button zoom-close" data-action="close-dialog" '
        'aria-label="Close the picture">{close}</button><div class="zoom-tools" hidden>{tools}</div></dialog>{more}'
    ).format(
        rows=Markup("").join(rows), close=CLOSE, tools=render_tool_choice() + render_brush_size() + undo, more=more
    )


def name_period(moment: datetime, now: datetime) -> str:
    """Return the heading under which a conversation of `moment` stands."""
    days = (now.date() - moment.date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    return "This week" if days < 7 else "Earlier"


def format_age(moment: datetime, now: datetime) -> str:
    """Return how long ago `moment` was, in a word or two."""
    age = max(now - moment, timedelta(0))
    if age < timedelta(minutes=1):
        return "now"
    if age < timedelta(hours=1):
        return f"{age // timedelta(minutes=1)} min"
    if age < timedelta(days=1):
        return f"{age // timedelta(hours=1)} h"
    if age < timedelta(days=7):
        return f"{age.days} d"
    return f"{moment.day} {moment:%b %Y}"


def _render_conversation(conversation: ConversationSummary, *, is_current: bool, now: datetime) -> Markup:
    return Markup(
        '<li class="history-entry{current}" data-conversation-entry="{id}">'
        '<a href="?c={id}" data-action="open" data-conversation-id="{id}"{aria} title="{title}">'
        '<span class="history-title">{title}</span><time datetime="{iso}">{age}</time></a>'
        '<span class="history-actions">'
        '<button type="button" class="icon-button" data-action="rename" data-conversation-id="{id}" '
        'data-title="{title}" aria-label="Rename “{title}”">{pencil}</button>'
        '<button type="button" class="icon-button" data-action="delete" data-conversation-id="{id}" '
        'data-title="{title}" aria-label="Delete “{title}”">{trash}</button></span></li>'
    ).format(
        id=conversation.id,
        current=" is-current" if is_current else "",
        aria=Markup(' aria-current="page"') if is_current else "",
        title=conversation.title,
        iso=conversation.updated_at.isoformat(),
        age=format_age(conversation.updated_at, now),
        pencil=PENCIL,
        trash=TRASH,
    )
