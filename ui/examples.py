"""The pictures that the empty page offers, as `assets/examples/examples.json` lists them."""

import json
from pathlib import Path

from ui.interfaces import Example

FOLDER = Path(__file__).parent / "assets" / "examples"


def read_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """Return the examples in `folder`, in the order of its list."""
    rows = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            path=folder / row["path"],
            question=row["question"],
            credit=row["credit"],
            description=row["description"],
        )
        for row in rows
    )
