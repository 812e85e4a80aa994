"""isomiR table as mirGFF3.

Sign convention (mirGFF3 from version 1.1 on): positions count along the miRNA, so `iso_5p:+1`
starts one base downstream of the reference (a base less), `iso_5p:-1` one base upstream (a base
more); `iso_3p:+1` ends one base downstream (a base more). Version 1.0 signed `iso_5p` inversely.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from amlresist.files import open_text
from amlresist.mirna.explain import Explanations
from amlresist.mirna.library import ReadEvidence
from amlresist.mirna.reference import FLANK_5P, Reference

VERSION = "1.2"
MIRBASE = "doi:10.25504/fairsharing.hmgte8"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Isomir:
    """One unique read with its likeliest origin.

    Attributes:
        read: sequence; name: miRNA group; hairpin: a hairpin it is cut from.
        start, end: hairpin-encoded part on the hairpin, 1-based closed.
        shift_5p, shift_3p: ends of that part against the mature, positive downstream.
        tail: added bases; substitution: 1-based position in the read, 0 for none.
        reference_base: hairpin's base at the substitution, "" for none.
        reads: how often it was read.
    """

    read: str
    name: str
    hairpin: str
    start: int
    end: int
    shift_5p: int
    shift_3p: int
    tail: int
    substitution: int
    reference_base: str
    reads: int

    @property
    def variant(self) -> str:
        """Variant attribute, NA for the reference itself."""
        parts = [f"iso_5p:{self.shift_5p:+d}"] if self.shift_5p else []
        parts += [f"iso_3p:{self.shift_3p:+d}"] if self.shift_3p else []
        parts += [f"iso_add3p:{self.tail}"] if self.tail else []
        if self.substitution:
            parts.append(_snv_class(self.substitution + self.shift_5p))
        return ",".join(parts) or "NA"

    @property
    def cigar(self) -> str:
        """M exact match, a letter the hairpin's base at a substitution, I an added base."""
        body = len(self.read) - self.tail
        letters = ["M"] * body + ["I"] * self.tail
        if self.substitution:
            letters[self.substitution - 1] = self.reference_base
        runs = ((letter, len(list(run))) for letter, run in groupby(letters))
        return "".join(
            letter * n if n == 1 or letter not in "MI" else f"{n}{letter}" for letter, n in runs
        )


def isomirs(evidence: ReadEvidence, reference: Reference, min_reads: float) -> list[Isomir]:
    """Every read that is likelier a miRNA than not, sorted by miRNA, position and sequence."""
    found = [
        _isomir(index, evidence, evidence.explanations, int(best), reference)
        for index, best in enumerate(evidence.quantities.best)
        if best >= 0 and evidence.quantities.posterior[index] >= 0.5
    ]
    kept = (isomir for isomir in found if isomir.reads >= min_reads)
    return sorted(kept, key=lambda i: (i.name, i.hairpin, i.start, i.end, i.read))


def gff3_text(rows: Iterable[Isomir], sample: str, source: str) -> str:
    """The rows as mirGFF3 text."""
    header = [
        f"## mirGFF3. VERSION {VERSION}",
        f"## source-ontology: {source} {MIRBASE if 'mirbase' in source.lower() else 'Custom.'}",
        "## TOOLS: amlresist",
        "## iso_5p: positive = starts downstream of the reference (bases missing), negative ="
        " upstream (bases more)",
        f"## COLDATA: {_escaped(sample)}",
    ]
    return "\n".join([*header, *(_line(row, source) for row in rows)]) + "\n"


def read_gff3(path: str) -> Iterator[Isomir]:
    """Read what `gff3_text` wrote (mirGFF3 1.1 or later with Read and Cigar attributes)."""
    with open_text(path) as handle:
        for line in handle:
            if line.strip() and not line.startswith("#"):
                yield _parsed(line.rstrip("\n").split("\t"))


def unique_id(sequence: str) -> str:
    """Identifier that names the sequence itself: length and the bases as a base-36 number."""
    number = int("".join(str("ACGT".index(base)) for base in sequence), 4)
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return f"iso-{len(sequence)}-{digits}"


def _isomir(
    index: int, evidence: ReadEvidence, x: Explanations, best: int, reference: Reference
) -> Isomir:
    context = reference.contexts[x.context[best]]
    read = evidence.sequences[index]
    shift, tail, at = int(x.shift_5p[best]), int(x.tail[best]), int(x.substitution[best])
    start = context.start + shift
    return Isomir(
        read=read,
        name=reference.groups[context.group],
        hairpin=context.hairpins[0] or "unplaced",
        start=start + 1,
        end=start + len(read) - tail,
        shift_5p=shift,
        shift_3p=int(x.shift_3p[best]),
        tail=tail,
        substitution=at + 1,
        reference_base=context.window[FLANK_5P + shift + at] if at >= 0 else "",
        reads=evidence.inserts.counts[read],
    )


def _line(row: Isomir, source: str) -> str:
    kind = "ref_miRNA" if row.variant == "NA" else "isomiR"
    attributes = {
        "Read": row.read,
        "UID": unique_id(row.read),
        "Name": _escaped(row.name),
        "Parent": _escaped(row.hairpin),
        "Variant": row.variant,
        "Cigar": row.cigar,
        "Expression": row.reads,
        "Filter": "PASS",
    }
    text = ";".join(f"{name} {value}" for name, value in attributes.items())
    cells = [_escaped(row.hairpin), source, kind, row.start, row.end, ".", "+", ".", text]
    return "\t".join(map(str, cells))


def _parsed(cells: list[str]) -> Isomir:
    attributes = dict(part.strip().split(" ", 1) for part in cells[8].split(";") if part.strip())
    variants = dict(
        [*part.split(":"), ""][:2] for part in attributes["Variant"].split(",") if part != "NA"
    )
    position, base = _substitution(attributes["Cigar"])
    return Isomir(
        read=attributes["Read"],
        name=_plain(attributes["Name"]),
        hairpin=_plain(attributes["Parent"]),
        start=int(cells[3]),
        end=int(cells[4]),
        shift_5p=int(variants.get("iso_5p", 0)),
        shift_3p=int(variants.get("iso_3p", 0)),
        tail=int(variants.get("iso_add3p", 0)),
        substitution=position,
        reference_base=base,
        reads=int(attributes["Expression"]),
    )


def _substitution(cigar: str) -> tuple[int, str]:
    """1-based position and hairpin base of the substitution in a Cigar, (0, "") for none."""
    position, digits = 0, ""
    for letter in cigar:
        if letter.isdigit():
            digits += letter
            continue
        position += int(digits or 1)
        if letter in "ACGTN":
            return position, letter
        digits = ""
    return 0, ""


def _snv_class(position: int) -> str:
    """Class of a substitution by its 1-based position in the mature."""
    classes = (
        (2, 7, "_seed"),
        (8, 8, "_central_offset"),
        (9, 12, "_central"),
        (13, 17, "_central_supp"),
    )
    return next((f"iso_snv{name}" for a, b, name in classes if a <= position <= b), "iso_snv")


def _escaped(text: str) -> str:
    for letter, code in (("%", "%25"), (";", "%3B"), ("=", "%3D"), ("&", "%26"), (",", "%2C")):
        text = text.replace(letter, code)
    return text


def _plain(text: str) -> str:
    for letter, code in ((";", "%3B"), ("=", "%3D"), ("&", "%26"), (",", "%2C"), ("%", "%25")):
        text = text.replace(code, letter)
    return text
