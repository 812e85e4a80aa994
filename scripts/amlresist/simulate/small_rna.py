"""Small-RNA reads with isomiRs, as a TruSeq small-RNA library gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from amlresist.simulate.gene_plan import FOLDER
from amlresist.simulate.genome import Extra, Genome
from amlresist.simulate.reads import add_errors
from amlresist.tables import column, read_table

Bytes = npt.NDArray[np.uint8]
ADAPTER = "TGGAATTCTCGGGTGCCAAGG"  # Illumina TruSeq small RNA, 3'
_AFTER_ADAPTER = "AACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG"
# Shares of isomiR classes: the 3' end varies most, the 5' end (the seed) little.
_FIVE_PRIME = {0: 0.93, 1: 0.035, -1: 0.025, 2: 0.01}  # bases lost (+) or gained (-)
_THREE_PRIME = {0: 0.60, -1: 0.16, 1: 0.12, -2: 0.07, 2: 0.03, -3: 0.02}  # gained (+), lost (-)
_TAILS = {"": 0.87, "A": 0.07, "T": 0.04, "AA": 0.01, "C": 0.01}
_SNP_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class HairpinMature:
    """`resources/simulate/mirnas.tsv`: one row per mature miRNA and hairpin (miRBase v22)."""

    mirna: str = column("mature miRNA")
    accession: str = column("miRBase accession of the mature")
    sequence: str = column("mature sequence, RNA")
    hairpin: str = column("precursor")
    hairpin_accession: str = column("miRBase accession of the precursor")
    hairpin_sequence: str = column("precursor sequence, RNA")
    start: int = column("first base of the mature in the precursor", "1-based")
    chrom: str = column("chromosome of the precursor in GRCh38")
    strand: str = column("strand of the precursor in GRCh38")


@dataclass(frozen=True, slots=True)
class SmallRnaModel:
    """Make-up of a library.

    Attributes:
        read_length: bases per read, longer than any miRNA.
        error_rate: substitutions per base.
        other_share: reads of other RNAs, 15 to 45 nt.
        short_share: adapter dimers and inserts of less than 15 nt.
        long_share: inserts longer than the read, so that no adapter is seen.
    """

    read_length: int = 50
    error_rate: float = 1e-3
    other_share: float = 0.08
    short_share: float = 0.05
    long_share: float = 0.01


@dataclass(frozen=True, slots=True)
class SmallRnaReads:
    """Reads and their truth.

    Attributes:
        bases, quals: uint8 ASCII matrices of shape (reads, read length).
        made: miRNA -> reads made from it.
        canonical: miRNA -> of them equal to the reference mature, before errors.
    """

    bases: Bytes
    quals: Bytes
    made: Mapping[str, int]
    canonical: Mapping[str, int]


@cache
def read_hairpin_matures() -> tuple[HairpinMature, ...]:
    """The simulated matures with each of their hairpins."""
    return tuple(read_table(FOLDER / "mirnas.tsv", HairpinMature))


def matures_fasta(rows: Sequence[HairpinMature]) -> str:
    """miRBase-style FASTA of the matures."""
    records = {
        row.mirna: f">{row.mirna} {row.accession} Homo sapiens {row.mirna[4:]}\n{row.sequence}\n"
        for row in rows
    }
    return "".join(records.values())


def hairpins_fasta(rows: Sequence[HairpinMature]) -> str:
    """miRBase-style FASTA of the precursors."""
    records = {
        row.hairpin: f">{row.hairpin} {row.hairpin_accession} Homo sapiens {row.hairpin[4:]}"
        f" stem-loop\n{row.hairpin_sequence}\n"
        for row in rows
    }
    return "".join(records.values())


def hairpin_extras() -> list[Extra]:
    """The precursors as stretches of the genome."""
    rows = {row.hairpin: row for row in read_hairpin_matures()}
    return [
        Extra(name, row.chrom, row.strand, row.hairpin_sequence.replace("U", "T"))
        for name, row in sorted(rows.items())
    ]


def hairpins_gff3(rows: Sequence[HairpinMature], genome: Genome) -> str:
    """miRBase-style GFF3 of precursors and matures on the simulated genome."""
    lines = ["##gff-version 3"]
    seen = set()
    for row in sorted(rows, key=lambda row: (row.hairpin, row.start)):
        chrom, start, end = genome.extras[row.hairpin]
        first, size = row.start - 1, len(row.sequence)
        low = start + first if row.strand == "+" else end - first - size
        if row.hairpin not in seen:
            seen.add(row.hairpin)
            own = f"ID={row.hairpin_accession};Name={row.hairpin}"
            lines.append(_gff3(chrom, "miRNA_primary_transcript", start, end, row.strand, own))
        names = f"ID={row.accession};Name={row.mirna};Derives_from={row.hairpin_accession}"
        lines.append(_gff3(chrom, "miRNA", low, low + size, row.strand, names))
    return "\n".join(lines) + "\n"


def _gff3(chrom: str, kind: str, start: int, end: int, strand: str, names: str) -> str:
    return f"{chrom}\t.\t{kind}\t{start + 1}\t{end}\t.\t{strand}\t.\t{names}"


def small_rna_reads(
    rows: Sequence[HairpinMature],
    abundances: Mapping[str, float],
    count: int,
    model: SmallRnaModel,
    rng: np.random.Generator,
) -> SmallRnaReads:
    """`count` reads of miRNAs in proportion to `abundances`, with other RNA and faulty inserts."""
    shares = np.array([model.other_share, model.short_share, model.long_share])
    n_mirna, n_other, n_short, n_long = rng.multinomial(count, [1 - shares.sum(), *shares])
    names = sorted(abundances)
    weights = np.array([abundances[name] for name in names])
    counts = rng.multinomial(n_mirna, weights / weights.sum())
    inserts: list[str] = []
    canonical = {}
    for name, n_reads in zip(names, counts, strict=True):
        hairpins = [row for row in rows if row.mirna == name]
        made = _isomirs(hairpins, int(n_reads), rng)
        inserts += made
        mature = hairpins[0].sequence.replace("U", "T")
        canonical[name] = sum(insert == mature for insert in made)
    for low, high, number in ((15, 45, n_other), (0, 15, n_short), (51, 60, n_long)):
        inserts += [_random_insert(int(n), rng) for n in rng.integers(low, high, number)]
    bases, quals = _read(inserts, model, rng)
    return SmallRnaReads(bases, quals, dict(zip(names, map(int, counts), strict=True)), canonical)


def _isomirs(hairpins: Sequence[HairpinMature], count: int, rng: np.random.Generator) -> list[str]:
    """Inserts of one mature, drawn over its hairpins and isomiR classes."""
    classes = [
        (row, five, three, tail, five_share * three_share * tail_share / len(hairpins))
        for row in hairpins
        for five, five_share in _FIVE_PRIME.items()
        for three, three_share in _THREE_PRIME.items()
        for tail, tail_share in _TAILS.items()
    ]
    shares = np.array([share for *_, share in classes])
    drawn = rng.multinomial(count, shares / shares.sum())
    inserts: list[str] = []
    for (row, five, three, tail, _), number in zip(classes, drawn, strict=True):
        if number:
            inserts += [_isomir(row, five, three) + tail] * int(number)
    n_snps = int(rng.binomial(count, _SNP_SHARE))
    for index in rng.integers(0, max(count, 1), n_snps).tolist():
        inserts[index] = _with_snp(inserts[index], rng)
    return inserts


def _isomir(row: HairpinMature, five: int, three: int) -> str:
    start = max(row.start - 1 + five, 0)
    end = row.start - 1 + len(row.sequence) + three
    return row.hairpin_sequence[start:end].replace("U", "T")


def _with_snp(insert: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(0, len(insert)))
    base = "ACGT"[("ACGT".index(insert[place]) + int(rng.integers(1, 4))) % 4]
    return insert[:place] + base + insert[place + 1 :]


def _random_insert(length: int, rng: np.random.Generator) -> str:
    return rng.choice(np.frombuffer(b"ACGT", np.uint8), length).tobytes().decode()


def _read(
    inserts: Sequence[str], model: SmallRnaModel, rng: np.random.Generator
) -> tuple[Bytes, Bytes]:
    length = model.read_length
    rest = ADAPTER + _AFTER_ADAPTER
    text = "".join((insert + rest)[:length].ljust(length, "A") for insert in inserts)
    bases = np.frombuffer(text.encode(), np.uint8).reshape(len(inserts), length)
    bases = bases[rng.permutation(len(inserts))]
    quals = np.full(bases.shape, 33 + 37, np.uint8)
    add_errors(bases, quals, model.error_rate, rng)
    return bases, quals
