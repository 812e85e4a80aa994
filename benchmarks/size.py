"""What a pair costs at each station, and how that grows with depth and target size.

    python benchmarks/size.py [--pairs 0.5x100 2x50 2x100 4x100] [--demo demo]

A pair is DNA at two time points. The genome is that of the simulated cohort (`--demo`, made where
it is missing) with further contigs, on which an exon of 160 bases is captured every 1,600 bases;
0.25x50 are 0.25 Mb of such exons at 50 fragments per base. A variant of VAF 0.3 is planted in every
31st exon (one per 5 kb of target). Each command of the workflow runs by itself on one thread; its
processor seconds include those of the tools it calls. Temporary is what a command had on disk at
most beyond what it found and left, looked at every half second.
"""

import argparse
import contextlib
import gzip
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from amlresist.libraries import LibraryInput, to_json  # noqa: E402

Bases = npt.NDArray[np.uint8]
EXON, SPACING, READ, FRAGMENT, SPREAD = 160, 1600, 100, 220, 40
EXONS_PER_CONTIG = 625  # contigs of 1 Mb
EXONS_PER_GENE = 8
ERROR, VARIANT_EVERY = 1e-3, 5000
ACGT = np.frombuffer(b"ACGT", dtype=np.uint8)
COMPLEMENT = np.zeros(256, dtype=np.uint8)
COMPLEMENT[ACGT] = ACGT[::-1]
TIMEPOINTS = ("diagnosis", "relapse")
EXOME = 35.0  # Mb of an exome's targets
EXOME_DEPTH = 100


@dataclass(frozen=True)
class Cost:
    """What one command took: processor and wall seconds, memory and disk in MB.

    Attributes:
        memory: the most that it or a tool it called held at once.
        disk: what it left.
        temporary: what it had beyond that at most.
    """

    station: str
    seconds: float
    wall: float
    memory: float
    disk: float
    temporary: float


def main() -> None:
    """Measure every pair and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", nargs="+", default=["0.5x100", "2x50", "2x100", "4x100"])
    parser.add_argument("--demo", type=Path, default=Path("demo"))
    arguments = parser.parse_args()
    if not (arguments.demo / "reference").is_dir():
        run(["simulate", str(arguments.demo), "--seed", "1"], arguments.demo)
    print("## Cost of a pair\n")
    columns = ("processor s", "wall s", "memory MB", "left on disk MB", "temporary MB")
    print("\t".join(("target Mb x depth", "station", *columns)), flush=True)
    costs: dict[str, list[Cost]] = {}
    for pair in arguments.pairs:
        megabases, depth = pair.split("x")
        with tempfile.TemporaryDirectory() as folder:
            of_pair = (arguments.demo, Path(folder), float(megabases), int(depth))
            costs[pair] = []
            for cost in measure(*of_pair):
                print_cost(pair, cost)
                costs[pair].append(cost)
    if len(costs) > 1:
        print_extrapolation(costs)


def measure(demo: Path, folder: Path, megabases: float, depth: int) -> Iterator[Cost]:
    """Simulate one pair and run each station on it."""
    # In a process of its own: a command's memory counts from that of the process that starts it.
    with multiprocessing.Pool(1) as simulator:
        targets, libraries = simulator.apply(simulate, (demo, folder, megabases, depth))
    prepared = folder / "reference"
    yield prepare_reference(folder, prepared)
    bams = [folder / f"{library.sample}.bam" for library in libraries]
    jobs = zip(libraries, bams, strict=True)
    yield merged([align(library, prepared, bam) for library, bam in jobs])
    alignments = [
        LibraryInput(library.sample, library.timepoint, "dna", "exome", (str(bam),), targets)
        for library, bam in zip(libraries, bams, strict=True)
    ]
    yield from stations(to_json(alignments), prepared, folder)


def simulate(
    demo: Path, folder: Path, megabases: float, depth: int
) -> tuple[str, list[LibraryInput]]:
    """Write genome, gene models, targets and reads; returns the targets' path and the libraries."""
    rng = np.random.default_rng(1)
    contigs = [random_contig(rng) for _ in range(max(1, round(megabases * 10)))]
    targets = write_reference(demo / "reference", folder, contigs)
    return targets, [write_reads(rng, folder, contigs, depth, when) for when in TIMEPOINTS]


def prepare_reference(folder: Path, prepared: Path) -> Cost:
    """Index genome and gene models; bwa's index is made apart, since it is made once."""
    names = [f"--fasta={folder}/genome.fa", f"--annotation={folder}/genes.gtf"]
    cost = run(["reference", "prepare", *names, f"--out-dir={prepared}"], prepared)
    subprocess.run(["bwa", "index", f"{prepared}/genome.fa"], check=True, capture_output=True)
    return cost


