"""Curated residues that are always examined, whatever a caller would say."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amlresist.annotation import FetchSequence, Transcript
from amlresist.dna import CODONS, reverse_complement
from amlresist.settings import RESOURCES
from amlresist.tables import column, read_table
from amlresist.variants.alleles import Allele, BareChange, anchored, normalise, shift_left

_INSERTION = re.compile(r"c\.(\d+)_(\d+)ins([ACGT]+)")
_RESIDUE = re.compile(r"[A-Z*](\d+)")


@dataclass(frozen=True, slots=True)
class Hotspot:
    """`hotspots.tsv` of the knowledge: one row per residue, or residues, of a gene."""

    hotspot: str = column("name, e.g. FLT3 D835")
    gene: str = column("HGNC symbol")
    residue: str = column("reference amino acid(s), one letter each, from first_residue on")
    first_residue: int = column("first residue", "1-based")
    changes: tuple[str, ...] = column(
        "amino acids that SNVs lead to and that are examined (ANY: all), or coding insertions"
    )
    meaning: str = column("why it is watched")
    source: str = column("publication")


@cache
def hotspots(path: Path = RESOURCES / "knowledge" / "hotspots.tsv") -> tuple[Hotspot, ...]:
    """The curated hotspots."""
    return tuple(read_table(path, Hotspot))


def hotspot_alleles(
    models: Mapping[str, Transcript], fetch: FetchSequence, table: Iterable[Hotspot]
) -> list[Allele]:
    """Alleles to examine at each hotspot whose residue is there in the annotation.

    Args:
        models: gene symbol -> canonical transcript.
        fetch: reference sequence.
        table: hotspots.
    """
    found: set[Allele] = set()
    for spot in table:
        model = models.get(spot.gene)
        if model is not None and _residues(model, spot, fetch) == spot.residue:
            found.update(_alleles(model, spot, fetch))
    return sorted(found)


def hotspot_of(gene: str, protein_change: str, table: Iterable[Hotspot]) -> str:
    """Name of the hotspot a protein change (one letter) belongs to, "" for none."""
    named = protein_change.split("fs", maxsplit=1)[0]
    residues = [int(number) for number in _RESIDUE.findall(named)]
    if not residues or protein_change.endswith("="):
        return ""
    first, last = residues[0], residues[-1] if "_" in protein_change else residues[0]
    for spot in table:
        end = spot.first_residue + len(spot.residue) - 1
        if spot.gene == gene and first <= end and last >= spot.first_residue:
            return spot.hotspot
    return ""


def _residues(model: Transcript, spot: Hotspot, fetch: FetchSequence) -> str:
    last = spot.first_residue + len(spot.residue) - 1
    if 3 * last > model.cds_length:
        return ""
    return "".join(
        CODONS.get(_codon(model, residue, fetch), "X")
        for residue in range(spot.first_residue, last + 1)
    )


def _codon(model: Transcript, residue: int, fetch: FetchSequence) -> str:
    return "".join(_base(model, position, fetch) for position in model.codon_positions(residue))


def _base(model: Transcript, position: int, fetch: FetchSequence) -> str:
    base = fetch(model.chrom, position, position + 1).upper()
    return base if model.strand == "+" else reverse_complement(base)


def _alleles(model: Transcript, spot: Hotspot, fetch: FetchSequence) -> Iterator[Allele]:
    for change in spot.changes:
        insertion = _INSERTION.fullmatch(change)
        if insertion:
            yield _inserted(model, int(insertion[1]), insertion[3], fetch)
    for residue in range(spot.first_residue, spot.first_residue + len(spot.residue)):
        yield from _substitutions(model, residue, set(spot.changes), fetch)


def _substitutions(
    model: Transcript, residue: int, wanted: set[str], fetch: FetchSequence
) -> Iterator[Allele]:
    codon = _codon(model, residue, fetch)
    for place, position in enumerate(model.codon_positions(residue)):
        for base in "ACGT":
            changed = CODONS[codon[:place] + base + codon[place + 1 :]]
            if changed != CODONS[codon] and (changed in wanted or "ANY" in wanted):
                plus = base if model.strand == "+" else reverse_complement(base)
                yield Allele(
                    model.chrom, position, fetch(model.chrom, position, position + 1), plus
                )


def _inserted(model: Transcript, after: int, bases: str, fetch: FetchSequence) -> Allele:
    """Allele of bases inserted behind coding position `after`."""
    position = model.genome_position(after)
    plus = model.strand == "+"
    start = position + 1 if plus else position
    change = BareChange(start, "", bases if plus else reverse_complement(bases))
    left = shift_left(change, model.chrom, fetch)
    return normalise(anchored(model.chrom, left, fetch), fetch)
