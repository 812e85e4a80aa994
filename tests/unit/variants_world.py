"""Small genomes, planted variants and reads for tests and benchmarks of the variants station."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from amlresist.annotation import Transcript
from amlresist.simulate.alignment import ReadGroup, align_pairs, prepare_index
from amlresist.simulate.libraries import pair_fastqs
from amlresist.simulate.reads import Haplotype, ReadModel, captured_pairs
from amlresist.variants.alleles import Allele, normalise
from amlresist.variants.counts import FragmentCounts, count_fragments
from amlresist.variants.reference import Reference

CHROM = "chr1"
CLEAN = ReadModel(error_rate=0, slip_rate=0, long_slip_rate=0, chimera_share=0, foreign_share=0)


def random_bases(length: int, rng: np.random.Generator) -> str:
    """Bases without preference."""
    return "".join(rng.choice(list("ACGT"), length))


def with_run(genome: str, start: int, run: str) -> str:
    """The genome with `run` at 0-based `start`, and other bases right beside it."""
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    left, right = other[run[-1]], other[run[0]]
    return genome[: start - 1] + left + run + right + genome[start + len(run) + 1 :]


@dataclass(frozen=True)
class World:
    """A folder with an indexed one-contig genome."""

    folder: Path
    genome: str

    @classmethod
    def make(cls, folder: Path, genome: str) -> "World":
        """Write and index the genome."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "genome.fa").write_text(f">{CHROM}\n{genome}\n")
        prepare_index(folder, {CHROM: genome})
        return cls(folder, genome)

    @property
    def fasta(self) -> Path:
        """The genome's file."""
        return self.folder / "genome.fa"

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Reference bases."""
        return self.genome[max(0, start) : end] if chrom == CHROM else ""

    def allele(self, start: int, deleted: str, inserted: str) -> Allele:
        """Normal form of `deleted` at 0-based `start` replaced by `inserted`."""
        assert self.genome[start : start + len(deleted)] == deleted
        base = self.genome[start - 1]
        return normalise(Allele(CHROM, start - 1, base + deleted, base + inserted), self.fetch)

    def planted(self, alleles: Iterable[Allele]) -> str:
        """The genome with the alleles in it."""
        sequence = self.genome
        for allele in sorted(alleles, reverse=True):
            assert sequence[allele.pos : allele.end] == allele.ref
            sequence = sequence[: allele.pos] + allele.alt + sequence[allele.end :]
        return sequence

    def align(
        self,
        name: str,
        mixture: Sequence[tuple[str, float]],
        depth: float,
        rng: np.random.Generator,
        model: ReadModel = CLEAN,
        form: str = "bam",
    ) -> Path:
        """Reads of a mixture of whole sequences, aligned with bwa."""
        haplotypes = [Haplotype(bases, w, ((0, len(bases)),)) for bases, w in mixture]
        pairs = captured_pairs(haplotypes, depth, model, rng)
        group = ReadGroup(name, f"{name}_lib1", "FLOWCELL1.1")
        made = align_pairs(self.folder, pair_fastqs(name, pairs), group, form)
        for suffix, path in made.items():
            path.rename(self.folder / f"{name}.{suffix}")
        return self.folder / f"{name}.{form}"

    def count(self, path: Path, alleles: Sequence[Allele], **options: bool) -> FragmentCounts:
        """Fragment counts with the station's defaults."""
        return count_fragments(
            path,
            alleles,
            Reference(self.fasta).fetch,
            min_mapping_quality=20,
            min_base_quality=20,
            keep_duplicates=options.get("keep_duplicates", False),
            reference=self.fasta,
        )


@dataclass(frozen=True)
class HandRead:
    """One record of a BAM written by hand; `flag` needs no strand of the mate."""

    name: str
    start: int
    bases: str
    cigar: str = ""
    flag: int = 0
    mate_start: int = -1
    mapping_quality: int = 60
    quality: int = 37


def write_bam(path: Path, genome: str, reads: Iterable[HandRead]) -> Path:
    """Sorted, indexed BAM of the reads."""
    header = pysam.AlignmentHeader.from_references([CHROM], [len(genome)])
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in sorted(reads, key=lambda read: read.start):
            record = pysam.AlignedSegment(header)
            record.query_name, record.flag = read.name, read.flag
            record.reference_id, record.reference_start = 0, read.start
            record.mapping_quality = read.mapping_quality
            record.query_sequence = read.bases
            record.query_qualities = pysam.qualitystring_to_array(
                chr(33 + read.quality) * len(read.bases)
            )
            record.cigarstring = read.cigar or f"{len(read.bases)}M"
            if read.flag & 1:
                record.next_reference_id, record.next_reference_start = 0, read.mate_start
            out.write(record)
    pysam.index(str(path))
    return path


def transcript(
    exons: Sequence[tuple[int, int]],
    cds: Sequence[tuple[int, int]],
    strand: str = "+",
    gene: str = "TOY1",
) -> Transcript:
    """A canonical transcript on the toy contig."""
    return Transcript(gene, gene, f"{gene}-201", CHROM, strand, "", True, tuple(exons), tuple(cds))
