"""The tools for a mask: pointing, brush, threshold; and the dialogs that the tools open.

Escaped like `message_html.py`. What the tools do is in `assets/pointing.js`, `brush.js`, `threshold.js` and `steps.js`.
"""

from markupsafe import Markup

from ui.icons import BOX, BRUSH, ERASER, MINUS, PLUS, ZOOM

# The model's own mask holds what it thinks likelier than not.
OWN_THRESHOLD_PERCENT = 50

TOOLS = (
    ("look", ZOOM, "Look", "A click shows the picture at full size"),
    ("add", PLUS, "Add", "A click adds what is there; with Shift it removes; a drag draws a box"),
    ("remove", MINUS, "Remove", "A click removes what is there"),
    ("box", BOX, "Box", "Draw a box around a thing"),
    ("brush", BRUSH, "Brush", "Paint: exactly what the brush goes over is marked; with Shift it erases"),
    ("erase", ERASER, "Erase", "Erase: exactly what the brush goes over is no longer marked"),
)

# Half the brush's width, in pixels of the screen: what is painted is as wide as the ring that is seen.
START_BRUSH_PX = 12
LARGEST_BRUSH_PX = 60


def render_tool_choice() -> Markup:
    """Return the switch that says what a click on the picture does."""
    buttons = [
        Markup(
            '<button type="button" data-action="set-tool" data-tool="{name}" aria-pressed="{pressed}" title="{hint}">'
            "{icon}<span>{label}</span></button>"
        ).format(name=name, pressed="true" if name == "look" else "false", hint=hint, icon=icon, label=label)
        for name, icon, label, hint in TOOLS
    ]
    return Markup('<div class="tool-choice" role="group" aria-label="A click on the picture">{}</div>').format(
        Markup("").join(buttons)
    )


def render_tool_dialogs() -> Markup:
    """Return the dialogs of the tools, closed."""
    return Markup(
        '<dialog id="step-dialog" class="dialog" aria-labelledby="step-title">'
        '<h2 id="step-title">Change this step</h2><div data-slot="step"></div>'
        '<div class="dialog-actions">'
        '<button type="button" class="quiet is-first" data-action="drop-step">Remove</button>'
        '<button type="button" class="quiet" data-action="close-dialog">Cancel</button>'
        '<button type="button" class="prominent" data-action="confirm-step">Apply</button></div></dialog>'
    )


def render_brush_size() -> Markup:
    """Return the slider of the brush's size; it is seen while the brush is in hand."""
    return Markup(
        '<label class="slider brush-size"><span>Brush size</span>'
        '<input type="range" min="1" max="{largest}" step="1" value="{start}" data-control="brush-size" '
        'title="Also the keys [ and ]"><output>{start}</output></label>'
    ).format(largest=LARGEST_BRUSH_PX, start=START_BRUSH_PX)


def render_threshold(percent: int) -> Markup:
    """Return the slider of a mask's threshold, standing at `percent`."""
    return Markup(
        '<div class="threshold"><label class="slider"><span>Mark from</span>'
        '<input type="range" min="1" max="99" step="1" value="{percent}" data-control="threshold" '
        'data-level="{percent}" aria-label="Confidence from which on pixels are marked">'
        "<output>{percent}%</output><span>confidence</span></label>"
        '<span class="threshold-actions">'
        '<button type="button" class="prominent" data-action="keep-threshold" hidden>Keep</button>'
        '<button type="button" class="quiet" data-action="reset-threshold" hidden>Back</button></span></div>'
    ).format(percent=percent)
