"""Gradio's theme: only what has to be there before our own style sheet is; colours live in `assets/theme.css`."""

import gradio as gr

SYSTEM_FONT = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO_FONT = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

# Page and text, light and dark, as in assets/theme.css: drawn before the style sheet has arrived.
PAGE_LIGHT, TEXT_LIGHT = "#f6f3ec", "#22302b"
PAGE_DARK, TEXT_DARK = "#10171a", "#e6e4da"


def build_theme() -> gr.themes.Base:
    """Return a theme that asks no other host for fonts."""
    theme = gr.themes.Base(font=SYSTEM_FONT, font_mono=MONO_FONT)
    return theme.set(
        body_background_fill=PAGE_LIGHT,
        body_text_color=TEXT_LIGHT,
        body_background_fill_dark=PAGE_DARK,
        body_text_color_dark=TEXT_DARK,
    )