def align(library: LibraryInput, prepared: Path, bam: Path) -> Cost:
    """FASTQ to marked BAM."""
    options = [f"--libraries={to_json([library])}", f"--reference={prepared}/genome.fa"]
    return run(["align", *options, "--threads=1", f"--out={bam}"], bam, "align, two libraries")


def stations(libraries: str, prepared: Path, folder: Path) -> Iterator[Cost]:
    """The stations that read both alignments."""
    genome = [f"--reference={prepared}/genome.fa", f"--gene-models={prepared}/gene_models.tsv"]
    common = ["--patient=P", f"--libraries={libraries}", *genome]
    for job in ("alignment-qc", "compare", "flt3-itd"):
        yield run([job, *common, f"--out-dir={folder / job}"], folder / job)


def run(command: list[str], output: Path, station: str = "") -> Cost:
    """Run a command of amlresist that writes `output`; tells what it took.

    Raises:
        RuntimeError: it failed.
    """
    work = output.parent
    before, began = size_of(work), time.perf_counter()
    (work / "tmp").mkdir(exist_ok=True)
    with tempfile.TemporaryFile() as told, Watcher(work) as watcher:
        process = subprocess.Popen(
            [sys.executable, "-m", "amlresist", *command],
            stdout=told,
            stderr=told,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "TMPDIR": str(work / "tmp")},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if process.returncode:
            raise RuntimeError(f"{command[0]}: {told.read().decode()[-2000:]}")
    return Cost(
        station=station or command[0],
        seconds=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - began,
        memory=usage.ru_maxrss / 1024,
        disk=sum(path.stat().st_size for path in files_of(output)) / 1e6,
        temporary=max(watcher.most - max(before, size_of(work)), 0) / 1e6,
    )


class Watcher(threading.Thread):
    """Notes how large a folder is at most while a command runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.ended = folder, 0, threading.Event()

    def run(self) -> None:
        """Look every half second."""
        while not self.ended.wait(0.5):
            self.most = max(self.most, size_of(self.folder))

    def __enter__(self) -> "Watcher":
        """Begin to look."""
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Look no more."""
        self.ended.set()
        self.join()


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def files_of(path: Path) -> list[Path]:
    """Files of a folder, or a file with its index."""
    inside = path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.name}*")
    return [file for file in inside if file.is_file()]


def merged(costs: list[Cost]) -> Cost:
    """Cost of one station's jobs together."""
    return Cost(
        costs[0].station,
        sum(cost.seconds for cost in costs),
        sum(cost.wall for cost in costs),
        max(cost.memory for cost in costs),
        sum(cost.disk for cost in costs),
        max(cost.temporary for cost in costs),
    )


def random_contig(rng: np.random.Generator) -> Bases:
    """A contig of random bases."""
    return ACGT[rng.integers(0, 4, EXONS_PER_CONTIG * SPACING)]


def write_reference(reference: Path, folder: Path, contigs: list[Bases]) -> str:
    """Genome, gene models and targets of the cohort with our contigs; returns the targets' path."""
    genome = [(reference / "genome.fa").read_text()]
    genes = [(reference / "genome.gtf").read_text()]
    targets = [(reference / "panel.bed").read_text()]
    for number, bases in enumerate(contigs, start=1):
        name = f"contig{number}"
        genome.append(f">{name}\n{bases.tobytes().decode()}\n")
        starts = exon_starts()
        targets += [f"{name}\t{start}\t{start + EXON}\texon\n" for start in starts]
        for first in range(0, len(starts), EXONS_PER_GENE):
            genes += gene_lines(name, starts[first : first + EXONS_PER_GENE])
    (folder / "genome.fa").write_text("".join(genome))
    (folder / "genes.gtf").write_text("".join(genes))
    (folder / "targets.bed").write_text("".join(targets))
    return str(folder / "targets.bed")


