"""What a change means for the gene it lies in: gene, transcript, HGVS names, consequence."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from amlresist.annotation import FetchSequence, Transcript
from amlresist.dna import THREE_LETTER, reverse_complement, translate
from amlresist.variants.alleles import Allele, BareChange, bare
from amlresist.variants.hgvs import (
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
        protein = self._protein(frame, change)
        terms = _splice_terms(model, change)
        terms.append(protein.term if protein else _region_term(frame, change))
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

    def _protein(self, frame: CodingFrame, change: BareChange) -> ProteinChange | None:
        """Protein change of a change that lies wholly in the coding sequence, else None."""
        offsets = _coding_offsets(frame, change)
        if offsets is None:
            return None
        start, end = offsets
        sequence = self._spliced(frame.transcript)[frame.coding_start :]
        inserted = change.inserted
        if frame.transcript.strand == "-":
            inserted = reverse_complement(inserted)
        changed = sequence[:start] + inserted + sequence[end:]
        length = frame.coding_end - frame.coding_start
        protein = translate(sequence[:length])
        if protein.find("*") != len(protein) - 1 or length % 3:
            return None  # no whole reading frame: part of a transcript, another genetic code
        gained = len(inserted) - (end - start)
        named = protein_change(protein, translate(changed), None if gained % 3 else gained // 3)
        if named.term != "synonymous_variant":
            return named
        residue = start // 3
        return protein_change_silent(protein, residue, max(end - 1, start) // 3)


def protein_change_silent(protein: str, first: int, last: int) -> ProteinChange:
    """Name of a change that leaves residues `first` to `last` (0-based) as they are."""
    old, end = protein[first : first + 1], protein[last : last + 1]
    three, one = f"{THREE_LETTER.get(old, 'Xaa')}{first + 1}", f"{old}{first + 1}"
    if last > first:
        three += f"_{THREE_LETTER.get(end, 'Xaa')}{last + 1}"
        one += f"_{end}{last + 1}"
    return ProteinChange(f"p.{three}=", f"{one}=", "synonymous_variant")


def _coding_offsets(frame: CodingFrame, change: BareChange) -> tuple[int, int] | None:
    """Place of the change in the coding sequence, 0-based half-open; None if not inside."""
    model = frame.transcript
    if not frame.coding_end:
        return None
    if change.deleted:
        first = spliced_offset(model, change.start)
        last = spliced_offset(model, change.end - 1)
        if first is None or last is None or abs(last - first) != len(change.deleted) - 1:
            return None
        start, end = min(first, last), max(first, last) + 1
    else:
        before, after = spliced_offset(model, change.start - 1), spliced_offset(model, change.start)
        if before is None or after is None:
            return None
        start = end = max(before, after)
    start, end = start - frame.coding_start, end - frame.coding_start
    length = frame.coding_end - frame.coding_start
    inside = start >= 0 and end <= length and (change.deleted or 0 < start < length)
    return (start, end) if inside else None


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


def _region_term(frame: CodingFrame, change: BareChange) -> str:
    """Term of a change that does not lie wholly in the coding sequence."""
    model = frame.transcript
    hit = [
        position
        for start, end in model.cds
        for position in range(max(start, change.start), min(end, change.end))
    ]
    if hit:
        places = {model.coding_position(position) for position in hit}
        if places & {1, 2, 3}:
            return "start_lost"
        last = model.cds_length
        return "stop_lost" if places & {last - 2, last - 1, last} else "coding_sequence_variant"
    offset = spliced_offset(model, change.start)
    if offset is None and change.deleted:
        offset = spliced_offset(model, change.end - 1)
    if offset is None:
        return "intron_variant"
    if not frame.coding_end:
        return "non_coding_transcript_exon_variant"
    return "5_prime_UTR_variant" if offset < frame.coding_start else "3_prime_UTR_variant"
