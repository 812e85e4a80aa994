"""How right and how fast fragments are counted, on reads of a generator that is not the project's.

Reads come from `wgsim` (of samtools) and are aligned with bwa; only the bases of homopolymers are
lost and gained by this script, since wgsim has no such errors.

    python benchmarks/variant_reads.py [--seeds 3] [--only truth|beside|homopolymers|callers|speed]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]

from amlresist.__main__ import main as amlresist  # noqa: E402
from amlresist.annotation import GeneModel, Transcript, to_row  # noqa: E402
from amlresist.tables import read_table, write_table  # noqa: E402
from amlresist.variants.alleles import Allele, bare, normalise  # noqa: E402
from amlresist.variants.counts import FragmentCounts, count_fragments  # noqa: E402
from amlresist.variants.record_offsets import ROOM, record_offsets  # noqa: E402
from amlresist.variants.records import VariantChange, VariantClass  # noqa: E402
from amlresist.variants.reference import Reference  # noqa: E402

CHROM, SPACING = "chr1", 400
COPIES = 15  # contigs of the large BAM of the speed part: 2,000 loci, one every 200 bases
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
RUNS = ("A" * 5, "A" * 8, "T" * 10, "A" * 12, "G" * 6, "AC" * 6, "CAG" * 5)
SIZES = (1, 2, 3, 4, 6, 9, 12, 15, 20, 25, 30)
DISTANCES = (1, 2, 3, 4, 6, 8, 10, 12, 15, 20)
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Library:
    """How reads are made: pairs of `length` bases from fragments of `fragment` +- 50."""

    length: int
    fragment: int
    error: float = 0.001


@dataclass(frozen=True)
class Planted:
    """A genome, what is planted into it, and of which kind each is."""

    genome: str
    alleles: list[Allele]
    kinds: list[str]

    def changed(self) -> str:
        """The genome with everything in it."""
        sequence = self.genome
        for allele in sorted(self.alleles, reverse=True):
            sequence = sequence[: allele.pos] + allele.alt + sequence[allele.end :]
        return sequence


def bases(length: int, rng: np.random.Generator) -> str:
    """Random bases."""
    return "".join(rng.choice(list("ACGT"), length))


def planted(copies: int, rng: np.random.Generator) -> Planted:
    """One variant every 400 bases, `copies` of each kind and size."""
    wanted = [(kind, n, "") for n in SIZES for kind in ("insertion", "deletion", "duplication")]
    for run in RUNS:
        unit = len(run) if len(set(run)) == 1 else len(set(run))
        sizes = (1, 2) if len(set(run)) == 1 else (unit,)
        wanted += [(kind, n, run) for n in sizes for kind in ("insertion", "deletion")]
    wanted += [("MNV", n, "") for n in (2, 3, 4, 6)] + [("SNV", 1, "")] * 4
    wanted = [wanted[i] for i in rng.permutation(np.repeat(np.arange(len(wanted)), copies))]
    genome = bases(SPACING * (len(wanted) + 2), rng)
    for i, (_, _, run) in enumerate(wanted):
        place = SPACING * (i + 1)
        if run:
            framed = OTHER[run[-1]] + run + OTHER[run[0]]
            genome = genome[: place - 1] + framed + genome[place + len(run) + 1 :]

    def fetch(_chrom: str, start: int, end: int) -> str:
        return genome[max(0, start) : end]

    alleles, kinds = [], []
    for i, (kind, size, run) in enumerate(wanted):
        place = SPACING * (i + 1)
        there = genome[place : place + size]
        deleted = there if kind not in {"insertion", "duplication"} else ""
        inserted = {
            "insertion": run[:size] * bool(run) or bases(size, rng),
            "duplication": genome[place - size : place],
            "deletion": "",
        }.get(kind, "".join(OTHER[base] for base in there))
        anchor = genome[place - 1]
        alleles.append(
            normalise(Allele(CHROM, place - 1, anchor + deleted, anchor + inserted), fetch)
        )
        kinds.append(f"{kind} {'in repeats' if run else _size(size)}".strip())
    return Planted(genome, alleles, kinds)


def _size(size: int) -> str:
    return "1-4 bp" if size < 5 else "6-15 bp" if size < 16 else "20-30 bp"


def run(command: str, folder: Path) -> None:
    """Run a shell command in a folder."""
    subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=folder, check=True, capture_output=True
    )


def write_genome(folder: Path, genome: str) -> None:
    """Write and index the genome, and a gene that covers it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "genome.fa").write_text(f">{CHROM}\n{genome}\n")
    run("bwa index genome.fa && samtools faidx genome.fa", folder)
    size = len(genome)
    exons = ((100, size - 100),)
    model = Transcript("TOY", "TOY", "TOY-201", CHROM, "+", "", True, exons, ())
    write_table(folder / "models.tsv", GeneModel, [to_row(model)])


