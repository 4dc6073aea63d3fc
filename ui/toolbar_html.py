"""The bar below an answer: tools, how the mask is shown, files to take away; each opens on demand.

Escaped like `message_html.py`. `assets/panels.js` opens and closes, and keeps open what was opened.
"""

from collections.abc import Sequence

from markupsafe import Markup

from assistant.conversation import Message
from assistant.operations import Threshold
from serving.image_ref import ImageRef
from ui.comparison_html import list_files
from ui.icons import DOWNLOAD, EYE, TOOLS
from ui.mask_tools_html import OWN_THRESHOLD_PERCENT, render_brush_size, render_threshold, render_tool_choice
from ui.overlay_html import shorten_label

# The mask's share of the overlay when nobody has moved the slider: the ground stays readable below.
START_OPACITY_PERCENT = 80

NOTHING = Markup("")


def render_toolbar(message: Message, image: ImageRef, *, actions: Markup) -> Markup:
    """Return the bar of an answer about an image; `actions` stand at its end."""
    panels = [("refine", TOOLS, "Refine", "Point, paint, move the threshold", _render_refine(message))]
    if message.mask_digest is not None or message.comparison_digest is not None:
        panels += [
            ("mask", EYE, "Mask", "How the mask is shown", _render_mask(message)),
            ("export", DOWNLOAD, "Export", "Files to take away", _render_exports(message, image)),
        ]
    return _render_bar(message.id, panels, actions)


def render_hand_start(message_id: str) -> Markup:
    """Return the bar of an image that was asked nothing yet: it can be marked by hand."""
    panel = ("refine", TOOLS, "Mark by hand", "Point at the picture, or paint on it", _render_hand_tools())
    return _render_bar(message_id, [panel], NOTHING)


def _render_bar(message_id: str, panels: Sequence[tuple[str, Markup, str, str, Markup]], actions: Markup) -> Markup:
    buttons = [
        Markup(
            '<button type="button" class="quiet" data-action="toggle-panel" data-panel="{name}" aria-expanded="false" '
            'aria-controls="{name}-{id}" title="{hint}">{icon}<span>{label}</span></button>'
        ).format(name=name, id=message_id, hint=hint, icon=icon, label=label)
        for name, icon, label, hint, _ in panels
    ]
    bodies = [
        Markup('<div class="panel {name}" id="{name}-{id}" data-panel="{name}" hidden>{body}</div>').format(
            name=name, id=message_id, body=body
        )
        for name, _, _, _, body in panels
    ]
    return Markup('<div class="toolbar"><div class="toolbar-row">{}{}</div>{}</div>').format(
        NOTHING.join(buttons), actions, NOTHING.join(bodies)
    )


def _render_refine(message: Message) -> Markup:
    percent = _read_threshold(message)
    return _render_hand_tools() + (NOTHING if percent is None else render_threshold(percent))


def _render_hand_tools() -> Markup:
    return render_tool_choice() + render_brush_size()


def _render_mask(message: Message) -> Markup:
    entry = Markup(
        '<span class="legend-entry"><span class="swatch" aria-hidden="true"></span>'
        '<span class="legend-label" title="{label}">{label}</span></span>'
    ).format(label=shorten_label(message.question or "Marked by hand"))
    return Markup(
        "{entry}"
        '<span class="legend-controls">'
        '<label class="toggle"><input type="checkbox" data-control="visible" checked><span>Show</span></label>'
        '<label class="slider"><span>Opacity</span>'
        '<input type="range" min="0" max="100" step="5" value="{opacity}" data-control="opacity">'
        "<output>{opacity}%</output></label></span>"
    ).format(
        # A comparison has a legend of its own below the picture.
        entry=NOTHING if message.comparison_digest is not None else entry,
        opacity=START_OPACITY_PERCENT,
    )


def _render_exports(message: Message, image: ImageRef) -> Markup:
    files = [("mask.png", "Mask PNG"), ("overlay.png", "Overlay PNG"), ("mask.json", "COCO JSON")]
    if message.comparison_digest is not None:
        files = list_files(message, image)
    elif image.grid.is_georeferenced:
        files += [("mask.tif", "GeoTIFF"), ("mask.geojson", "GeoJSON"), ("mask.gpkg", "GeoPackage")]
    files.append(("bundle.zip", "Everything (zip)"))
    return NOTHING.join(
        Markup('<a class="download" href="artefacts/{}/{}?download=1" download>{}{}</a>').format(
            message.id, name, DOWNLOAD, label
        )
        for name, label in files
    )


def _read_threshold(message: Message) -> int | None:
    """Return where the threshold of an answer's mask stands, in percent; None where it cannot be moved."""
    if message.mask_digest is None or message.confidence_digest is None:
        return None
    levels = [operation.level for operation in message.operations if isinstance(operation, Threshold)]
    return round(levels[-1] * 100) if levels else OWN_THRESHOLD_PERCENT