def exon_starts() -> list[int]:
    """Where the exons of a contig begin, 0-based."""
    return list(range(SPACING // 2, EXONS_PER_CONTIG * SPACING - SPACING // 4, SPACING))


def gene_lines(contig: str, starts: list[int]) -> list[str]:
    """GTF of a gene with one transcript without coding sequence."""
    gene = f"G{contig}_{starts[0]}"
    facts = f'gene_id "{gene}"; gene_name "{gene}"; gene_biotype "protein_coding";'
    more = f'{facts} transcript_id "T{gene}"; transcript_biotype "protein_coding";'
    spans = [("gene", starts[0], starts[-1], facts), ("transcript", starts[0], starts[-1], more)]
    spans += [("exon", start, start, more) for start in starts]
    return [
        f"{contig}\tsimulated\t{kind}\t{first + 1}\t{last + EXON}\t.\t+\t.\t{text}\n"
        for kind, first, last, text in spans
    ]


def write_reads(
    rng: np.random.Generator, folder: Path, contigs: list[Bases], depth: int, timepoint: str
) -> LibraryInput:
    """Reads of the captured exons."""
    paths = [folder / f"{timepoint}_{mate}.fastq.gz" for mate in (1, 2)]
    with gzip.open(paths[0], "wb", 1) as first, gzip.open(paths[1], "wb", 1) as second:
        for number, bases in enumerate(contigs):
            fragments = drawn_fragments(rng, bases, depth)
            for mate, handle in ((0, first), (1, second)):
                handle.write(fastq(rng, fragments[mate], f"{timepoint}{number}_"))
    return LibraryInput(timepoint, timepoint, "dna", "exome", tuple(map(str, paths)))


def drawn_fragments(
    rng: np.random.Generator, bases: Bases, depth: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Both mates of fragments over the exons, shape (n, READ) each; variants have VAF 0.3."""
    starts = np.array(exon_starts())
    each = rng.poisson(depth * (EXON + FRAGMENT) / FRAGMENT, starts.size)
    exon = np.repeat(starts, each)
    length = np.clip(rng.normal(FRAGMENT, SPREAD, exon.size), READ, 400).astype(int)
    begin = exon + rng.integers(-FRAGMENT, EXON, exon.size)
    changed = bases.copy()
    loci = starts[:: max(1, VARIANT_EVERY // EXON)] + EXON // 2
    changed[loci] = ACGT[(np.searchsorted(ACGT, bases[loci]) + 1) % 4]
    mutated = rng.random(exon.size) < 0.3
    allele = np.where(mutated[:, None], 1, 0)
    both = np.stack([bases, changed])
    forward = begin[:, None] + np.arange(READ)
    backward = (begin + length)[:, None] - 1 - np.arange(READ)
    return both[allele, forward], COMPLEMENT[both[allele, backward]]


def fastq(rng: np.random.Generator, reads: npt.NDArray[np.uint8], prefix: str) -> bytes:
    """FASTQ text of reads, with sequencing errors."""
    wrong = rng.random(reads.shape) < ERROR
    reads = np.where(wrong, ACGT[rng.integers(0, 4, reads.shape)], reads)
    quality = b"\n+\n" + b"I" * READ + b"\n"
    name = prefix.encode()
    return b"".join(
        b"@%s%d\n%s%s" % (name, number, read.tobytes(), quality)
        for number, read in enumerate(reads)
    )


def print_cost(pair: str, row: Cost) -> None:
    """The row of a station."""
    numbers = f"{row.seconds:.1f}\t{row.wall:.0f}\t{row.memory:.0f}\t{row.disk:.1f}"
    print(f"{pair}\t{row.station}\t{numbers}\t{row.temporary:.1f}", flush=True)


def print_extrapolation(costs: dict[str, list[Cost]]) -> None:
    """A straight line over the bases read (Mb x depth), carried on to an exome."""
    read = np.array([np.prod([float(part) for part in pair.split("x")]) for pair in costs])
    exome = EXOME * EXOME_DEPTH
    print(f"\n## A pair of exomes ({EXOME:.0f} Mb at {EXOME_DEPTH}x), by extrapolation\n")
    print("station\tprocessor s per Mb at 100x\tprocessor h\tdisk GB\tgrowth")
    for rows in zip(*costs.values(), strict=True):
        slope, seconds = carried_on(read, [row.seconds for row in rows], exome)
        _, disk = carried_on(read, [row.disk for row in rows], exome)
        print(
            f"{rows[0].station}\t{slope * 100:.1f}\t{seconds / 3600:.2f}\t{disk / 1000:.1f}"
            f"\t{growth(read, [row.seconds for row in rows])}"
        )
    print("\n# growth: exponent of processor seconds between first and last pair; 1 is linear,")
    print("# less where start-up dominates")


def carried_on(
    read: npt.NDArray[np.float64], values: list[float], to: float
) -> tuple[float, float]:
    """Slope of the line through the values, at least 0, and the line's value at `to`."""
    slope, at_zero = np.polyfit(read, values, 1)
    return (slope, at_zero + slope * to) if slope > 0 else (0.0, max(values))


def growth(read: npt.NDArray[np.float64], seconds: list[float]) -> str:
    """Exponent of growth between the first and the last pair."""
    return f"{np.log(seconds[-1] / seconds[0]) / np.log(read[-1] / read[0]):.2f}"


if __name__ == "__main__":
    main()