def sequence(
    folder: Path,
    name: str,
    mixture: Sequence[tuple[str, float]],
    depth: float,
    library: Library,
    seed: int,
    slip: float = 0.0,
    binned: bool = False,
) -> Path:
    """BAM of reads of a mixture of sequences; names begin with the number of the sequence.

    Base qualities are all 40, or `binned` to four values as machines of today do.
    """
    shown = min(library.fragment, 2 * library.length)
    with (folder / f"{name}.1.fq").open("w") as one, (folder / f"{name}.2.fq").open("w") as two:
        for number, (text, share) in enumerate(mixture):
            (folder / "source.fa").write_text(f">{CHROM}\n{text}\n")
            pairs = round(depth * len(text) * share / shown)
            command = f"wgsim -h -r 0 -R 0 -e {library.error} -d {library.fragment} -s 50"
            command += f" -N {pairs} -1 {library.length} -2 {library.length}"
            run(f"{command} -S {seed * 10 + number + 1} source.fa raw.1.fq raw.2.fq", folder)
            rng = np.random.default_rng([seed, number])
            for mate, out in ((1, one), (2, two)):
                _copy(folder / f"raw.{mate}.fq", out.write, number, slip, binned, rng)
    align = f"bwa mem -t 1 genome.fa {name}.1.fq {name}.2.fq | samtools sort -o {name}.bam -"
    run(f"{align} && samtools index {name}.bam", folder)
    return folder / f"{name}.bam"


