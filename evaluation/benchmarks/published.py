"""Published figures of SegEarth-R1 and its peers, for the table beside ours.

Every row was written down from memory of the papers, not copied from them: check against arXiv 2504.09644 (and, for
LISA and PixelLM on RRSIS-D, the papers that evaluated them there) before quoting one. What is not known to us is None.
"""

from dataclasses import dataclass

from evaluation.benchmarks.samples import Split

CAVEAT = "as published, recalled, verify"


@dataclass(frozen=True)
class PublishedRow:
    """Figures of one system on one split, in percent.

    Attributes:
        system: its name.
        giou: mean of the IoU of each image.
        ciou: summed intersections over summed unions.
        precision_at_half: share of images with an IoU above 0.5.
    """

    system: str
    giou: float | None = None
    ciou: float | None = None
    precision_at_half: float | None = None

    @property
    def note(self) -> str:
        """How far the row can be trusted."""
        known = (self.giou, self.ciou, self.precision_at_half)
        return CAVEAT if any(value is not None for value in known) else "no published figure known to us"


_ROWS: dict[tuple[str, Split], tuple[PublishedRow, ...]] = {
    ("EarthReason", Split.VAL): (
        PublishedRow("SegEarth-R1", giou=68.60, ciou=64.13),
        PublishedRow("PSALM", giou=66.61, ciou=62.03),
        PublishedRow("LISA", giou=61.04, ciou=57.39),
        PublishedRow("PixelLM", giou=57.94, ciou=57.79),
    ),
    ("EarthReason", Split.TEST): (
        PublishedRow("SegEarth-R1", giou=70.75, ciou=68.25),
        PublishedRow("PSALM", giou=68.30, ciou=64.61),
        PublishedRow("LISA", giou=60.88, ciou=59.10),
        PublishedRow("PixelLM", giou=60.01, ciou=59.22),
    ),
    ("RRSIS-D", Split.VAL): (
        PublishedRow("SegEarth-R1", giou=67.56, ciou=78.54, precision_at_half=78.62),
        PublishedRow("PSALM"),
        PublishedRow("LISA", giou=27.84, precision_at_half=27.07),
        PublishedRow("PixelLM", giou=33.89, precision_at_half=33.46),
    ),
    ("RRSIS-D", Split.TEST): (
        PublishedRow("SegEarth-R1", giou=66.40, ciou=78.01, precision_at_half=76.96),
        PublishedRow("PSALM"),
        PublishedRow("LISA", giou=26.78, precision_at_half=24.51),
        PublishedRow("PixelLM", giou=31.65, precision_at_half=28.81),
    ),
    ("RefSegRS", Split.TEST): (
        PublishedRow("SegEarth-R1", giou=72.45, ciou=79.00, precision_at_half=86.30),
        PublishedRow("PSALM"),
        PublishedRow("LISA"),
        PublishedRow("PixelLM"),
    ),
}


def find_published(benchmark: str, split: Split) -> tuple[PublishedRow, ...]:
    """Return the rows for a split; none for one that nobody publishes on."""
    return _ROWS.get((benchmark, split), ())
