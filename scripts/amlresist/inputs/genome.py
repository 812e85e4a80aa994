"""The genome as the check needs it: contigs, and bases at given places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pysam

from amlresist.reference.contigs import match_names
from amlresist.reference.fasta import Contig


@dataclass(frozen=True)
class Genome:
    """Contigs of the genome and a plain FASTA of it.

    Attributes:
        fasta: plain FASTA with a fresh index; "" where no genome is to hand yet.
        contigs: empty where no genome is to hand.
    """

    fasta: str = ""
    contigs: Sequence[Contig] = ()
    lengths: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lengths", {c.name: c.length for c in self.contigs})

    def names_for(self, names: Sequence[str]) -> dict[str, str]:
        """Contig names of a file -> the genome's spelling; unknown ones are left out."""
        return match_names(names, self.lengths)

    def open_bases(self) -> "pysam.FastaFile | None":
        """The FASTA for reading bases, None when not to hand."""
        return pysam.FastaFile(self.fasta) if self.fasta else None
