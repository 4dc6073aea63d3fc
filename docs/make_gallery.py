"""Makes the README's gallery: answers of the model that ships, drawn at random from images it never saw.

    .venv/bin/python docs/make_gallery.py DATA

DATA is a folder with manifest.jsonl, questions.jsonl and LICENSES.md. Overwrites docs/images/gallery.png.
"""

import sys
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from evaluation.contact_sheet import draw_sheet, save_sheet  # noqa: E402 (the checkout comes first)
from evaluation.packs.gallery import answer_examples, draw_examples, read_redistributable  # noqa: E402
from evaluation.packs.pack import Pack  # noqa: E402
from evaluation.packs.through_assistant import segment_through_assistant  # noqa: E402
from launch import load_engine, load_settings  # noqa: E402

PICTURE = ROOT / "docs" / "images" / "gallery.png"
EXAMPLES = 8
SEED = 7
MAX_BYTES = 600_000


def main() -> None:
    """Ask, draw, save."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    pack = Pack(root)
    questions = draw_examples(pack, "test", read_redistributable(root), count=EXAMPLES, seed=SEED)
    with closing(load_engine(load_settings())) as engine:
        cells = answer_examples(pack, questions, segment_through_assistant(engine))
    save_sheet(draw_sheet(cells, columns=2, side=176), PICTURE, max_bytes=MAX_BYTES)
    sys.stdout.write(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
