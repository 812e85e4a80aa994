"""HGVS names of changes on a transcript: positions, coding changes, protein changes."""

from dataclasses import dataclass

from amlresist.annotation import FetchSequence, Transcript
from amlresist.dna import THREE_LETTER, reverse_complement
from amlresist.variants.alleles import Allele, BareChange, bare, shift_left, shift_right


@dataclass(frozen=True, slots=True)
class CodingFrame:
    """Places of a transcript, counted along its spliced sequence (0-based, 5' to 3').

    Attributes:
        coding_start: first base of the start codon; 0 for non-coding transcripts.
        coding_end: one past the stop codon; 0 for non-coding transcripts.
    """

    transcript: Transcript
    coding_start: int
    coding_end: int

    @classmethod
    def of(cls, transcript: Transcript) -> "CodingFrame":
        """Frame of a transcript."""
        if not transcript.cds:
            return cls(transcript, 0, 0)
        plus = transcript.strand == "+"
        first = transcript.cds[0][0] if plus else transcript.cds[-1][1] - 1
        start = spliced_offset(transcript, first)
        assert start is not None, "coding sequence lies in exons"
        return cls(transcript, start, start + transcript.cds_length)


def spliced_offset(transcript: Transcript, position: int) -> int | None:
    """Offset of a genome base in the spliced transcript; None outside its exons."""
    offset = 0
    for start, end in transcript.exons_in_transcript_order():
        if start <= position < end:
            return offset + (position - start if transcript.strand == "+" else end - 1 - position)
        offset += end - start
    return None


def most_three_prime(allele: Allele, strand: str, fetch: FetchSequence) -> BareChange:
    """The change at its 3'-most place on the transcript's strand, as HGVS asks."""
    shift = shift_right if strand == "+" else shift_left
    return shift(bare(allele), allele.chrom, fetch)


def coding_change(frame: CodingFrame, chrom: str, change: BareChange, fetch: FetchSequence) -> str:
    """HGVS name such as `c.2503G>T`, `c.860_863dup`, `n.12del`."""
    plus = frame.transcript.strand == "+"
    deleted = change.deleted if plus else reverse_complement(change.deleted)
    inserted = change.inserted if plus else reverse_complement(change.inserted)
    prefix = "c." if frame.coding_end else "n."
    if not deleted:
        return prefix + _insertion(frame, chrom, change, inserted, fetch)
    first, last = change.start, change.end - 1
    if not plus:
        first, last = last, first
    span = _span(frame, first, last)
    if not inserted:
        return f"{prefix}{span}del"
    if len(deleted) == len(inserted) == 1:
        return f"{prefix}{span}{deleted}>{inserted}"
    if inserted == reverse_complement(deleted) and len(deleted) > 1:
        return f"{prefix}{span}inv"
    return f"{prefix}{span}delins{inserted}"


def _insertion(
    frame: CodingFrame, chrom: str, change: BareChange, inserted: str, fetch: FetchSequence
) -> str:
    size = len(inserted)
    if frame.transcript.strand == "+":
        first, last = change.start - size, change.start - 1
        beside = (change.start - 1, change.start)
    else:
        first, last = change.start + size - 1, change.start
        beside = (change.start, change.start - 1)
    low, high = min(first, last), max(first, last)
    if low >= 0 and fetch(chrom, low, high + 1).upper() == change.inserted:
        return _span(frame, first, last) + "dup"
    return f"{_span(frame, *beside)}ins{inserted}"


def _span(frame: CodingFrame, first: int, last: int) -> str:
    start = position_name(frame, first)
    return start if first == last else f"{start}_{position_name(frame, last)}"


def position_name(frame: CodingFrame, position: int) -> str:
    """HGVS name of a genome base: `35`, `-12`, `*7`, `1837+2`, `1838-15`."""
    transcript = frame.transcript
    offset = spliced_offset(transcript, position)
    if offset is not None:
        return _exonic_name(frame, offset)
    sign = 1 if transcript.strand == "+" else -1
    exons = transcript.exons_in_transcript_order()
    edges = [(a, b - 1) if sign > 0 else (b - 1, a) for a, b in exons]
    upstream = [last for _, last in edges if (position - last) * sign > 0]
    downstream = [first for first, _ in edges if (first - position) * sign > 0]
    if not upstream:  # before the transcript: counted on as if it went on
        return _exonic_name(frame, -abs(downstream[0] - position))
    if not downstream:
        end = sum(b - a for a, b in exons)
        return _exonic_name(frame, end - 1 + abs(position - upstream[-1]))
    after, before = abs(position - upstream[-1]), abs(downstream[0] - position)
    near, text = (upstream[-1], f"+{after}") if after <= before else (downstream[0], f"-{before}")
    place = spliced_offset(transcript, near)
    assert place is not None, "exon edges lie in exons"
    return _exonic_name(frame, place) + text


