"""A simulated gene on its coding strand: sequence, exons and HGVS coding positions.

Locus coordinates are 0-based half-open offsets from the transcript's first base, along the coding
strand, introns included.
"""

import re
from dataclasses import dataclass
from itertools import accumulate

from amlresist.dna import translate
from amlresist.simulate.gene_plan import GenePlan

_POSITION = re.compile(r"([-*]?)(\d+)([+-]\d+)?")


@dataclass(frozen=True)
class Locus:
    """One gene as built.

    Attributes:
        plan: what was asked for.
        sequence: bases on the coding strand.
        exons: (start, end) in locus coordinates, ascending.
        utr5: untranslated bases before the start codon, all in the first exon.
        cds_length: coding bases, stop codon included.
    """

    plan: GenePlan
    sequence: str
    exons: tuple[tuple[int, int], ...]
    utr5: int
    cds_length: int

    def offset(self, coding: str | int) -> int:
        """Locus offset of an HGVS coding position such as 860, `1837+12`, `-5` or `*20`."""
        match = _POSITION.fullmatch(str(coding))
        if match is None:
            raise ValueError(f"not a coding position: {coding}")
        number = int(match[2])
        spliced = {"": self.utr5 + number - 1, "-": self.utr5 - number}.get(
            match[1], self.utr5 + self.cds_length + number - 1
        )
        return self._unspliced(spliced) + int(match[3] or 0)

    def coding_name(self, offset: int) -> str:
        """HGVS coding position of a locus offset; intronic bases refer to the nearer exon."""
        inside = [e for e in self.exons if e[0] <= offset < e[1]]
        if inside:
            return self._coding_text(self._spliced(offset))
        before = max((e for e in self.exons if e[1] <= offset), key=lambda e: e[1])
        after = min((e for e in self.exons if e[0] > offset), key=lambda e: e[0])
        to_before, to_after = offset - before[1] + 1, after[0] - offset
        if to_before <= to_after:
            return f"{self._coding_text(self._spliced(before[1] - 1))}+{to_before}"
        return f"{self._coding_text(self._spliced(after[0]))}-{to_after}"

    @property
    def coding_parts(self) -> tuple[tuple[int, int], ...]:
        """Coding parts of the exons, stop codon included, in locus coordinates."""
        start = self._unspliced(self.utr5)
        end = self._unspliced(self.utr5 + self.cds_length - 1) + 1
        clipped = ((max(a, start), min(b, end)) for a, b in self.exons)
        return tuple((a, b) for a, b in clipped if a < b)

    @property
    def protein(self) -> str:
        """Protein of the coding sequence, `*` at its end."""
        return translate("".join(self.sequence[a:b] for a, b in self.coding_parts))

    def exon_of_residue(self, residue: int) -> tuple[int, int]:
        """Coding part that holds the middle base of the codon of 1-based `residue`."""
        offset = self.offset(3 * residue - 1)
        return next(part for part in self.coding_parts if part[0] <= offset < part[1])

    def _unspliced(self, spliced: int) -> int:
        for start, end in self.exons:
            if spliced < end - start:
                return start + spliced
            spliced -= end - start
        raise ValueError(f"position {spliced} lies beyond the transcript of {self.plan.gene}")

    def _spliced(self, offset: int) -> int:
        lengths = accumulate((b - a for a, b in self.exons), initial=0)
        for (start, end), before in zip(self.exons, lengths, strict=False):
            if start <= offset < end:
                return before + offset - start
        raise ValueError(f"offset {offset} is not exonic")

    def _coding_text(self, spliced: int) -> str:
        position = spliced - self.utr5
        if position < 0:
            return f"{position}"
        if position >= self.cds_length:
            return f"*{position - self.cds_length + 1}"
        return f"{position + 1}"
