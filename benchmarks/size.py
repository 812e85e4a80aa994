"""What a pair costs at each station, and how that grows with depth and target size.

    python benchmarks/size.py [--pairs PAIRS] [--demo demo]

A pair is DNA at two time points. The genome is that of the simulated cohort (`--demo`, made where
it is missing) with further contigs, on which an exon of 160 bases is captured every 1,600 bases;
0.25x50 are 0.25 Mb of such exons at 50 fragments per base. Every tenth exon holds a heterozygous
variant (one per 1.6 kb of target, as in people's exomes). Each command of the workflow runs on one
thread, and two run side by side where they need nothing of each other: both alignments, then
quality control beside variants. Processor seconds include those of the tools a command calls;
memory is that of all its processes together, temporary what it had on disk at most beyond what it
found and left; both are looked at every half second.
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
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
sys.path.insert(0, str(ROOT / "scripts"))

from amlresist.libraries import LibraryInput, to_json  # noqa: E402

Bases = npt.NDArray[np.uint8]
EXON, SPACING, READ, FRAGMENT, SPREAD = 160, 1600, 100, 220, 40
EXONS_PER_CONTIG = 625  # contigs of 1 Mb
EXONS_PER_GENE = 8
ERROR, EXONS_PER_VARIANT, VAF = 1e-3, 10, 0.5
ACGT = np.frombuffer(b"ACGT", dtype=np.uint8)
COMPLEMENT = np.zeros(256, dtype=np.uint8)
COMPLEMENT[ACGT] = ACGT[::-1]
TIMEPOINTS = ("diagnosis", "relapse")
EXOME = 35.0  # Mb of an exome's targets
EXOME_DEPTH = 100
PARTS = ("at any size", "per Mb of target", "per Mb at 100x")
# Over 5 Mb, as exomes are: from there on quality control looks at the genes of interest only.
PAIRS = ("6x20", "6x40", "20x10", "6x100")


@dataclass(frozen=True)
class Cost:
    """What one command took: processor and wall seconds, memory and disk in MB.

    Attributes:
        memory: the most that it and the tools it called held at once.
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
    parser.add_argument("--pairs", nargs="+", default=PAIRS)
    parser.add_argument("--demo", type=Path, default=Path("demo"))
    arguments = parser.parse_args()
    if not (arguments.demo / "reference").is_dir():
        command = [
            sys.executable,
            "-m",
            "amlresist",
            "simulate",
            str(arguments.demo),
            "--seed",
            "1",
        ]
        subprocess.run(command, check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
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
    if len(costs) >= len(PARTS):
        print_extrapolation(costs)


def measure(demo: Path, folder: Path, megabases: float, depth: int) -> Iterator[Cost]:
    """Simulate one pair and run each station on it."""
    # In a process of its own: a command's memory counts from that of the process that starts it.
    with ProcessPoolExecutor(1) as simulator:
        given = (demo, folder, megabases, depth)
        targets, libraries = simulator.submit(simulate, *given).result()
    prepared = folder / "reference"
    names = [f"--fasta={folder}/genome.fa", f"--annotation={folder}/genes.gtf"]
    yield run(["reference", "prepare", *names, f"--out-dir={prepared}"], prepared)
    # Made once for all patients, so its cost is none of a pair's.
    subprocess.run(["bwa", "index", f"{prepared}/genome.fa"], check=True, capture_output=True)
    with ThreadPoolExecutor(2) as both:
        yield merged(list(both.map(lambda library: align(library, prepared), libraries)))
        alignments = to_json([aligned(library, folder, targets) for library in libraries])
        jobs = ("alignment-qc", "compare", "flt3-itd")
        yield from both.map(lambda job: station(job, alignments, prepared), jobs)


def simulate(
    demo: Path, folder: Path, megabases: float, depth: int
) -> tuple[str, list[LibraryInput]]:
    """Write genome, gene models, targets and reads; returns the targets' path and the libraries.

    Each library is written by a process of its own.
    """
    genome, *seeds = np.random.SeedSequence(1).spawn(1 + len(TIMEPOINTS))
    rng = np.random.default_rng(genome)
    contigs = [random_contig(rng) for _ in range(max(1, round(megabases * 10)))]
    targets = write_reference(demo / "reference", folder, contigs)
    given = [(seed, folder, contigs, depth, t) for seed, t in zip(seeds, TIMEPOINTS, strict=True)]
    with multiprocessing.Pool(len(given)) as writers:
        return targets, writers.starmap(write_reads, given)


def align(library: LibraryInput, prepared: Path) -> Cost:
    """FASTQ to marked BAM."""
    bam = bam_of(library, prepared.parent)
    options = [f"--libraries={to_json([library])}", f"--reference={prepared}/genome.fa"]
    command = ["align", *options, "--threads=1", f"--out={bam}"]
    return run(command, bam.parent, "align, two libraries")


def bam_of(library: LibraryInput, folder: Path) -> Path:
    """Where the alignment of a library lies."""
    return folder / library.sample / f"{library.sample}.bam"


def aligned(library: LibraryInput, folder: Path, targets: str) -> LibraryInput:
    """The library with its alignment in the place of its reads."""
    paths = (str(bam_of(library, folder)),)
    return LibraryInput(library.sample, library.timepoint, "dna", "exome", paths, targets)


def station(job: str, libraries: str, prepared: Path) -> Cost:
    """A station that reads both alignments."""
    genome = [f"--reference={prepared}/genome.fa", f"--gene-models={prepared}/gene_models.tsv"]
    output = prepared.parent / job
    command = [job, "--patient=P", f"--libraries={libraries}", *genome, f"--out-dir={output}"]
    return run(command, output)


def run(command: list[str], output: Path, station: str = "") -> Cost:
    """Run a command of amlresist that writes into the folder `output`; tells what it took.

    Raises:
        RuntimeError: it failed.
    """
    (output / "tmp").mkdir(parents=True, exist_ok=True)
    before, began = size_of(output), time.perf_counter()
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "amlresist", *command],
            stdout=told,
            stderr=told,
            env=ENVIRONMENT | {"TMPDIR": str(output / "tmp")},
        )
        with Watcher(process.pid, output) as watcher:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        if process.returncode:
            raise RuntimeError(f"{command[0]}: {told.read().decode()[-2000:]}")
    return Cost(
        station=station or command[0],
        seconds=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - began,
        memory=max(watcher.memory / 1e6, usage.ru_maxrss / 1024),
        disk=(size_of(output) - before) / 1e6,
        temporary=max(watcher.disk - max(before, size_of(output)), 0) / 1e6,
    )


