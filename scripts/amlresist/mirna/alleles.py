"""Other alleles of miRNAs among the contexts that reads are compared with.

A read of an allele with a known variant is then explained without a substitution, so that a second
difference (an error, an added base) does not lose it. Each allele has an abundance of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from amlresist.errors import InputError, Problem
from amlresist.mirna.explain import MAX_SHIFT_3P
from amlresist.mirna.reference import FLANK_5P, Context, Reference, Site
from amlresist.mirna.variants import KnownVariants, Variant

MOST_VARIANTS = 8  # alternative bases of one miRNA; more are rare variants, which errors resemble
AT_ONCE = 2  # variants one allele may carry

Placed = tuple[Variant, int]  # a variant and its column in a context's window


@dataclass(frozen=True, slots=True)
class Allele:
    """A window with some bases exchanged."""

    hairpin: str
    start: int
    placed: tuple[Placed, ...]
    window: str


def with_variants(reference: Reference, known: KnownVariants, path: str) -> Reference:
    """The reference with a context for every allele that known variants make.

    An allele that has the sequence of another miRNA or hairpin is left out; its site says so.

    Args:
        known: variants in the reference's hairpins.
        path: their VCF, named in problems.

    Raises:
        InputError: more variants in one miRNA than can be told from sequencing errors.
    """
    of_hairpin: dict[str, list[Variant]] = defaultdict(list)
    for variant in known.variants:
        of_hairpin[variant.hairpin].append(variant)
    others = _Windows(reference)
    contexts: list[Context] = []
    sites: list[Site] = []
    for context in reference.contexts:
        place = len(contexts)
        contexts.append(context)
        taken = {own.window for own in others.of_group[context.group]}
        for allele in _alleles(context, of_hairpin, path):
            unused = others.same_as(context, allele, taken)
            if len(allele.placed) == 1:
                variant, column = allele.placed[0]
                sites.append(Site(variant, context.group, place, column, unused))
            if not unused:
                taken.add(allele.window)
                contexts.append(_context(context, allele, place))
    return replace(reference, contexts=tuple(contexts), sites=tuple(sites))


def _context(context: Context, allele: Allele, place: int) -> Context:
    return replace(
        context,
        hairpins=(allele.hairpin,),
        starts=(allele.start,),
        window=allele.window,
        variants=tuple(variant for variant, _ in allele.placed),
        place=place,
    )


def _alleles(
    context: Context, of_hairpin: Mapping[str, Sequence[Variant]], path: str
) -> Iterator[Allele]:
    """Alleles of a context's hairpins: each variant alone, then two at once."""
    for hairpin, start in zip(context.hairpins, context.starts, strict=True):
        placed = [
            (variant, column)
            for variant in of_hairpin.get(hairpin, ())
            if _is_near(column := variant.position - start + FLANK_5P, context.length)
        ]
        if len(placed) > MOST_VARIANTS:
            raise _too_many(path, hairpin, len(placed))
        for size in range(1, AT_ONCE + 1):
            for chosen in combinations(placed, size):
                if len({column for _, column in chosen}) == size:
                    yield Allele(hairpin, start, chosen, _exchanged(context.window, chosen))


def _is_near(column: int, length: int) -> bool:
    """Whether isomiRs reach that column of a window."""
    return 0 < column < FLANK_5P + length + MAX_SHIFT_3P


def _exchanged(window: str, placed: Iterable[Placed]) -> str:
    bases = list(window)
    for variant, column in placed:
        bases[column] = variant.alternative
    return "".join(bases)


class _Windows:
    """All windows in one text, so that look-alikes of an allele are found at once."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.of_group: dict[int, list[Context]] = defaultdict(list)
        self.by_sequence = dict(zip(reference.sequences, reference.groups, strict=True))
        for context in reference.contexts:
            self.of_group[context.group].append(context)

    def same_as(self, context: Context, allele: Allele, taken: set[str]) -> str:
        """What has the allele's sequence already, in words; "" for nothing."""
        if allele.window in taken:
            return "another hairpin of this miRNA has the same sequence"
        mature = allele.window[FLANK_5P : FLANK_5P + context.length]
        own = self.reference.sequences[context.group]
        if mature != own and (twin := self._twin(mature, context.group)):
            return f"the allele has the sequence of {twin}"
        return ""

    def _twin(self, mature: str, group: int) -> str:
        """Another miRNA whose surroundings hold the mature, or whose mature the allele holds."""
        for other, contexts in self.of_group.items():
            if other == group:
                continue
            name, sequence = self.reference.groups[other], self.reference.sequences[other]
            if sequence in mature or any(mature in context.window for context in contexts):
                return name
        return ""


def _too_many(path: str, hairpin: str, count: int) -> InputError:
    return InputError(
        Problem(
            path,
            hairpin,
            str(count),
            f"more than {MOST_VARIANTS} variants in one miRNA",
            "Give common variants only, e.g. bcftools view -i 'INFO/AF>=0.01': rare ones cannot"
            " be told from sequencing errors.",
        )
    )
