"""Makes the tables and pictures in docs/quality.md anew from reports.

    .venv/bin/python docs/make_quality.py REPORTS

REPORTS is a folder with what the commands of docs/quality.md printed with --json, and in errors/ what they wrote with
--report DIR --public. A section without a report stays, and so does a picture.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from evaluation.packs.quality_page import rewrite_page  # noqa: E402 (the checkout comes first, wherever this is started)

PAGE = ROOT / "docs" / "quality.md"
IMAGES = ROOT / "docs" / "images"
SHEETS = ("best", "worst", "false_alarms")


def main() -> None:
    """Rewrite the page, and say which sections were made."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    reports = Path(sys.argv[1])
    page, made = rewrite_page(PAGE.read_text(encoding="utf-8"), reports)
    PAGE.write_text(page, encoding="utf-8")
    for name in SHEETS:
        sheet = reports / "errors" / f"{name}.png"
        if sheet.is_file():
            shutil.copyfile(sheet, IMAGES / f"answers_{name}.png")
            made = (*made, sheet.name)
    sys.stdout.write(f"Made: {', '.join(made) or 'nothing, there is no report'}\n")


if __name__ == "__main__":
    main()
