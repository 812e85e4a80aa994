"""Known variants inside hairpins, from a VCF on the genome or on the hairpins themselves.

Only single-base variants are used. Genotypes are not: reads tell which alleles a donor has.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlresist.errors import InputError, Problem
from amlresist.files import open_text
from amlresist.mirna.faults import faults_named, file_problem

BASES = frozenset("ACGT")
SHOWN = 5  # records named in one problem
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, slots=True, order=True)
class Variant:
    """One alternative base of a hairpin.

    Attributes:
        hairpin: its name.
        position: place in the hairpin, 0-based.
        alternative: base of the other allele, on the hairpin's strand.
        reference: the hairpin's own base.
        name: identifier in the VCF, else contig:position.
    """

    hairpin: str
    position: int
    alternative: str
    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class KnownVariants:
    """What a VCF says about hairpins.

    Attributes:
        variants: single-base variants inside hairpins, sorted.
        records: records of the VCF.
        unusable: records inside hairpins that are no single-base variant.
    """

    variants: tuple[Variant, ...]
    records: int
    unusable: int


@dataclass(frozen=True, slots=True)
class Record:
    """A VCF record as far as it is read; `position` is 1-based."""

    line: int
    contig: str
    position: int
    name: str
    reference: str
    alternatives: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Locus:
    """A hairpin on its contig, 1-based closed."""

    start: int
    end: int
    hairpin: str
    is_reverse: bool


def read_variants(path: str, hairpins: Mapping[str, str], gff3: str) -> KnownVariants:
    """Variants of a VCF that lie in hairpins.

    Args:
        path: VCF, plain or gzip. Contigs are those of the GFF3, with or without `chr`, or hairpins.
        hairpins: name -> sequence.
        gff3: miRBase GFF3 that places the hairpins on the genome; "" for a VCF on hairpins.

    Raises:
        InputError: no VCF, no contig in common, or bases that are not those of the hairpins.
    """
    places = Places(hairpins, gff3)
    found: dict[tuple[str, int, str], Variant] = {}
    foreign: list[str] = []
    records = unusable = 0
    is_placed, contig = False, ""
    for record in read_records(path):
        records += 1
        contig = contig or record.contig
        is_placed = is_placed or places.knows(record.contig)
        single = {record.reference, *record.alternatives} <= BASES
        for locus in places.at(record):
            if not single:
                unusable += 1
                continue
            variants = _on_hairpin(record, locus, hairpins[locus.hairpin])
            if variants is None:
                foreign.append(_mismatch(record, locus, hairpins[locus.hairpin]))
                continue
            for variant in variants:
                found.setdefault((variant.hairpin, variant.position, variant.alternative), variant)
    if not records:
        raise file_problem(path, "no variants", "Give a VCF of known variants, or leave it out.")
    if not is_placed:
        raise _no_contig(path, contig, gff3)
    if foreign:
        raise _foreign(path, foreign)
    return KnownVariants(tuple(sorted(found.values())), records, unusable)


class Places:
    """Where hairpins lie: on the genome by a GFF3, and each on a contig of its own name."""

    def __init__(self, hairpins: Mapping[str, str], gff3: str) -> None:
        self._hairpins = hairpins
        loci = _genome_loci(gff3, hairpins) if gff3 else {}
        self._loci = {contig: sorted(found) for contig, found in loci.items()}
        self._longest = max(map(len, hairpins.values()), default=0)

    def knows(self, contig: str) -> bool:
        """Whether any hairpin lies on the contig."""
        return contig in self._hairpins or plain_contig(contig) in self._loci

    def at(self, record: Record) -> list[Locus]:
        """Hairpins that hold the record's first base."""
        if record.contig in self._hairpins:
            length = len(self._hairpins[record.contig])
            own = Locus(1, length, record.contig, is_reverse=False)
            return [own] if 1 <= record.position <= length else []
        loci = self._loci.get(plain_contig(record.contig), [])
        low = bisect_left(loci, record.position - self._longest, key=lambda locus: locus.start)
        high = bisect_right(loci, record.position, key=lambda locus: locus.start)
        return [locus for locus in loci[low:high] if record.position <= locus.end]


