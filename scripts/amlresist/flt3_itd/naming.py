"""HGVS names, domain and VCF spelling of an insertion allele."""

from dataclasses import dataclass

from amlresist.dna import THREE_LETTER, reverse_complement, translate
from amlresist.flt3_itd.alleles import Allele, rightmost, structure
from amlresist.flt3_itd.locus import Locus

# First residue of each part of FLT3; Kayser et al., Blood 2009;114:2386, and Griffith et al., Mol
# Cell 2004;13:169.
_DOMAINS = (
    (572, "JM binding motif"),
    (579, "JM switch motif"),
    (593, "JM zipper motif"),
    (604, "JM hinge region"),
    (610, "TKD1 beta1 sheet"),
    (616, "TKD1 nucleotide-binding loop"),
    (624, "TKD1 beta2 sheet"),
    (631, "TKD1 3' of beta2 sheet"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """Everything an allele is called.

    Attributes:
        clone: `ITD{length}_c{first}` (or `INS...`), first = first duplicated coding base.
        hgvs_c, hgvs_p: "" where there is no name.
        in_frame, typical, domain: as in the table of clones.
        inserted: inserted bases, 3'-most on the coding strand.
        duplicated, novel: bases copied and not copied.
        pos, ref, alt: left-aligned VCF record, 1-based.
    """

    clone: str
    hgvs_c: str
    hgvs_p: str
    in_frame: bool
    typical: bool
    domain: str
    inserted: str
    duplicated: int
    novel: int
    pos: int
    ref: str
    alt: str


def name_allele(locus: Locus, allele: Allele) -> Names:
    """Name an allele of a locus."""
    spelled = rightmost(locus.sequence, allele)
    found = structure(locus.sequence, allele)
    is_dup = _is_duplication(locus.sequence, spelled)
    first = spelled.start - len(spelled.inserted) if is_dup else found.first
    reading = _protein_change(locus, spelled, found.first, found.last)
    in_frame = allele.length % 3 == 0 and "Ter" not in reading
    pos, ref, alt = vcf_record(locus, allele)
    in_target = locus.target[0] <= found.first and found.last <= locus.target[1]
    return Names(
        clone=f"{'ITD' if found.is_tandem else 'INS'}{allele.length}_c{coding_name(locus, first)}",
        hgvs_c=_coding_change(locus, spelled, is_dup),
        hgvs_p=reading,
        in_frame=in_frame,
        typical=found.is_tandem and in_frame and in_target,
        domain=domain(locus, spelled.start - 1),
        inserted=spelled.inserted,
        duplicated=found.duplicated,
        novel=found.novel,
        pos=pos,
        ref=ref,
        alt=alt,
    )


def coding_name(locus: Locus, offset: int) -> str:
    """c. position of a base of the locus, with `+n` or `-n` inside introns."""
    position = int(locus.positions[offset])
    coding = locus.transcript.coding_position(position)
    if coding is not None:
        return str(coding)
    before = [end for _, end in locus.exons if end <= offset]
    after = [start for start, _ in locus.exons if start > offset]
    distance_before = offset - before[-1] + 1 if before else len(locus.sequence)
    distance_after = after[0] - offset if after else len(locus.sequence)
    if distance_before <= distance_after:
        return f"{_coding_at(locus, before[-1] - 1)}+{distance_before}"
    return f"{_coding_at(locus, after[0])}-{distance_after}"


def _coding_at(locus: Locus, offset: int) -> str:
    coding = locus.transcript.coding_position(int(locus.positions[offset]))
    return "?" if coding is None else str(coding)


def _is_duplication(sequence: str, spelled: Allele) -> bool:
    size = len(spelled.inserted)
    return (
        spelled.start == spelled.end
        and sequence[spelled.start - size : spelled.start] == spelled.inserted
    )


def _coding_change(locus: Locus, spelled: Allele, is_dup: bool) -> str:
    start, end = spelled.start, spelled.end
    if is_dup:
        first = coding_name(locus, start - len(spelled.inserted))
        return f"c.{first}_{coding_name(locus, start - 1)}dup"
    if start < end:
        first, last = coding_name(locus, start), coding_name(locus, end - 1)
        place = first if first == last else f"{first}_{last}"
        return f"c.{place}delins{spelled.inserted}"
    return f"c.{coding_name(locus, start - 1)}_{coding_name(locus, start)}ins{spelled.inserted}"


def domain(locus: Locus, offset: int) -> str:
    """FLT3 domain of a base, or the intron it lies in."""
    coding = locus.transcript.coding_position(int(locus.positions[offset]))
    if coding is None:
        exons = locus.transcript.exons_in_transcript_order()
        position = int(locus.positions[offset])
        sign = 1 if locus.plus else -1
        passed = sum(1 for exon in exons if sign * exon[0] < sign * position)
        return f"intron {passed}"
    residue = (coding + 2) // 3
    names = [name for first, name in _DOMAINS if first <= residue]
    return names[-1] if names else "before the JM binding motif"


def _protein_change(locus: Locus, spelled: Allele, first: int, last: int) -> str:
    """p. name; "" where an intron takes part, since splicing cannot be foretold."""
    touched = {int(p) for p in locus.positions[min(first, spelled.start - 1) : last]}
    coding = [locus.transcript.coding_position(p) for p in sorted(touched)]
    before = locus.transcript.coding_position(int(locus.positions[spelled.start - 1]))
    after = locus.transcript.coding_position(int(locus.positions[spelled.end]))
    if any(c is None for c in coding) or before is None or after is None:
        return ""
    changed = locus.coding[:before] + spelled.inserted + locus.coding[after - 1 :]
    return _describe(translate(locus.coding), translate(changed))


def _describe(old: str, new: str) -> str:
    stop = new.find("*")
    new = new if stop < 0 else new[: stop + 1]
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    lost, gained = old[start : len(old) - tail], new[start : len(new) - tail]
    if not gained and not lost:
        return "p.="
    if not tail or "*" in gained:
        return _frameshift(old, new, start)
    if lost:
        ends = _residue(old, start)
        if len(lost) > 1:
            ends += f"_{_residue(old, start + len(lost) - 1)}"
        return f"p.{ends}delins{_three(gained)}"
    if old[start - len(gained) : start] == gained:
        ends = _residue(old, start - len(gained))
        if len(gained) > 1:
            ends += f"_{_residue(old, start - 1)}"
        return f"p.{ends}dup"
    return f"p.{_residue(old, start - 1)}_{_residue(old, start)}ins{_three(gained)}"


def _frameshift(old: str, new: str, start: int) -> str:
    if start >= len(new) or start >= len(old):
        return "p.?"
    if new[start] == "*":
        return f"p.{_residue(old, start)}Ter"
    stop = new.find("*", start)
    distance = "?" if stop < 0 else str(stop - start + 1)
    return f"p.{_residue(old, start)}{_three(new[start])}fsTer{distance}"


def _residue(protein: str, index: int) -> str:
    return f"{THREE_LETTER[protein[index]]}{index + 1}"


def _three(residues: str) -> str:
    return "".join(THREE_LETTER[residue] for residue in residues)


def vcf_record(locus: Locus, allele: Allele) -> tuple[int, str, str]:
    """(1-based position, REF, ALT), left-aligned on the plus strand."""
    sequence = locus.sequence
    if locus.plus:
        anchor = allele.start - 1
        ref = sequence[anchor : allele.end]
        return int(locus.positions[anchor]) + 1, ref, sequence[anchor] + allele.inserted
    spelled = rightmost(sequence, allele)
    anchor = spelled.end
    ref = reverse_complement(sequence[spelled.start : anchor + 1])
    alt = reverse_complement(spelled.inserted + sequence[anchor])
    return int(locus.positions[anchor]) + 1, ref, alt
