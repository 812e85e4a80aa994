"""A tiny sound cohort that each test spoils in one way."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pysam

from amlresist.inputs.check import check_everything

CONTIGS = {"chr1": 6000, "chr2": 4000, "chrM": 500}
READ_LENGTH = 80
PAIRS = 600


def random_genome(seed: int = 7) -> dict[str, str]:
    rng = np.random.default_rng(seed)
    return {name: "".join(rng.choice(list("ACGT"), n)) for name, n in CONTIGS.items()}


GENOME = random_genome()


@dataclass
class Read:
    """One read of a simulated pair; what a test changes before it is written."""

    name: str
    flag: int
    contig: str
    start: int
    mate_start: int
    bases: str
    mapq: int = 60
    cigar: str = ""
    qualities: str | None = None
    tags: list[tuple[str, str]] = field(default_factory=list)


def sound_reads(seed: int = 1, pairs: int = PAIRS) -> list[Read]:
    """Proper pairs spread over the nuclear contigs, sorted by position."""
    rng = np.random.default_rng(seed)
    reads = []
    for number in range(pairs):
        contig = str(rng.choice(["chr1", "chr2"]))
        start = int(rng.integers(0, CONTIGS[contig] - 260))
        mate = start + int(rng.integers(60, 170))
        for flag, own, other in ((99, start, mate), (147, mate, start)):
            bases = GENOME[contig][own : own + READ_LENGTH]
            reads.append(Read(f"s{seed}:r{number}", flag, contig, own, other, bases))
    return sorted(reads, key=lambda read: (read.contig, read.start))


def write_bam(path, reads, *, header=None, sample="P1_diagnosis_dna", index=True, contigs=None):
    """Write reads as BAM (or CRAM, by suffix) in the order given."""
    contigs = contigs or CONTIGS
    header = header or {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in contigs.items()],
        "RG": [{"ID": "a", "SM": sample}],
    }
    names = [line["SN"] for line in header["SQ"]]
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in reads:
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag = read.name, read.flag
            record.reference_id, record.reference_start = names.index(read.contig), read.start
            record.mapping_quality = read.mapq
            record.cigarstring = read.cigar or f"{len(read.bases)}M"
            record.next_reference_id, record.next_reference_start = (
                record.reference_id,
                read.mate_start,
            )
            record.query_sequence = read.bases
            text = "F" * (len(read.bases) - 1) + "E" if read.qualities is None else read.qualities
            record.query_qualities = pysam.qualitystring_to_array(text) if text else None
            record.set_tag("RG", "a")
            out.write(record)
    if index:
        pysam.index(str(path))
    return path


def write_fasta(path: Path, genome=None) -> Path:
    genome = genome or GENOME
    lines = [
        f">{name}\n" + "\n".join(bases[i : i + 60] for i in range(0, len(bases), 60)) + "\n"
        for name, bases in genome.items()
    ]
    path.write_text("".join(lines))
    return path


GTF = (
    'chr1\tt\ttranscript\t101\t700\t.\t+\t.\tgene_id "G1"; transcript_id "T1"; gene_name "TP53";\n'
    'chr1\tt\texon\t101\t700\t.\t+\t.\tgene_id "G1"; transcript_id "T1"; gene_name "TP53";\n'
    'chr1\tt\tCDS\t101\t700\t.\t+\t0\tgene_id "G1"; transcript_id "T1"; gene_name "TP53";\n'
)


@dataclass
class Cohort:
    """A folder with sheet, config, genome and two BAMs; `check` reads it all."""

    folder: Path
    config: dict
    rows: list[dict]

    @property
    def diagnosis(self) -> Path:
        return Path(self.rows[0]["bam"])

    @property
    def relapse(self) -> Path:
        return Path(self.rows[1]["bam"])

    def write_sheet(self) -> None:
        names = sorted({name for row in self.rows for name in row})
        lines = ["\t".join(names)]
        lines += ["\t".join(row.get(name, "") for name in names) for row in self.rows]
        Path(self.config["samples"]).write_text("\n".join(lines) + "\n")

    def check(self) -> "Verdict":
        self.write_sheet()
        return self.check_as_is()

    def check_as_is(self) -> "Verdict":
        findings, _ = check_everything(self.config, self.folder, 1)
        return Verdict([(finding.severity.value, finding.problem) for finding in findings])


@dataclass
class Verdict:
    findings: list

    def __str__(self) -> str:
        return "\n".join(f"{severity} {problem}" for severity, problem in self.findings)

    def of(self, severity: str) -> list[str]:
        return [str(problem) for found, problem in self.findings if found == severity]

    def stops(self, *words: str) -> None:
        """Assert a STOP that says all the words and gives a remedy."""
        self._says("STOP", words)

    def warns(self, *words: str) -> None:
        """Assert that nothing stops and a WARN says all the words."""
        assert not self.of("STOP"), str(self)
        self._says("WARN", words)

    def notes(self, *words: str) -> None:
        """Assert that nothing stops and a NOTE says all the words."""
        assert not self.of("STOP"), str(self)
        self._says("NOTE", words)

    def is_sound(self) -> None:
        assert not self.of("STOP") and not self.of("WARN"), str(self)

    def _says(self, severity: str, words: tuple[str, ...]) -> None:
        hits = [text for text in self.of(severity) if all(word in text for word in words)]
        assert hits, f"no {severity} says {words}:\n{self}"
        assert all(p.remedy and p.file for s, p in self.findings if s == severity)
