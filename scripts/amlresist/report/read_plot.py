"""Marks of the picture of reads, as SVG paths: few elements for many reads."""

from collections import defaultdict
from dataclasses import dataclass

from amlresist.report.reads import FragmentShape, ReadPicture, ReadShape

CELL = 9  # units per base
ROW = 9  # units per fragment
BAR = 7  # height of a read
TOP = 34  # room for the reference above the first fragment
LEFT = 12  # room for the bar that tells fragments with the variant
LOW_MAPPING_QUALITY = 40
LOW_BASE_QUALITY = 20
TIP = 3  # length of the arrow at a read's end
BASES = ("A", "C", "G", "T", "N")
# Kinds of marks from the lowest to the topmost.
LAYERS = (
    "with",
    "without",
    "forward",
    "reverse",
    "doubtful",
    "clip",
    "deletion",
    "tip",
    *(f"base-{base}-low" for base in BASES),
    *(f"base-{base}" for base in BASES),
    "insertion",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A base at its place."""

    x: float
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class ReadPlot:
    """What the template draws.

    Attributes:
        picture: what is shown.
        paths: kind of mark (a class of the style sheet) -> path.
        letters: reference bases, misfits and lengths of insertions, by class.
        band: left edge and width of the variant's place.
        with_shown: fragments with the variant that are shown.
    """

    picture: ReadPicture
    width: int
    height: int
    paths: dict[str, str]
    letters: dict[str, list[Letter]]
    band: tuple[int, int]
    with_shown: int


def read_plot(picture: ReadPicture) -> ReadPlot:
    """Lay out one picture."""
    ordered = sorted(picture.fragments, key=_place)
    paths: dict[str, list[str]] = defaultdict(list)
    letters: dict[str, list[Letter]] = defaultdict(list)
    letters["reference"] = [
        Letter(LEFT + CELL * (i + 0.5), TOP - 6, base) for i, base in enumerate(picture.reference)
    ]
    for row, fragment in enumerate(ordered):
        y = TOP + ROW * row
        kind = "with" if fragment.carries else "without"
        paths[kind].append(f"M2 {y}h4v{ROW}h-4z")
        for read in fragment.reads:
            _add_read(read, picture, y, paths, letters)
    allele = picture.allele
    first = allele.pos - picture.start
    band = (LEFT + CELL * first, CELL * min(len(allele.ref), len(picture.reference) - first))
    return ReadPlot(
        picture,
        LEFT + CELL * len(picture.reference) + 2,
        TOP + ROW * max(len(ordered), 1) + 2,
        {kind: "".join(paths[kind]) for kind in LAYERS if kind in paths},
        dict(letters),
        band,
        sum(fragment.carries for fragment in ordered),
    )


def _place(fragment: FragmentShape) -> tuple[object, ...]:
    """Fragments with the variant first, each group by its place."""
    starts = [read.blocks for read in fragment.reads]
    return not fragment.carries, starts, [read.misfits for read in fragment.reads]


def _add_read(
    read: ReadShape,
    picture: ReadPicture,
    y: int,
    paths: dict[str, list[str]],
    letters: dict[str, list[Letter]],
) -> None:
    def x(position: int) -> int:
        return LEFT + CELL * (position - picture.start)

    strand = "reverse" if read.reverse else "forward"
    kind = "doubtful" if read.mapping_quality < LOW_MAPPING_QUALITY else strand
    for start, end in read.blocks:
        paths[kind].append(_bar(x(start), x(end), y))
    for start, end in read.clips:
        paths["clip"].append(_bar(x(start), x(end), y))
    for start, end in read.deletions:
        paths["deletion"].append(f"M{x(start)} {y + 4}H{x(end)}")
    paths["tip"] += [_tip(x(place), y, step) for place, step in _tips(read, picture)]
    for position, length in read.insertions:
        paths["insertion"].append(f"M{x(position) - 1} {y}h2v{BAR}h-2z")
        letters["inserted"].append(Letter(x(position) + 2, y + 6, f"+{length}"))
    for position, base, quality in read.misfits:
        low = quality < LOW_BASE_QUALITY
        paths[f"base-{base if base in 'ACGT' else 'N'}{'-low' if low else ''}"].append(
            _bar(x(position), x(position + 1), y)
        )
        letters["misfit-low" if low else "misfit"].append(
            Letter(x(position) + CELL / 2, y + 6, base)
        )


def _bar(left: int, right: int, y: int) -> str:
    return f"M{left} {y}H{right}v{BAR}H{left}z"


def _tips(read: ReadShape, picture: ReadPicture) -> list[tuple[int, int]]:
    """(position, direction) of the end the read points to, where that end lies in the window."""
    if not read.blocks:
        return []
    place, step = (read.blocks[0][0], -1) if read.reverse else (read.blocks[-1][1], 1)
    return [(place, step)] if picture.start < place < picture.end else []


def _tip(x: int, y: int, step: int) -> str:
    return f"M{x} {y}l{step * TIP} {BAR / 2} {-step * TIP} {BAR / 2}z"