def _copy(
    path: Path,
    write: Callable[[str], int],
    number: int,
    slip: float,
    binned: bool,
    rng: np.random.Generator,
) -> None:
    """Copy reads with good qualities (wgsim's are all 17), slipping in homopolymers."""
    lines = path.read_text().splitlines()
    longest = max(map(len, lines[1::4]), default=0) + 50
    rows = _binned(len(lines) // 4, longest, rng) if binned else ["I" * longest] * (len(lines) // 4)
    for i, row in zip(range(0, len(lines), 4), rows, strict=True):
        text = _slipped(lines[i + 1], slip, rng) if slip else lines[i + 1]
        head = f"@{number}_{lines[i][1:].rpartition('/')[0]}"
        write(f"{head}\n{text}\n+\n{row[: len(text)]}\n")


def _binned(reads: int, length: int, rng: np.random.Generator) -> list[str]:
    """Qualities 37, 25, 11 and 2; a poor base is likely followed by another."""
    steps = np.array(
        [
            [0.965, 0.02, 0.012, 0.003],
            [0.7, 0.2, 0.08, 0.02],
            [0.6, 0.15, 0.2, 0.05],
            [0.3, 0.1, 0.2, 0.4],
        ]
    ).cumsum(axis=1)
    state = np.zeros(reads, dtype=np.int64)
    letters = np.empty((reads, length), dtype="S1")
    for i in range(length):
        letters[:, i] = np.frombuffer(b"F:,#", dtype="S1")[state]
        state = np.minimum((rng.random(reads)[:, None] > steps[state]).sum(axis=1), 3)
    return [row.tobytes().decode() for row in letters]


def _slipped(text: str, slip: float, rng: np.random.Generator) -> str:
    """A read whose homopolymers lost or gained a base: `slip` per base beyond 5."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and text[end] == text[start]:
            end += 1
        if end - start > 5 and rng.random() < slip * (end - start - 5):
            longer = rng.random() < 0.4
            text = (
                text[:end] + text[start] + text[end:]
                if longer
                else text[:start] + text[start + 1 :]
            )
            end += 1 if longer else -1
        start = end
    return text


def true_shares(folder: Path, name: str, plan: Planted, library: Library) -> tuple[Ints, Ints]:
    """Fragments of the reference and of the changed sequence with a read over each variant."""
    shifts, shift = {}, 0
    for allele in sorted(plan.alleles):
        shifts[allele] = shift
        shift += len(allele.alt) - len(allele.ref)
    spans: dict[str, list[tuple[int, int]]] = {"0": [], "1": []}
    with (folder / f"{name}.1.fq").open() as handle:
        for i, line in enumerate(handle):
            if i % 4 == 0:
                fields = line[1:].split("_")
                spans[fields[0]].append((int(fields[2]) - 1, int(fields[3])))
    counted = []
    for number in "01":
        start, end = np.array(spans[number]).T
        covered = []
        for allele in plan.alleles:
            place = bare(allele).start - 1 + (shifts[allele] if number == "1" else 0)
            left = (start <= place) & (place < np.minimum(start + library.length, end))
            right = (end - library.length <= place) & (place < end) & (start <= place)
            covered.append(int((left | right).sum()))
        counted.append(np.array(covered))
    return counted[0], counted[1]


def count(folder: Path, bam: Path, alleles: Sequence[Allele]) -> FragmentCounts:
    """Counts with the default settings."""
    return count_fragments(
        bam, alleles, Reference(folder / "genome.fa").fetch,
        min_mapping_quality=20, min_base_quality=20, keep_duplicates=False,
    )  # fmt: skip


def truth(seeds: int) -> None:
    """Print counted over true VAF, for kinds of variants and of libraries."""
    print("\n## Counted against true VAF\n")
    print("kind\tloci\tVAF / truth\tstandard error\tfragments told\tother allele")
    sums: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    designs = (
        (150, 250, 0.5, 300),
        (100, 180, 0.2, 400),
        (75, 140, 0.5, 300),
        (100, 400, 0.1, 600),
    )
    for seed in range(1, seeds + 1):
        for number, (length, fragment, vaf, depth) in enumerate(designs):
            library = Library(length, fragment)
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                plan = planted(1, np.random.default_rng([seed, number]))
                write_genome(folder, plan.genome)
                mixture = [(plan.genome, 1 - vaf), (plan.changed(), vaf)]
                bam = sequence(folder, "x", mixture, depth, library, seed)
                counts = count(folder, bam, plan.alleles)
                ref, alt = true_shares(folder, "x", plan, library)
            share, depths = alt / (ref + alt), np.maximum(counts.depth, 1)
            for i, kind in enumerate(plan.kinds):
                variance = share[i] * (1 - share[i]) / depths[i]
                fragments = (counts.depth[i], ref[i] + alt[i], counts.other[i])
                row = (counts.alt[i] / depths[i], share[i], variance, *fragments)
                sums[kind].append(row)
                sums["all"].append(row)
    for kind, rows in sorted(sums.items()):
        counted, true, variance, told, there, other = np.array(rows).sum(axis=0)
        error = np.sqrt(variance) / true
        cells = (
            f"{counted / true:.4f}",
            f"{error:.4f}",
            f"{told / there:.3f}",
            f"{other / told:.4f}",
        )
        print(kind, len(rows), *cells, sep="\t")


def labelled(folder: Path, bams: dict[str, Path]) -> list[VariantChange]:
    """Rows of the comparison that say a variant is there."""
    shared = [f"--library={timepoint}={bam}" for timepoint, bam in bams.items()]
    shared += ["--reference", str(folder / "genome.fa")]
    shared += ["--gene-models", str(folder / "models.tsv")]
    found = str(folder / "candidates.vcf.gz")
    assert amlresist(["candidates", *shared, "--out", found]) == 0
    assert amlresist(["compare", *shared, "--candidates", found, "--out-dir", str(folder)]) == 0
    return read_table(folder / "variants.tsv", VariantChange)


SILENT = (VariantClass.ARTEFACT, VariantClass.NOT_EVALUABLE)


def allele_of(row: VariantChange) -> Allele:
    """The allele of a row."""
    return Allele(row.chrom, row.pos - 1, row.ref, row.alt)


def homopolymers() -> None:
    """Print false and missed indels in homopolymers of 6 to 13; slips are per base beyond 5."""
    print("\n## Indels in homopolymers\n")
    print("slips per base\truns\tfalse labels\tfalse seen\tplanted, 10 %\tseen\tacquired P > 0.9")
    for slip in (0.0, 0.002, 0.005):
        rng = np.random.default_rng(5)
        lengths = np.repeat(np.arange(6, 14), 6)
        genome = bases(SPACING * (len(lengths) + 2), rng)
        for i, length in enumerate(lengths.tolist()):
            place = SPACING * (i + 1)
            letter = "ACGT"[i % 4]
            framed = OTHER[letter] + letter * length + OTHER[letter]
            genome = genome[: place - 1] + framed + genome[place + length + 1 :]

        def fetch(_chrom: str, start: int, end: int, genome: str = genome) -> str:
            return genome[max(0, start) : end]

        alleles = [
            normalise(Allele(CHROM, p - 1, genome[p - 1 : p + 1], genome[p - 1]), fetch)
            for p in (SPACING * (i + 1) for i in range(0, len(lengths), 6))
        ]
        middles = [SPACING * (i + 1) + SPACING // 2 for i in range(len(lengths))]
        snvs = [Allele(CHROM, p, genome[p], OTHER[genome[p]]) for p in middles]
        plan = Planted(genome, [*alleles, *snvs], [])
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_genome(folder, genome)
            library = Library(100, 220)
            mixture = [(genome, 0.9), (plan.changed(), 0.1)]
            bams = {
                "diagnosis": sequence(folder, "dx", [(genome, 1.0)], 500, library, 1, slip),
                "relapse": sequence(folder, "rel", mixture, 500, library, 2, slip),
            }
            rows = labelled(folder, bams)
        wanted = set(alleles)
        given = {allele_of(r) for r in rows if r.variant_class not in SILENT}
        seen = {allele_of(r) for r in rows if r.after_present or r.before_present}
        sure = {allele_of(r) for r in rows if r.p_acquired > 0.9}
        others = wanted | set(snvs)
        cells = (
            len(given - others),
            len(seen - others),
            len(wanted),
            len(seen & wanted),
            len(sure & wanted),
        )
        print(slip, len(lengths), *cells, sep="\t")


def callers(seeds: int) -> None:
    """Print recall, false candidates and processor seconds, and the same of freebayes."""
    print("\n## Rare variants: recall, false calls, processor seconds\n")
    print("VAF\tdepth\trule\tplanted\trecall_%\toutside repeats\tfalse per 100 kb\tF1\tseconds")
    for vaf, depth in ((0.05, 300), (0.02, 1000)):
        totals: dict[str, list[float]] = {}
        for seed in range(1, seeds + 1):
            plan = planted(1, np.random.default_rng([seed, 99]))
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                write_genome(folder, plan.genome)
                library = Library(100, 220)
                mixture = [(plan.genome, 1 - vaf), (plan.changed(), vaf)]
                bams = {
                    "diagnosis": sequence(folder, "dx", [(plan.genome, 1.0)], depth, library, seed),
                    "relapse": sequence(folder, "rel", mixture, depth, library, seed + 50),
                }
                rules = _ours(folder, bams) | _freebayes(folder, bams)
            for rule, (called, seconds) in rules.items():
                hits = len(_whole(called, plan) & set(plan.alleles))
                false = len(_whole(called, plan)) - hits
                pairs = zip(plan.alleles, plan.kinds, strict=True)
                plain = {a for a, kind in pairs if not kind.endswith("in repeats")}
                row = [float(len(plan.alleles)), hits, false, len(plan.genome), seconds]
                row += [len(plain), len(_whole(called, plan) & plain)]
                before = totals.get(rule, [0.0] * len(row))
                totals[rule] = [a + b for a, b in zip(before, row, strict=True)]
        for rule, (n, found, wrong, size, used, plain_n, plain_found) in totals.items():
            f1 = 2 * found / (n + found + wrong)
            recalls = (f"{100 * found / n:.1f}", f"{100 * plain_found / plain_n:.1f}")
            cells = (int(n), *recalls, f"{1e5 * wrong / size:.1f}", f"{f1:.4f}")
            print(vaf, depth, rule, *cells, f"{used:.1f}", sep="\t")


def _ours(folder: Path, bams: dict[str, Path]) -> dict[str, tuple[set[Allele], float]]:
    began = processor_seconds()
    rows = labelled(folder, bams)
    seconds = processor_seconds() - began
    given = {allele_of(r) for r in rows if r.variant_class not in SILENT}
    seen = {allele_of(r) for r in rows if r.after_present}
    return {"amlresist, class given": (given, seconds), "amlresist, seen": (seen, seconds)}


def _freebayes(folder: Path, bams: dict[str, Path]) -> dict[str, tuple[set[Allele], float]]:
    command = "freebayes -f genome.fa --pooled-continuous -F 0.01 -C 3 dx.bam rel.bam"
    command += " | bcftools norm -f genome.fa -m - -a | bcftools query -f '%POS\\t%REF\\t%ALT\\n'"
    began = processor_seconds()
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True
    )
    seconds = processor_seconds() - began
    fetch = Reference(folder / "genome.fa").fetch
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    called = {normalise(Allele(CHROM, int(p) - 1, ref, alt), fetch) for p, ref, alt in rows}
    return {"freebayes": (called, seconds)}


def _whole(called: set[Allele], plan: Planted) -> set[Allele]:
    """Calls with the parts of planted MNVs taken for the MNV."""
    whole = set(called)
    for allele in plan.alleles:
        if allele.kind == "mnv":
            letters = zip(allele.ref, allele.alt, strict=True)
            parts = {Allele(CHROM, allele.pos + i, a, b) for i, (a, b) in enumerate(letters)}
            if parts & whole:
                whole = whole - parts | {allele}
    return whole


def beside() -> None:
    """Print the VAF of SNVs beside indels, on the same molecule and on another."""
    print("\n## SNVs beside indels of 1 to 20 bases: counted over true VAF\n")
    print("molecule\tbases between\tloci\tVAF / truth\tlowest\thighest")
    rng = np.random.default_rng(7)
    wanted = [
        (d, n, k, side) for d in DISTANCES for n in (1, 3, 8, 20) for k in "ID" for side in "<>"
    ]
    genome = bases(SPACING * (len(wanted) + 2), rng)

    def fetch(_chrom: str, start: int, end: int) -> str:
        return genome[max(0, start) : end]

    snvs, indels = [], []
    for i, (distance, size, kind, side) in enumerate(wanted):
        place = SPACING * (i + 1)
        anchor, there = genome[place - 1], genome[place : place + size]
        ref, alt = (anchor, anchor + bases(size, rng)) if kind == "I" else (anchor + there, anchor)
        indel = normalise(Allele(CHROM, place - 1, ref, alt), fetch)
        site = indel.pos - distance if side == "<" else indel.end + distance - 1
        snvs.append(Allele(CHROM, site, genome[site], OTHER[genome[site]]))
        indels.append(indel)
    with_snvs, with_indels, with_both = (
        Planted(genome, alleles, []).changed() for alleles in (snvs, indels, [*snvs, *indels])
    )
    mixtures = {
        "same": [(genome, 0.7), (with_both, 0.3)],
        "other": [(genome, 0.4), (with_indels, 0.3), (with_snvs, 0.3)],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_genome(folder, genome)
        for seed, (molecule, mixture) in enumerate(mixtures.items(), start=1):
            bam = sequence(folder, molecule, mixture, 1500, Library(100, 220), seed)
            counts = count(folder, bam, [*snvs, *indels])
            share = (counts.alt / np.maximum(counts.depth, 1))[: len(snvs)] / 0.3
            for low, high in ((1, 3), (4, 8), (10, 15), (20, 20)):
                here = share[[low <= distance <= high for distance, *_ in wanted]]
                cells = (f"{value:.3f}" for value in (here.mean(), here.min(), here.max()))
                print(molecule, f"{low}-{high}", len(here), *cells, sep="\t")


def processor_seconds() -> float:
    """User and system time of this process and its children."""
    used = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def speed() -> None:
    """Print processor time to count loci in two BAMs, over that of `samtools view -c`."""
    print("\n## Speed of counting, 1,000x, two BAMs\n")
    head = "contigs\tloci\tbases per locus\tof more than one base\tbase qualities"
    head += "\tsamtools view -c, s\tcounted, s\tratio\tMB"
    print(f"{head}\tsamtools mpileup, ratio\tbcftools mpileup, ratio")
    rng = np.random.default_rng(3)
    plan = planted(1, rng)
    size = len(plan.genome)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_genome(folder, plan.genome)
        library = Library(100, 220)
        mixture = [(plan.genome, 0.98), (plan.changed(), 0.02)]
        designs = {wanted: _loci(plan, wanted, rng) for wanted in (size // 200, 2000)}
        for binned in (True, False):
            qualities = "four" if binned else "one"
            bams = [
                sequence(folder, f"{n}.{qualities}", mixture, 1000, library, i, binned=binned)
                for i, n in enumerate("ab", start=1)
            ]
            for loci in designs.values():
                _print_speed(folder, 1, bams, loci, size, qualities)
        bams = [folder / "a.four.bam", folder / "b.four.bam"]
        _print_fixed_costs(folder, bams[0], designs[size // 200])
        (folder / "copies").mkdir()
        many = [_copies(bam, folder / "copies" / bam.name) for bam in bams]
        genome = "".join(f">{CHROM}_{k}\n{plan.genome}\n" for k in range(COPIES))
        (folder / "copies" / "genome.fa").write_text(genome)
        for loci in designs.values():
            spread = [a._replace(chrom=f"{CHROM}_{k}") for k in range(COPIES) for a in loci]
            _print_speed(folder / "copies", COPIES, many, spread, size * COPIES, "four")


def _loci(plan: Planted, wanted: int, rng: np.random.Generator) -> list[Allele]:
    """What is planted, and SNVs at other places, as many as wanted."""
    size = len(plan.genome)
    places = rng.choice(np.arange(300, size - 300), wanted, replace=False).tolist()
    snvs = [Allele(CHROM, p, plan.genome[p], OTHER[plan.genome[p]]) for p in places]
    return sorted({*plan.alleles, *snvs[: wanted - len(plan.alleles)]})


def _copies(bam: Path, out: Path) -> Path:
    """The reads of a BAM on each of several contigs, as a library of more targets has them."""
    with pysam.BGZFile(str(bam)) as handle:
        data = handle.read(1 << 31)
    with pysam.AlignmentFile(str(bam)) as opened:
        length = opened.lengths[0]
    begin = 8 + int.from_bytes(data[4:8], "little")  # behind the header's text
    begin += 4 + 4 + int.from_bytes(data[begin + 4 : begin + 8], "little") + 4
    records = np.frombuffer(bytearray(data[begin:]) + bytearray(ROOM), dtype=np.uint8)
    offsets, end = record_offsets(records, len(data) - begin)
    names = [f"{CHROM}_{k}" for k in range(COPIES)]
    header = pysam.AlignmentHeader.from_references(names, [length] * COPIES)
    with pysam.AlignmentFile(str(out), "wb", header=header):
        pass
    with pysam.BGZFile(str(out)) as handle:
        head = handle.read(1 << 20)
    with pysam.BGZFile(str(out), "wb") as handle:
        handle.write(head)
        for k in range(COPIES):
            for field in (4, 24):  # contig of the read and of its mate
                records[offsets + field] = k
            handle.write(records[:end].tobytes())
    pysam.index(str(out))
    return out


def _print_speed(
    folder: Path,
    contigs: int,
    bams: Sequence[Path],
    loci: Sequence[Allele],
    size: int,
    qualities: str,
) -> None:
    """One row; other tools are asked about the small files only."""
    bed = folder / "loci.bed"
    bed.write_text("".join(f"{a.chrom}\t{a.pos}\t{a.end}\n" for a in loci))
    once = _least(_view, [(bed, bam) for bam in bams])
    mine = _least(count, [(folder, bam, loci) for bam in bams])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    others = []
    for command in (
        f"samtools mpileup -d 0 -f genome.fa -l {bed} {bams[0]}",
        f"bcftools mpileup -d 1000000 -a AD -f genome.fa -R {bed} {bams[0]}",
    ):
        if contigs > 1:
            others.append("")
            continue
        began = processor_seconds()
        run(f"{command} > /dev/null", folder)
        others.append(f"{(processor_seconds() - began) / (once / len(bams)):.0f}")
    longer = sum(a.kind != "snv" for a in loci)
    told = (contigs, len(loci), f"{size / len(loci):.0f}", longer, qualities)
    cells = (f"{once:.2f}", f"{mine:.2f}", f"{mine / once:.1f}", f"{memory:.0f}")
    print(*told, *cells, *others, sep="\t", flush=True)


def _print_fixed_costs(folder: Path, bam: Path, loci: Sequence[Allele]) -> None:
    """Processor time of a process of its own that counts one small BAM."""
    (folder / "loci.json").write_text(json.dumps(loci))
    never, always = 1 << 60, 0
    for label, least_bytes, cache in (
        ("arrays", never, "kept"),
        ("loops, compiled before", always, "kept"),
        ("loops, compiled anew", always, "new"),
    ):
        if label == "loops, compiled before":
            _alone(folder, bam, always, "kept")
        times = [_alone(folder, bam, least_bytes, cache) for _ in range(1 if cache == "new" else 3)]
        print(f"a process that counts {len(loci)} loci in one BAM, {label}: {min(times):.2f} s")


def _alone(folder: Path, bam: Path, least_bytes: int, cache: str) -> float:
    """Processor seconds of a new process."""
    code = "import json; from pathlib import Path; import variant_reads as v\n"
    code += "from amlresist.variants import bam_stream\n"
    code += f"bam_stream.COMPILED_BYTES = {least_bytes}; folder = Path({str(folder)!r})\n"
    code += "loci = [v.Allele(*a) for a in json.loads((folder / 'loci.json').read_text())]\n"
    code += f"v.count(folder, Path({str(bam)!r}), loci)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "machine_code" / cache)}
    began = processor_seconds()
    here = Path(__file__).parent
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=here)
    return processor_seconds() - began


def _view(bed: Path, bam: Path) -> None:
    command = ["samtools", "view", "-c", "-M", "-L", str(bed), str(bam)]
    subprocess.run(command, check=True, capture_output=True)


def _least(work: Callable[..., object], jobs: Sequence[tuple[object, ...]]) -> float:
    """Fewest processor seconds of three rounds of all jobs."""
    times = []
    for _ in range(3):
        began = processor_seconds()
        for job in jobs:
            work(*job)
        times.append(processor_seconds() - began)
    return min(times)


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    names = ("truth", "beside", "homopolymers", "callers", "speed")
    parser.add_argument("--only", default="", choices=["", *names])
    arguments = parser.parse_args()
    if arguments.only in {"", "truth"}:
        truth(arguments.seeds)
    if arguments.only in {"", "beside"}:
        beside()
    if arguments.only in {"", "homopolymers"}:
        homopolymers()
    if arguments.only in {"", "callers"}:
        callers(arguments.seeds)
    if arguments.only in {"", "speed"}:
        speed()


if __name__ == "__main__":
    main()
