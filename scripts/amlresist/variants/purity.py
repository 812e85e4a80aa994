"""Share of leukemic cells, and what it makes of a VAF."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.special import betaincinv

from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.inputs.text import repeated_name
from amlresist.inputs.vcf_grammar import is_whole
from amlresist.sheet import PatientFacts, timepoint_rank
from amlresist.variants.clones import Clusters

NORMAL_COPIES = 2
SEGMENT_COLUMNS = ("timepoint", "chrom", "start", "end", "total_copies", "mutated_copies")


@dataclass(frozen=True, slots=True)
class Purity:
    """Share of leukemic cells per time point.

    Attributes:
        shares: one per time point, NaN when unknown.
        source: where they come from, in words.
        intervals: 95 % interval of each share; empty where the shares are given and taken as exact.
    """

    shares: tuple[float, ...]
    source: str
    intervals: tuple[tuple[float, float], ...] = ()

    def interval(self, column: int) -> tuple[float, float]:
        """95 % interval of the share at one time point."""
        return self.intervals[column] if self.intervals else (self.shares[column],) * 2


@dataclass(frozen=True, slots=True)
class Segment:
    """Copy number of a stretch of the genome at one time point (0-based half-open)."""

    timepoint: str
    chrom: str
    start: int
    end: int
    total_copies: float
    mutated_copies: float


def from_facts(facts: Mapping[str, PatientFacts], timepoints: Sequence[str]) -> Purity:
    """Given blast fractions; NaN where none is given."""
    shares = tuple(
        float(facts[t].blast_fraction or math.nan) if t in facts else math.nan for t in timepoints
    )
    known = any(not math.isnan(share) for share in shares)
    return Purity(shares, "given blast fraction" if known else "unknown")


def from_founder(clusters: Clusters, truncal: int | None) -> Purity:
    """Twice the VAF of the truncal cluster (heterozygous, two copies), None for no such cluster.

    The interval is that of the cluster's VAF: quantiles of Beta(a + 1/2, n - a + 1/2) with its
    effective fragments (Jeffreys).
    """
    if truncal is None:
        return Purity((math.nan,) * clusters.vaf.shape[1], "unknown")
    shares = tuple(min(1.0, 2 * float(vaf)) for vaf in clusters.vaf[truncal])
    intervals = tuple(
        (_twice_quantile(hits, total, 0.025), _twice_quantile(hits, total, 0.975))
        for hits, total in clusters.fragments[truncal]
    )
    return Purity(shares, f"founder cluster of {clusters.size(truncal)} variants", intervals)


def _twice_quantile(hits: float, total: float, level: float) -> float:
    return min(1.0, 2 * float(betaincinv(hits + 0.5, total - hits + 0.5, level)))


def combined(given: Purity, learned: Purity) -> Purity:
    """Given shares; where one is missing, all from the founder cluster, so that they compare."""
    if any(math.isnan(share) for share in given.shares) and learned.source != "unknown":
        return learned
    return given


def expected_vaf(purity: float, total_copies: float = 2.0, mutated_copies: float = 1.0) -> float:
    """VAF of a variant in all leukemic cells: p m / (p C + 2 (1 - p))."""
    return purity * mutated_copies / (purity * total_copies + NORMAL_COPIES * (1 - purity))


def snp_vafs(purity: float, total_copies: float, mutated_copies: float) -> tuple[float, float]:
    """VAF of a heterozygous SNP beside the mutation and on the other chromosome.

    (p m + 1 - p) / (p C + 2 (1 - p)), and the same with C - m copies: normal cells have one of two.
    """
    copies = max(purity * total_copies + NORMAL_COPIES * (1 - purity), 1e-9)
    beside, across = (
        purity * m + 1 - purity for m in (mutated_copies, max(0.0, total_copies - mutated_copies))
    )
    return beside / copies, across / copies


def cancer_cell_fraction(
    vaf: float, purity: float, total_copies: float = 2.0, mutated_copies: float = 1.0
) -> float:
    """Share of leukemic cells with the variant; NaN if purity is unknown; at most 1."""
    if math.isnan(purity) or math.isnan(vaf):
        return math.nan
    return min(1.0, vaf / expected_vaf(purity, total_copies, mutated_copies))


def cancer_cell_fraction_interval(
    vaf: tuple[float, float, float],
    purity: tuple[float, float, float],
    total_copies: float = 2.0,
    mutated_copies: float = 1.0,
) -> tuple[float, float]:
    """95 % interval of the CCF from those of the VAF and of the purity; NaN if one is unknown.

    The interval of a ratio of two independent estimates (Donner and Zou, Statistical Methods in
    Medical Research 2012): with a purity that is exact, the VAF's own ends over the expected VAF.

    Args:
        vaf, purity: estimate, lower and upper end.
        total_copies, mutated_copies: in the leukemic cells.
    """
    if math.isnan(purity[0]) or math.isnan(vaf[0]):
        return math.nan, math.nan
    v, v_low, v_high = vaf
    e, e_low, e_high = (expected_vaf(share, total_copies, mutated_copies) for share in purity)
    below = e_high * (2 * e - e_high)
    above = e_low * (2 * e - e_low)
    low_root = math.sqrt(max(0.0, (v * e) ** 2 - v_low * (2 * v - v_low) * below))
    high_root = math.sqrt(max(0.0, (v * e) ** 2 - v_high * (2 * v - v_high) * above))
    low = (v * e - low_root) / below if below > 0 else v_low / e_high
    return min(1.0, max(0.0, low)), min(1.0, (v * e + high_root) / above)


def absence_limit(limit: float, share: float, purity: float) -> float:
    """VAF below which a variant counts as absent: `limit`, or a share of the truncal VAF."""
    return limit if math.isnan(purity) else min(limit, share * expected_vaf(purity))


def read_segments(path: str) -> list[Segment]:
    """Copy-number segments of a table with the columns SEGMENT_COLUMNS, 1-based closed.

    `mutated_copies` may be empty or NA (taken as 1).

    Raises:
        InputError: a column is missing or a value is no number.
    """
    with open_text(path) as handle:
        header = handle.readline().rstrip("\n").split("\t")
        missing = set(SEGMENT_COLUMNS[:5]) - set(header)
        if repeated := repeated_name(header):
            raise InputError(
                Problem(path, "header", repeated, "column is named twice", "Rename one.")
            )
        if missing:
            remedy = f"Needed: {', '.join(SEGMENT_COLUMNS)}."
            raise InputError(
                Problem(path, "header", ", ".join(sorted(missing)), "columns are missing", remedy)
            )
        rows = [
            (number, dict(zip(header, line.rstrip("\n").split("\t"), strict=False)))
            for number, line in enumerate(handle, start=2)
            if line.strip() and not line.startswith("#")
        ]
    segments = []
    for number, row in rows:
        try:
            segments.append(_segment(row))
        except (KeyError, ValueError) as error:
            remedy = "Correct the line."
            raise InputError(
                Problem(path, f"line {number}", str(row), "not a segment", remedy)
            ) from error
    _refuse_overlaps(path, segments)
    return segments


def _refuse_overlaps(path: str, segments: Sequence[Segment]) -> None:
    """Refuse a place with two copy numbers at one time point."""
    placed = sorted(segments, key=lambda s: (s.timepoint, s.chrom, s.start, s.end))
    for one, other in pairwise(placed):
        is_same = (one.timepoint, one.chrom) == (other.timepoint, other.chrom)
        if is_same and other.start < one.end:
            where = f"{other.timepoint}, {other.chrom}:{other.start + 1}-{other.end}"
            message = f"overlaps the segment that ends at {one.end}"
            remedy = "Give each place one copy number per time point."
            raise InputError(Problem(path, where, "", message, remedy))


def _segment(row: Mapping[str, str]) -> Segment:
    """Segment of a row.

    Raises:
        KeyError, ValueError: a cell is missing or cannot be.
    """
    timepoint_rank(row["timepoint"])
    mutated = row.get("mutated_copies", "")
    segment = Segment(
        row["timepoint"],
        row["chrom"],
        _whole(row["start"]) - 1,
        _whole(row["end"]),
        float(row["total_copies"]),
        1.0 if mutated in {"", "NA"} else float(mutated),
    )
    is_placed = 0 <= segment.start < segment.end
    is_known = 0 <= segment.total_copies < math.inf
    if not (is_placed and is_known and 0 <= segment.mutated_copies <= max(segment.total_copies, 1)):
        raise ValueError("start, end or copies cannot be")
    return segment


def _whole(text: str) -> int:
    if not is_whole(text):
        raise ValueError("no whole number")
    return int(text)
