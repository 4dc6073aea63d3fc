"""A picture with what was added, removed and unchanged since another image: three layers, each to be shown or hidden.

Escaped like `message_html.py`.
"""

from markupsafe import Markup

from assistant.comparison_answering import FATE_WORDS, describe_fate
from assistant.conversation import Message
from assistant.facts import Facts
from assistant.masks.comparison import Fate
from serving.image_ref import ImageRef
from ui.overlay_html import frame_layers

# From the lowest layer to the uppermost: outlines of what came lie above what went.
LAYERS = (Fate.UNCHANGED, Fate.REMOVED, Fate.ADDED)


def render_comparison(message: Message, image: ImageRef, *, picture_of: str) -> Markup:
    """Return the picture with a layer for each fate, and a legend that shows and hides them.

    Args:
        message: an answer with a comparison.
        image: the later one of the two.
        picture_of: id of a message about the same image, as in `render_overlay`.
    """
    facts = message.fate_facts
    return frame_layers(
        message,
        image,
        Markup("").join(_render_layer(message, fate) for fate in LAYERS if facts[fate].pixel_count > 0),
        picture_of=picture_of,
        caption=Markup(
            '<figcaption class="legend-fates" role="group" aria-label="What has changed">{}</figcaption>'
        ).format(Markup("").join(_render_entry(fate, facts[fate]) for fate in Fate)),
    )


def list_files(message: Message, image: ImageRef) -> list[tuple[str, str]]:
    """Return the files that a comparison can be taken away as: the end of each address, and its label."""
    files = [
        (f"fates/{fate}.png", f"{FATE_WORDS[fate]} PNG") for fate in Fate if message.fate_facts[fate].pixel_count > 0
    ]
    files.append(("overlay.png", "Overlay PNG"))
    if image.grid.is_georeferenced:
        files += [("changes.tif", "GeoTIFF"), ("changes.geojson", "GeoJSON"), ("changes.gpkg", "GeoPackage")]
    return files


def _render_layer(message: Message, fate: Fate) -> Markup:
    return Markup(
        '<img class="picture-layer" data-fate="{fate}" src="artefacts/{id}/fates/{fate}/layer.png" alt="{words}">'
    ).format(fate=fate, id=message.id, words=_describe(fate, message.fate_facts[fate]))


def _render_entry(fate: Fate, facts: Facts) -> Markup:
    return Markup(
        '<label class="legend-entry"><input type="checkbox" data-control="fate" value="{fate}"{state}>'
        '<span class="swatch is-{fate}" aria-hidden="true"></span><span class="legend-label">{words}</span></label>'
    ).format(
        fate=fate,
        state=Markup(" checked") if facts.pixel_count > 0 else Markup(" disabled"),
        words=_describe(fate, facts),
    )


def _describe(fate: Fate, facts: Facts) -> str:
    return f"{FATE_WORDS[fate]}: {describe_fate(facts)}"
