"""Small pictures as inline SVG, drawn in the colour of the text around them."""

from markupsafe import Markup

_OPEN = (
    '<svg class="icon" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" '
    'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
)


def _draw(shapes: str) -> Markup:
    return Markup(f"{_OPEN}{shapes}</svg>")


LOGO = _draw(
    '<circle cx="12" cy="12" r="9"/><path d="M3.5 10c3.5-1 5 1.5 8 .5s3-4 6-5"/>'
    '<path d="M5 17.5c2.5-2 5-.5 7.5-1.5s3.5-3.5 8-3.5"/>'
)
CHECK = _draw('<path d="m5 12.5 4.5 4.5L19 7.5"/>')
COPY = _draw('<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15V6a2 2 0 0 1 2-2h9"/>')
RETRY = _draw(
    '<path d="M4 12a8 8 0 0 1 14-5.3L20 9"/><path d="M20 4v5h-5"/><path d="M20 12a8 8 0 0 1-14 5.3L4 15"/>'
    '<path d="M4 20v-5h5"/>'
)
DOWNLOAD = _draw('<path d="M12 4v11"/><path d="m7.5 11 4.5 4.5 4.5-4.5"/><path d="M5 20h14"/>')
ALERT = _draw('<path d="M12 4 2.8 19.5h18.4Z"/><path d="M12 10v4.5"/><path d="M12 17.2v.1"/>')
STOPPED = _draw('<circle cx="12" cy="12" r="9"/><rect x="9" y="9" width="6" height="6" rx="1"/>')
IMAGE = _draw(
    '<rect x="3.5" y="5" width="17" height="14" rx="2"/><path d="m4 16 4.5-4.5 4 4 2.5-2.5L20 17.5"/>'
    '<circle cx="15.5" cy="9.5" r="1.3"/>'
)
PLUS = _draw('<path d="M12 5v14M5 12h14"/>')
PENCIL = _draw('<path d="M4 20h4L19 9l-4-4L4 16Z"/><path d="m13.5 6.5 4 4"/>')
TRASH = _draw('<path d="M5 7h14"/><path d="M9 7V4.5h6V7"/><path d="m7 7 1 13h8l1-13"/>')
MENU = _draw('<path d="M4 7h16M4 12h16M4 17h16"/>')
CLOSE = _draw('<path d="m6 6 12 12M18 6 6 18"/>')
KEYBOARD = _draw('<rect x="3" y="6" width="18" height="12" rx="2"/><path d="M7 10h.1M11 10h.1M15 10h.1M7 14h10"/>')
THEME = _draw('<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5a8.5 8.5 0 0 1 0 17Z" fill="currentColor"/>')
EYE = _draw(
    '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"/><circle cx="12" cy="12" r="3"/>'
)
ZOOM = _draw('<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>')
BRUSH = _draw(
    '<path d="M9.5 14.5 19 5a1.8 1.8 0 0 0-2.5-2.5L7 12"/><path d="M7 12c-3 0-2.5 4.5-5 5.5 1.5 3 7.5 3 7.5-1.5Z"/>'
)
ERASER = _draw('<path d="m7 19-3.5-3.5a1.5 1.5 0 0 1 0-2L12 5l7 7-7 7Z"/><path d="m8 9 7 7"/><path d="M7 19h13"/>')
TOOLS = _draw('<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>')
MINUS = _draw('<path d="M5 12h14"/>')
BOX = _draw('<rect x="4" y="6" width="16" height="12" rx="1" stroke-dasharray="3 2.5"/>')
UNDO = _draw('<path d="m8 5-4 4 4 4"/><path d="M4 9h10a5.5 5.5 0 0 1 0 11h-4"/>')
REDO = _draw('<path d="m16 5 4 4-4 4"/><path d="M20 9H10a5.5 5.5 0 0 0 0 11h4"/>')
RESET = _draw('<path d="M5 4v6h6"/><path d="M5.5 10a7.5 7.5 0 1 1-.9 5"/>')
COMPARE = _draw(
    '<rect x="3.5" y="5" width="17" height="14" rx="2"/><path d="M12 3v18"/><path d="M15 9.5h2.5M15 13h2.5"/>'
)
BACKWARD = _draw('<path d="m14.5 6-6 6 6 6"/>')
FORWARD = _draw('<path d="m9.5 6 6 6-6 6"/>')
