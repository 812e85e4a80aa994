"""Sex of a library from heterozygosity on X, and what it says about the sheet.

Reads on Y decide nothing: many panels have none, and leukemias of men often lose Y.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from amlresist.alignment_qc.genotypes import Sites

X_CONTIGS = frozenset({"X", "chrX"})
# X pairs with Y outside these 0-based places, so that men are heterozygous there too: the widest
# bounds of the pseudoautosomal regions in GRCh37 and GRCh38.
X_ALONE = (2_781_479, 154_931_043)
LEAST_X_SITES = 5
LEAST_X_HETEROZYGOUS = 3
MALE_HETEROZYGOUS_SHARE = 0.05
FEMALE_HETEROZYGOUS_SHARE = 0.2


def observed_sex(sites: Sites, places: Iterable[tuple[str, int]]) -> str:
    """`female` or `male` from heterozygosity on X; "" with too few sites there.

    Args:
        places: (contig, 0-based position) of each site.
    """
    on_x = np.array(
        [c in X_CONTIGS and X_ALONE[0] <= p < X_ALONE[1] for c, p in places], dtype=bool
    )
    total = int(on_x.sum())
    heterozygous = int((sites.genotype[on_x] == 1).sum()) if total else 0
    share = heterozygous / max(total, 1)
    if heterozygous >= LEAST_X_HETEROZYGOUS and share >= FEMALE_HETEROZYGOUS_SHARE:
        return "female"
    return "male" if total >= LEAST_X_SITES and share <= MALE_HETEROZYGOUS_SHARE else ""


def judged_sex(
    observed: str, stated: str, others: Sequence[str], *, transplanted: bool
) -> tuple[str, str]:
    """(sex to report, warning); "" where nothing can be said.

    A woman's leukemia that has lost an X has no heterozygous site there, like a man's.

    Args:
        others: observed sexes of the patient's other libraries.
        transplanted: the library was taken after a transplant.
    """
    if observed == "male" and "female" in others and stated != "male":
        return "", (
            "no heterozygous site on X, unlike in another library of the patient: a lost X"
            " chromosome, if the libraries are of one person"
        )
    if not (observed and stated) or observed == stated:
        return observed, ""
    cause = "another person's sample"
    if transplanted:
        cause = f"the donor's cells, or {cause}"
    if observed == "male":
        cause += ", or a lost X chromosome"
    return observed, f"sex looks {observed}, stated is {stated}: {cause}?"
