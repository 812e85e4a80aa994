"""Which alleles are worth counting: seen in the reads, curated, or given."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pysam
from scipy.special import bdtrc

from amlresist.errors import InputError, Problem
from amlresist.files import open_text, whole_file
from amlresist.variants.alleles import Allele
from amlresist.variants.pileup import Pileup


def select(
    pileups: Sequence[Pileup], *, min_reads: int, error: float, max_p: float
) -> list[Allele]:
    """Alleles that more reads carry than errors make likely, in a library or in all together.

    Sensitive on purpose: at depth n an allele passes with a reads when P(X >= a | n, error) is at
    most `max_p`; the model sorts out the rest.

    Args:
        pileups: one per library.
        min_reads: fewest reads.
        error: chance that a read shows one given wrong allele.
        max_p: largest tail probability.
    """
    alleles = sorted(set().union(*(p.alleles for p in pileups)) if pileups else ())
    alleles = [a for a in alleles if sum(p.alleles[a] for p in pileups) >= min_reads]
    if not alleles:
        return []
    reads = np.array([[p.alleles[a] for p in pileups] for a in alleles], dtype=np.int64)
    depth = np.array([[p.depth_at(a) for p in pileups] for a in alleles], dtype=np.int64)
    reads = np.column_stack((reads, reads.sum(axis=1)))
    depth = np.column_stack((depth, depth.sum(axis=1)))
    tail = bdtrc(np.maximum(reads - 1, 0), np.maximum(depth, reads), error)
    passes = np.asarray(((reads >= min_reads) & (tail <= max_p)).any(axis=1))
    return [allele for allele, passed in zip(alleles, passes, strict=True) if passed]


def write_candidates(
    path: Path, sources: Mapping[Allele, Iterable[str]], contigs: Mapping[str, int]
) -> None:
    """Write candidates as bgzipped, indexed VCF.

    Args:
        path: ends in `.vcf.gz`.
        sources: allele -> why it is a candidate (`reads`, `hotspot`, `given`).
        contigs: contig -> length, in the order of the reference.
    """
    lines = ["##fileformat=VCFv4.3"]
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    lines.append('##INFO=<ID=SOURCE,Number=.,Type=String,Description="Why the allele is examined">')
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    rank = {name: i for i, name in enumerate(contigs)}
    for allele in sorted(sources, key=lambda a: (rank[a.chrom], a.pos, a.ref, a.alt)):
        why = ",".join(sorted(sources[allele]))
        fields = (allele.chrom, allele.pos + 1, ".", allele.ref, allele.alt, ".", ".")
        lines.append("\t".join(map(str, fields)) + f"\tSOURCE={why}")
    write_indexed_vcf(path, "\n".join(lines) + "\n")


def write_indexed_vcf(path: Path, text: str) -> None:
    """Write VCF text bgzipped with a tabix index beside it."""
    with whole_file(path) as partial:
        with pysam.BGZFile(str(partial), "w") as handle:
            handle.write(text.encode())
        pysam.tabix_index(str(partial), preset="vcf", force=True)
        Path(f"{partial}.tbi").replace(f"{path}.tbi")


def read_candidates(path: Path | str) -> dict[Allele, tuple[str, ...]]:
    """Allele -> sources of a candidate VCF, in the file's order.

    Raises:
        InputError: a line is no VCF record.
    """
    found: dict[Allele, tuple[str, ...]] = {}
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 8 or not (fields[1].isascii() and fields[1].isdigit()):
                remedy = "Make the candidates again."
                raise InputError(
                    Problem(str(path), f"line {number}", line.strip(), "no VCF record", remedy)
                )
            source = fields[7].partition("SOURCE=")[2].split(";")[0]
            for alt in fields[4].split(","):
                allele = Allele(fields[0], int(fields[1]) - 1, fields[3], alt)
                found[allele] = tuple(source.split(",")) if source else ("given",)
    return found
