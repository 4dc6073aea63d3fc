"""Read RefSegRS as it is published: images/*.tif, masks/*.tif, output_phrase_{train,val,test}.txt."""

import re
from collections import Counter
from functools import partial
from pathlib import Path

from evaluation.benchmarks.samples import Benchmark, BenchmarkSample, Split, find_layout, keep_groups_together
from evaluation.errors import BenchmarkUnreadableError
from evaluation.pictures import read_mask

NAME = "RefSegRS"
NESTED = "rs_ref_seg/RefSegRS"

_LINE = re.compile(r"(\d+)\s+(\S.*)")


def read_refsegrs(root: Path, split: Split) -> Benchmark:
    """Return a split of RefSegRS; a line is a sample, lines with one number share image and target.

    Args:
        root: the folder that holds images and masks, or the one that holds rs_ref_seg/RefSegRS.
        split: which part.

    Raises:
        BenchmarkError: the list is missing or holds a line that is no number and phrase.
    """
    listing = f"output_phrase_{split}.txt"
    folder = find_layout(root, benchmark=NAME, nested=NESTED, marker=listing)
    samples = []
    seen: Counter[str] = Counter()
    try:
        lines = (folder / listing).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BenchmarkUnreadableError(where=listing, problem="it is no UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise BenchmarkUnreadableError(where=f"{listing}, line {number}", problem="it is no number and phrase")
        name, phrase = match.groups()
        seen[name] += 1
        samples.append(
            BenchmarkSample(
                id=name if seen[name] == 1 else f"{name}-{seen[name]}",
                image_path=folder / "images" / f"{name}.tif",
                questions=(phrase,),
                group=name,
                load_target=partial(read_mask, folder / "masks" / f"{name}.tif"),
            )
        )
    return Benchmark(NAME, split, keep_groups_together(samples))
