"""What a change means for the gene it lies in: gene, transcript, HGVS names, consequence."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from amlresist.annotation import FetchSequence, Transcript
from amlresist.dna import THREE_LETTER, reverse_complement, translate
from amlresist.variants.alleles import Allele, BareChange, bare
from amlresist.variants.hgvs import (
    START_LOST,
    CodingFrame,
    ProteinChange,
    coding_change,
    most_three_prime,
    protein_change,
    spliced_offset,
)

# From the Sequence Ontology's terms, worst first, as far as they are told apart here.
SEVERITY = (
    "splice_acceptor_variant",
    "splice_donor_variant",
    "stop_gained",
    "frameshift_variant",
    "stop_lost",
    "start_lost",
    "inframe_insertion",
    "inframe_deletion",
    "missense_variant",
    "protein_altering_variant",
    "splice_region_variant",
    "synonymous_variant",
    "coding_sequence_variant",
    "5_prime_UTR_variant",
    "3_prime_UTR_variant",
    "non_coding_transcript_exon_variant",
    "intron_variant",
    "upstream_gene_variant",
    "downstream_gene_variant",
    "intergenic_variant",
)
PROTEIN_ALTERING = frozenset(SEVERITY[:10])
_BIN = 100_000
_SPLICE_SITE, _SPLICE_INTRON, _SPLICE_EXON = 2, 8, 3  # bases from the exon's edge


@dataclass(frozen=True, slots=True)
class Annotation:
    """Names of a change; empty strings outside genes."""

    gene: str = ""
    transcript: str = ""
    hgvs_c: str = ""
    hgvs_p: str = ""
    protein_change: str = ""
    consequence: str = "intergenic_variant"

    @property
    def alters_protein(self) -> bool:
        """Whether the protein or a splice site is changed."""
        return bool(PROTEIN_ALTERING & set(self.consequence.split("&")))


class Annotator:
    """Annotates alleles on the canonical transcript of each gene."""

    def __init__(self, models: Iterable[Transcript], fetch: FetchSequence) -> None:
        self._fetch = fetch
        self._bins: dict[tuple[str, int], list[Transcript]] = defaultdict(list)
        self._sequences: dict[str, str] = {}
        for model in models:
            if model.canonical:
                for place in range(model.start // _BIN, model.end // _BIN + 1):
                    self._bins[model.chrom, place].append(model)

    def annotate(self, allele: Allele) -> Annotation:
        """Annotation on the gene with the worst consequence; ties by gene symbol."""
        change = bare(allele)
        found = [
            self.on_transcript(allele, model)
            for model in self._bins.get((allele.chrom, change.start // _BIN), ())
            if model.start <= max(change.end - 1, change.start) and change.start < model.end
        ]
        if not found:
            return Annotation()
        return min(found, key=lambda a: (SEVERITY.index(a.consequence.split("&")[0]), a.gene))

    def on_transcript(self, allele: Allele, model: Transcript) -> Annotation:
        """Annotation on one transcript."""
        frame = CodingFrame.of(model)
        change = most_three_prime(allele, model.strand, self._fetch)
        offsets = _spliced_offsets(model, change)
        protein, term = None, _region_term(model, change)
        if offsets is not None:
            protein, term = self._exonic_effect(frame, change.inserted, offsets)
        terms = [*_splice_terms(model, change), term]
        if "splice_acceptor_variant" in terms or "splice_donor_variant" in terms:
            terms = [
                term for term in terms if term not in {"intron_variant", "splice_region_variant"}
            ]
        return Annotation(
            gene=model.gene,
            transcript=model.transcript,
            hgvs_c=coding_change(frame, allele.chrom, change, self._fetch),
            hgvs_p=protein.three if protein else "",
            protein_change=protein.one if protein else "",
            consequence="&".join(sorted(set(terms), key=SEVERITY.index)),
        )

    def _spliced(self, model: Transcript) -> str:
        if model.transcript not in self._sequences:
            self._sequences[model.transcript] = model.spliced_sequence(self._fetch)
        return self._sequences[model.transcript]

    def _exonic_effect(
        self, frame: CodingFrame, inserted: str, offsets: tuple[int, int]
    ) -> tuple[ProteinChange | None, str]:
        """Protein change, if there is one, and term of a change that lies wholly in exons."""
        start, end = offsets
        if not frame.coding_end:
            return None, "non_coding_transcript_exon_variant"
        if end <= frame.coding_start:
            return None, "5_prime_UTR_variant"
        if start >= frame.coding_end:
            return None, "3_prime_UTR_variant"
        spliced = self._spliced(frame.transcript)
        if not _has_reading_frame(spliced[frame.coding_start : frame.coding_end]):
            return None, "coding_sequence_variant"
        if frame.transcript.strand == "-":
            inserted = reverse_complement(inserted)
        return _coding_effect(frame, spliced, inserted, offsets)


def _has_reading_frame(coding: str) -> bool:
    """Whether there is a whole one; not so for part of a transcript or another genetic code."""
    protein = translate(coding)
    return len(coding) % 3 == 0 and protein.find("*") == len(protein) - 1


def _coding_effect(
    frame: CodingFrame, spliced: str, inserted: str, offsets: tuple[int, int]
) -> tuple[ProteinChange | None, str]:
    """Protein change and term of a change that touches the coding sequence."""
    start, end = offsets
    coding_start, coding_end = frame.coding_start, frame.coding_end
    changed = spliced[:start] + inserted + spliced[end:]
    protein = translate(spliced[coding_start:coding_end])
    gained = len(inserted) - (end - start)
    added = gained // 3 if gained % 3 == 0 and end <= coding_end else None
    named = protein_change(protein, translate(changed[coding_start:]), added)
    if named.term == "start_lost" or start < coding_start:
        if changed.endswith(spliced[coding_start:]):  # the start codon is made anew
            return None, "5_prime_UTR_variant"
        named = START_LOST
    elif named.term == "synonymous_variant":
        first = (start - coding_start) // 3
        last = (min(end, coding_end) - 1 - coding_start) // 3
        named = protein_change_silent(protein, first, max(first, last))
    elif end > coding_end and named.term != "stop_lost":
        return None, "stop_lost"
    return named, named.term


def protein_change_silent(protein: str, first: int, last: int) -> ProteinChange:
    """Name of a change that leaves residues `first` to `last` (0-based) as they are."""
    old, end = protein[first : first + 1], protein[last : last + 1]
    three, one = f"{THREE_LETTER.get(old, 'Xaa')}{first + 1}", f"{old}{first + 1}"
    if last > first:
        three += f"_{THREE_LETTER.get(end, 'Xaa')}{last + 1}"
        one += f"_{end}{last + 1}"
    return ProteinChange(f"p.{three}=", f"{one}=", "synonymous_variant")


def _spliced_offsets(model: Transcript, change: BareChange) -> tuple[int, int] | None:
    """Place of the change in the spliced transcript, 0-based half-open; None if not in exons.

    Bases inserted at the edge of an exon belong to it, since the splice site beside them is whole.
    """
    if change.deleted:
        first = spliced_offset(model, change.start)
        last = spliced_offset(model, change.end - 1)
        if first is None or last is None or abs(last - first) != len(change.deleted) - 1:
            return None
        return min(first, last), max(first, last) + 1
    beside = (change.start - 1, change.start)
    before, after = beside if model.strand == "+" else beside[::-1]
    offset = spliced_offset(model, before)
    if offset is not None:
        return offset + 1, offset + 1
    offset = spliced_offset(model, after)
    return None if offset is None else (offset, offset)


def _splice_terms(model: Transcript, change: BareChange) -> list[str]:
    """Splice terms of a change near the inner exon edges."""
    terms = set()
    low, high = change.start, max(change.end, change.start)
    insertion = not change.deleted
    for index, (start, end) in enumerate(model.exons):
        edges = []
        if index > 0:
            edges.append((start, -1, "splice_acceptor_variant", "splice_donor_variant"))
        if index + 1 < len(model.exons):
            edges.append((end, 1, "splice_donor_variant", "splice_acceptor_variant"))
        for edge, direction, plus_term, minus_term in edges:
            site = sorted((edge, edge + direction * _SPLICE_SITE))
            near = sorted((edge - direction * _SPLICE_EXON, edge + direction * _SPLICE_INTRON))
            if _touches(low, high, site[0], site[1], insertion):
                terms.add(plus_term if model.strand == "+" else minus_term)
            elif _touches(low, high, near[0], near[1], insertion):
                terms.add("splice_region_variant")
    return sorted(terms)


def _touches(low: int, high: int, start: int, end: int, insertion: bool) -> bool:
    if insertion:  # lies between low - 1 and low
        return start < low < end
    return low < end and high > start


def _region_term(model: Transcript, change: BareChange) -> str:
    """Term of a change that does not lie wholly in exons."""
    places = {
        model.coding_position(position)
        for start, end in model.cds
        for position in range(max(start, change.start), min(end, change.end))
    }
    if places:
        return _edge_term(places, model.cds_length)
    if change.start >= model.end or change.end <= model.start:
        behind = (change.start >= model.end) == (model.strand == "+")
        return "downstream_gene_variant" if behind else "upstream_gene_variant"
    if all(change.end <= start or change.start >= end for start, end in model.exons):
        return "intron_variant"
    if not model.cds:
        return "non_coding_transcript_exon_variant"
    before = (change.start < model.cds[0][0]) == (model.strand == "+")
    return "5_prime_UTR_variant" if before else "3_prime_UTR_variant"


def _edge_term(places: set[int | None], length: int) -> str:
    """Term of a change that takes away coding bases (1-based) and some beside them."""
    if places & {1, 2, 3}:
        return "start_lost"
    return "stop_lost" if places & {length - 2, length - 1, length} else "coding_sequence_variant"