class Watcher(threading.Thread):
    """Notes how large a folder, and how much memory a process with its children has at most."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self.pid, self.folder, self.ended = pid, folder, threading.Event()
        self.disk = self.memory = 0

    def run(self) -> None:
        """Look every half second."""
        while not self.ended.wait(0.5):
            self.disk = max(self.disk, size_of(self.folder))
            self.memory = max(self.memory, memory_of(self.pid))

    def __enter__(self) -> "Watcher":
        """Begin to look."""
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Look no more."""
        self.ended.set()
        self.join()


def memory_of(pid: int) -> int:
    """Resident bytes of a process and all it started; one that has ended counts nothing."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
    return total


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def merged(costs: list[Cost]) -> Cost:
    """Cost of one station's jobs that ran side by side; memory is that of one job."""
    return Cost(
        costs[0].station,
        sum(cost.seconds for cost in costs),
        max(cost.wall for cost in costs),
        max(cost.memory for cost in costs),
        sum(cost.disk for cost in costs),
        sum(cost.temporary for cost in costs),
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
    seed: np.random.SeedSequence, folder: Path, contigs: list[Bases], depth: int, timepoint: str
) -> LibraryInput:
    """Reads of the captured exons."""
    rng = np.random.default_rng(seed)
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
    """Both mates of fragments over the exons, shape (n, READ) each; some exons hold a variant."""
    starts = np.array(exon_starts())
    each = rng.poisson(depth * (EXON + FRAGMENT) / FRAGMENT, starts.size)
    exon = np.repeat(starts, each)
    length = np.clip(rng.normal(FRAGMENT, SPREAD, exon.size), READ, 400).astype(int)
    begin = exon + rng.integers(-FRAGMENT, EXON, exon.size)
    changed = bases.copy()
    loci = starts[::EXONS_PER_VARIANT] + EXON // 2
    changed[loci] = ACGT[(np.searchsorted(ACGT, bases[loci]) + 1) % 4]
    mutated = rng.random(exon.size) < VAF
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
    """What grows with the target and what with the reads, carried on to an exome."""
    sizes = np.array([[float(part) for part in pair.split("x")] for pair in costs])
    print(f"\n## A pair of exomes ({EXOME:.0f} Mb at {EXOME_DEPTH}x), by extrapolation\n")
    columns = [f"processor s {part}" for part in PARTS]
    print("\t".join(("station", *columns, "processor h", "disk GB", "largest misfit %")))
    for rows in zip(*costs.values(), strict=True):
        seconds = np.array([row.seconds for row in rows])
        parts = shares(sizes, seconds)
        exome = predictors(np.array([[EXOME, EXOME_DEPTH]]))[0]
        disk = exome @ shares(sizes, np.array([row.disk for row in rows])) / 1000
        misfit = 100 * np.abs(predictors(sizes) @ parts / seconds - 1).max()
        numbers = [f"{part:.1f}" for part in parts]
        numbers += [f"{exome @ parts / 3600:.2f}", f"{disk:.1f}", f"{misfit:.0f}"]
        print("\t".join((rows[0].station, *numbers)))
    print("\n# misfit: of the sum of the three parts against a pair that was measured")


def predictors(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What the three parts are multiplied with, shape (n, 3), of (Mb, depth), shape (n, 2)."""
    megabases, depth = sizes.T
    return np.column_stack([np.ones(len(sizes)), megabases, megabases * depth / 100])


def shares(
    sizes: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Parts of a cost, none negative, by least squares."""
    from scipy.optimize import nnls  # late, for the reason given in `measure`

    return nnls(predictors(sizes), values)[0]


if __name__ == "__main__":
    main()
