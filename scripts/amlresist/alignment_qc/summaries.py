"""Table rows of one library: coverage and verdict."""

from collections.abc import Mapping

import numpy as np

from amlresist.alignment_qc.identity import (
    LEAST_GONE,
    LEAST_SUPPORT,
    LEAST_WITHOUT_BEST,
    ForeignShare,
)
from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage
from amlresist.alignment_qc.scan import Scan
from amlresist.alignment_qc.settings import Settings
from amlresist.libraries import LibraryInput

NAN = float("nan")


def mean_depth(depth: np.ndarray, places: np.ndarray) -> float:
    """Mean depth at the places, NaN when there is none."""
    return float(depth[places].mean()) if len(places) else NAN


def share_at(depth: np.ndarray, places: np.ndarray, minimum: int) -> float:
    """Share of the places with at least `minimum` fragments, NaN when there is none."""
    return float((depth[places] >= minimum).mean()) if len(places) else NAN


def gene_rows(
    patient: str,
    library: LibraryInput,
    scan: Scan,
    genes: Mapping[str, np.ndarray],
    targeted: np.ndarray | None,
    settings: Settings,
) -> list[GeneCoverage]:
    """Coverage of each gene's coding bases, all of them and those inside the targets.

    Args:
        genes: gene -> array places of its coding bases.
        targeted: mask of the library's targets, None where the sheet names none.
    """

    def in_targets(places: np.ndarray) -> np.ndarray:
        return places[:0] if targeted is None else places[targeted[places]]

    return [
        GeneCoverage(
            patient=patient,
            timepoint=library.timepoint,
            sample=library.sample,
            gene=gene,
            coding_bases=len(places),
            mean_depth=mean_depth(scan.depth, places),
            share_at_minimum=share_at(scan.depth, places, settings.minimum_depth),
            target_bases=None if targeted is None else len(in_targets(places)),
            target_share_at_minimum=share_at(
                scan.depth, in_targets(places), settings.minimum_depth
            ),
        )
        for gene, places in sorted(genes.items())
    ]


def library_row(
    patient: str,
    library: LibraryInput,
    scan: Scan,
    assayed: np.ndarray,
    foreign: ForeignShare,
    sex: tuple[str, str],
    settings: Settings,
) -> AlignmentQc:
    """The library's row.

    Args:
        assayed: array places of the assayed region.
        sex: (as observed, warning), "" where there is none.
    """
    share = share_at(scan.depth, assayed, settings.minimum_depth)
    usable = scan.usable / scan.reads if scan.reads else 0.0
    verdict, reasons = _verdict(scan, share, usable, settings)
    if is_foreign(foreign, settings):
        reasons.append(f"about {_percent(foreign.share)} of the reads are of another person")
    if sex[1]:
        reasons.append(sex[1])
    if scan.mapped < settings.minimum_mapped_share * scan.reads:
        reasons.append(
            f"only {_percent(scan.mapped / scan.reads)} of the reads lie in the genome: another"
            " species, or a contaminated library?"
        )
    return AlignmentQc(
        patient=patient,
        timepoint=library.timepoint,
        sample=library.sample,
        assay=library.assay,
        reads=scan.reads,
        mapped_share=scan.mapped / scan.reads if scan.reads else NAN,
        duplicate_share=scan.duplicates / scan.mapped if scan.mapped else NAN,
        usable_share=usable,
        mean_insert_size=scan.insert_sum / scan.inserts if scan.inserts else NAN,
        read_length=_most_common(scan.lengths),
        error_rate=scan.mismatches / scan.aligned_bases if scan.aligned_bases else NAN,
        target_bases=len(assayed),
        mean_depth=mean_depth(scan.depth, assayed),
        share_at_minimum=share,
        contamination=foreign.share,
        sex_observed=sex[0],
        verdict=verdict,
        reason="; ".join(reasons),
    )


def _verdict(scan: Scan, share: float, usable: float, settings: Settings) -> tuple[str, list[str]]:
    if not scan.usable:
        return "not_evaluable", ["no usable read: every locus is not evaluable"]
    if not share >= settings.evaluable_share:  # also when nothing is assayed (NaN)
        return "not_evaluable", [
            f"{_percent(share)} of the assayed region reach {settings.minimum_depth} fragments"
        ]
    reasons = []
    if share < settings.good_share:
        reasons.append(f"only {_percent(share)} of the assayed region reach the minimum depth")
    if usable < settings.minimum_usable_share:
        reasons.append(f"only {_percent(usable)} of the reads are usable")
    return ("poor", reasons) if reasons else ("good", ["depth and usable reads suffice"])


def is_foreign(foreign: ForeignShare, settings: Settings) -> bool:
    """Whether a foreign genome is shown, by evidence, size and number of sites that show it."""
    is_broad = (
        foreign.support >= LEAST_SUPPORT
        or foreign.without_best >= LEAST_WITHOUT_BEST
        or foreign.gone >= LEAST_GONE
    )
    return (
        is_broad
        and foreign.evidence >= settings.decision_log10
        and foreign.share >= settings.contamination_share
    )


def _most_common(lengths: Mapping[int, int]) -> int:
    return max(lengths, key=lambda length: (lengths[length], length), default=0)


def _percent(share: float) -> str:
    return "nothing" if np.isnan(share) else f"{share:.1%}"