def _exonic_name(frame: CodingFrame, offset: int) -> str:
    if not frame.coding_end:
        return str(offset + 1)
    if offset < frame.coding_start:
        return str(offset - frame.coding_start)
    if offset >= frame.coding_end:
        return f"*{offset - frame.coding_end + 1}"
    return str(offset - frame.coding_start + 1)


@dataclass(frozen=True, slots=True)
class ProteinChange:
    """A protein change.

    Attributes:
        three: HGVS with three-letter codes, e.g. `p.Trp288CysfsTer12`.
        one: one-letter form, e.g. `W288Cfs*12`.
        term: Sequence Ontology term.
    """

    three: str
    one: str
    term: str


START_LOST = ProteinChange("p.Met1?", "M1?", "start_lost")


def protein_change(reference: str, changed: str, added: int | None) -> ProteinChange:
    """Name the difference of two translations.

    Args:
        reference: protein with its stop `*`.
        changed: translation of the changed sequence, read through to the end of the transcript.
        added: residues more than before (negative: fewer); None for a frameshift.
    """
    stop = changed.find("*")
    product = changed if stop < 0 else changed[: stop + 1]
    if product == reference:
        return ProteinChange("p.=", "=", "synonymous_variant")
    first = _common(reference, product)
    in_step = "" if added is None else changed[: len(reference) + added]
    if first == 0:
        return START_LOST
    stop_in_step = 0 <= in_step.find("*") == len(in_step) - 1  # where the frame puts it
    if product[first : first + 1] == "*" and not stop_in_step:
        return _named(f"{{{reference[first]}}}{first + 1}{{*}}", "stop_gained")
    if first == len(reference) - 1 and not stop_in_step:
        return _extension(reference, product, stop)
    if added is None:
        return _frameshift(reference, product, first, stop)
    return _in_frame(reference, product, in_step, first)


def _extension(reference: str, product: str, stop: int) -> ProteinChange:
    place = len(reference)
    length = str(stop + 1 - place) if stop >= 0 else "?"
    new = product[place - 1 : place] or "X"  # the transcript may end with its stop codon
    return _named(f"{{*}}{place}{{{new}}}ext{{*}}{length}", "stop_lost")


def _frameshift(reference: str, product: str, first: int, stop: int) -> ProteinChange:
    length = str(stop - first + 1) if stop >= 0 else "?"
    old, new = reference[first], product[first] if first < len(product) else "X"
    return _named(f"{{{old}}}{first + 1}{{{new}}}fs{{*}}{length}", "frameshift_variant")


def _in_frame(reference: str, product: str, in_step: str, first: int) -> ProteinChange:
    """Name of a change that keeps the frame.

    Args:
        reference: protein with its stop.
        product: changed protein up to its first stop.
        in_step: as many changed residues as the frame makes; an early stop lies inside.
        first: first changed residue, 0-based.
    """
    if "*" not in in_step:
        letters = "".join(f"{{{x}}}" for x in product[first:])
        return _named(f"{_residues(first, reference[first:])}delins{letters}", "stop_lost")
    last = min(
        _common(reference[first:][::-1], in_step[first:][::-1]),
        min(len(reference), len(in_step)) - first,
    )
    old = reference[first : len(reference) - last]
    new = in_step[first : len(in_step) - last]
    early = new.find("*")
    if early >= 0:
        new = new[: early + 1]
    letters = "".join(f"{{{x}}}" for x in new)
    if len(old) == len(new) == 1:
        return _named(f"{{{old}}}{first + 1}{{{new}}}", "missense_variant")
    if not new:
        return _named(f"{_residues(first, old)}del", "inframe_deletion")
    if not old:
        return _inserted(reference, first, new, letters)
    term = "missense_variant" if len(old) == len(new) else "protein_altering_variant"
    return _named(f"{_residues(first, old)}delins{letters}", "stop_gained" if early >= 0 else term)


def _inserted(reference: str, first: int, new: str, letters: str) -> ProteinChange:
    if reference[max(0, first - len(new)) : first] == new:
        return _named(f"{_residues(first - len(new), new)}dup", "inframe_insertion")
    around = _residues(first - 1, reference[first - 1 : first + 1])
    term = "stop_gained" if "*" in new else "inframe_insertion"
    return _named(f"{around}ins{letters}", term)


def _residues(first: int, residues: str) -> str:
    start = f"{{{residues[0]}}}{first + 1}"
    return start if len(residues) == 1 else f"{start}_{{{residues[-1]}}}{first + len(residues)}"


def _named(pattern: str, term: str) -> ProteinChange:
    """Both spellings of a pattern in which residues stand in braces."""
    three = one = pattern
    for letter, name in THREE_LETTER.items():
        three = three.replace(f"{{{letter}}}", name)
        one = one.replace(f"{{{letter}}}", letter)
    return ProteinChange(f"p.{three}", one, term)


def _common(left: str, right: str) -> int:
    """Length of the common start."""
    for i, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return i
    return min(len(left), len(right))
