"""The same low ITD in many samples of a run is more likely a carry-over than biology."""

from collections import defaultdict
from collections.abc import Iterable

from amlresist.flt3_itd.records import ItdClone

_LOW = 0.05
_SOURCE_FACTOR = 10.0
_MANY = 3


def shared_low_clones(clones: Iterable[ItdClone]) -> set[tuple[str, str, str]]:
    """Low clones that another patient of the run carries.

    Args:
        clones: all clones of a run.

    Returns:
        (patient, sample, clone) of clones below 5 % VAF whose allele another patient has at ten
        times the VAF, or that three or more patients have at low VAF.
    """
    by_allele: dict[tuple[str, int, str, str], list[ItdClone]] = defaultdict(list)
    for clone in clones:
        if clone.detection == "de_novo":
            by_allele[clone.chrom, clone.pos, clone.ref, clone.alt].append(clone)
    flagged = set()
    for group in by_allele.values():
        low_patients = {clone.patient for clone in group if clone.vaf < _LOW}
        for clone in group:
            others = [c.vaf for c in group if c.patient != clone.patient]
            has_source = any(vaf >= _SOURCE_FACTOR * clone.vaf for vaf in others)
            if clone.vaf < _LOW and (has_source or len(low_patients) >= _MANY):
                flagged.add((clone.patient, clone.sample, clone.clone))
    return flagged