def plain_contig(name: str) -> str:
    """Contig without `chr`; M for the mitochondrial one."""
    bare = name.removeprefix("chr")
    return "M" if bare == "MT" else bare


def read_records(path: str) -> Iterator[Record]:
    """Records of a VCF, without genotypes.

    Raises:
        InputError: a line is no VCF record.
    """
    with faults_named(path), open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line.strip() and not line.startswith("#"):
                yield _record(path, number, line)


def _record(path: str, number: int, line: str) -> Record:
    cells = line.rstrip("\n").split("\t", 5)
    if len(cells) < 5 or not cells[1].isdigit():
        remedy = (
            "Give a VCF: contig, position, identifier, reference and alternative, tabs between."
        )
        raise file_problem(
            path, "not a VCF record", remedy, where=f"line {number}", value=line.strip()[:60]
        )
    contig, position, name, reference, alternatives = cells[:5]
    listed = tuple(a for a in alternatives.strip().upper().split(",") if a != ".")
    shown = f"{contig}:{position}" if name in ("", ".") else name
    return Record(number, contig, int(position), shown, reference.upper(), listed)


def _genome_loci(gff3: str, hairpins: Mapping[str, str]) -> dict[str, list[Locus]]:
    """Contig -> hairpins on it, of a miRBase GFF3."""
    loci: dict[str, list[Locus]] = defaultdict(list)
    with faults_named(gff3), open_text(gff3) as handle:
        rows = [line.rstrip("\n").split("\t") for line in handle if line[:1] not in "#\n"]
    for row in rows:
        if len(row) < 9 or row[2] != "miRNA_primary_transcript":
            continue
        if not (row[3].isdigit() and row[4].isdigit()):
            remedy = "Give miRBase's GFF3 as it is."
            raise file_problem(gff3, "places are no numbers", remedy, value=" ".join(row[:5]))
        attributes = dict(part.split("=", 1) for part in row[8].split(";") if "=" in part)
        name, start, end = attributes.get("Name", ""), int(row[3]), int(row[4])
        if len(hairpins.get(name, "")) == end - start + 1:
            loci[plain_contig(row[0])].append(Locus(start, end, name, row[6] == "-"))
    return loci


def _on_hairpin(record: Record, locus: Locus, hairpin: str) -> list[Variant] | None:
    """The alleles a hairpin lacks; None where its own base is none of the record's.

    The FASTA may hold what the VCF calls the alternative allele: then the other one is new.
    """
    offset = _offset(record, locus)
    alleles = {_on_strand(base, locus) for base in (record.reference, *record.alternatives)}
    own = hairpin[offset]
    if own not in alleles:
        return None
    others = sorted(alleles - {own})
    return [Variant(locus.hairpin, offset, other, own, record.name) for other in others]


def _offset(record: Record, locus: Locus) -> int:
    return locus.end - record.position if locus.is_reverse else record.position - locus.start


def _on_strand(base: str, locus: Locus) -> str:
    return base.translate(_COMPLEMENT) if locus.is_reverse else base


def _mismatch(record: Record, locus: Locus, hairpin: str) -> str:
    alleles = ",".join(_on_strand(b, locus) for b in (record.reference, *record.alternatives))
    own = hairpin[_offset(record, locus)]
    return f"line {record.line} {record.name}: {alleles}, but {own} in {locus.hairpin}"


def _foreign(path: str, records: list[str]) -> InputError:
    more = f" and {len(records) - SHOWN} more" if len(records) > SHOWN else ""
    return file_problem(
        path,
        f"{len(records)} variants have bases that are not those of the hairpins",
        "Give a VCF of the genome build of reference.gff3 (miRBase 22: GRCh38), or on hairpins.",
        value="; ".join(records[:SHOWN]) + more,
    )


def _no_contig(path: str, contig: str, gff3: str) -> InputError:
    if gff3:
        remedy = f"Give a VCF on the genome of {gff3}, or with hairpins as contigs."
    else:
        remedy = "Set reference.gff3 to miRBase's GFF3, or give a VCF with hairpins as contigs."
    return InputError(
        Problem(path, "column CHROM", contig, "no hairpin lies on any contig of it", remedy)
    )
