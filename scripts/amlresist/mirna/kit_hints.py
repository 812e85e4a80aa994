"""What the reads say about settings of their kit that were left at their defaults."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product

import numpy as np

from amlresist.mirna.explain import Explanations
from amlresist.mirna.model import Floats, Index
from amlresist.mirna.reads import Inserts
from amlresist.mirna.settings import Settings

MOST_RANDOM = 6  # random bases looked for at either end; kits have 3 or 4
INSPECTED = 20_000  # unique inserts looked at
LEAST_SHARE = 0.05  # reads that equal a mature once their ends are cut
TIMES_MORE = 5  # than without cutting
# Reads of a miRNA, and miRNAs, from which the usual ends of reads are told.
SHIFT_READS, SHIFT_MIRNAS = 10.0, 20
MOST_SHIFT = 8


def kit_hints(
    inserts: Inserts, matures: Collection[str], assigned: float, settings: Settings
) -> Iterator[str]:
    """Random end bases that were not cut, where hardly any read is miRNA; a UMI not used."""
    if assigned < settings.min_assigned_share * inserts.in_window:
        five, three = random_ends(inserts.counts, frozenset(matures))
        if five or three:
            yield (
                f"without their first {five} and last {three} bases the reads are miRNAs: set"
                f" mirna.trim_5p to {settings.trim_5p + five} and mirna.trim_3p to"
                f" {settings.trim_3p + three}"
            )
        elif settings.trim_5p or settings.trim_3p:
            yield "do mirna.trim_5p and mirna.trim_3p fit the kit?"
    if inserts.adapter.umi_shown and not settings.umi_length:
        yield (
            f"the kit's identifiers (UMI) are not used, so copies of a molecule count: set"
            f" mirna.umi_length to {inserts.adapter.umi_shown}"
        )


def random_ends(counts: Mapping[str, int], matures: Collection[str]) -> tuple[int, int]:
    """Bases to cut from both ends so that most reads equal a mature; (0, 0) when none helps."""
    commonest = sorted(counts, key=lambda insert: (-counts[insert], insert))[:INSPECTED]
    total = sum(counts[insert] for insert in commonest)
    equal = {
        (five, three): sum(
            counts[insert] for insert in commonest if insert[five : len(insert) - three] in matures
        )
        for five, three in product(range(MOST_RANDOM + 1), repeat=2)
    }
    best = max(equal, key=lambda ends: (equal[ends], -sum(ends)))
    helps = equal[best] >= LEAST_SHARE * total and equal[best] > TIMES_MORE * equal[0, 0]
    return best if helps else (0, 0)


def usual_shifts(
    explanations: Explanations, best: Index, counts: Floats, group_of: Index
) -> tuple[int, int]:
    """Median over miRNAs of where most reads start and end, against the mature; (0, 0) with few.

    Args:
        best: per unique read the index of its explanation, -1 for none.
        counts: how often each was read.
        group_of: miRNA of each context.
    """
    reads = np.flatnonzero(best >= 0)
    chosen = best[reads]
    group = group_of[explanations.context[chosen]]
    usual = []
    for shift in (explanations.shift_5p[chosen], explanations.shift_3p[chosen]):
        table = np.zeros((int(group_of.max(initial=0)) + 1, 2 * MOST_SHIFT + 1))
        np.add.at(table, (group, shift.astype(np.intp) + MOST_SHIFT), counts[reads])
        seen = table[table.sum(axis=1) >= SHIFT_READS]
        modes = seen.argmax(axis=1) - MOST_SHIFT
        usual.append(int(np.median(modes)) if len(seen) >= SHIFT_MIRNAS else 0)
    return usual[0], usual[1]
