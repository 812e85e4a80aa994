"""How right and how fast miRNA counting is, on reads whose origin is known.

Two designs of one million reads: this project's simulator, and isomiRs drawn by the simulator of
the `mirtop` package (independent of this project) at the annotated matures. Peer, when its programs
are found: `cutadapt` + `bowtie` (all best hits, hairpins) + `mirtop gff`.

    python benchmarks/mirna.py --matures mature.fa --hairpins hairpin.fa --out mirna.json \\
        [--mirtop-python VENV/bin/python] [--bowtie DIR --gff3 hsa.gff3 --cutadapt CUTADAPT]
"""

import argparse
import gzip
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from amlresist.mirna.reference import Reference, read_reference

ADAPTER = "TGGAATTCTCGGGTGCCAAGGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG"
READ_LENGTH = 50
SPECIES = "hsa"
SHORTEST = 14  # bases from which an insert is compared with miRNAs (setting min_length)
FAMILIES = {
    "let-7": r"let-7[a-i]-5p|miR-98-5p",
    "17/20/93/106": r"miR-(17|20a|20b|93|106a|106b)-5p",
    "181": r"miR-181[a-d]-5p",
    "199": r"miR-199[ab]-[35]p",
    "92": r"miR-92[ab]-3p|miR-25-3p",
    "26": r"miR-26[ab]-5p",
}
Read = tuple[str, str]  # origin, insert
Profiles = tuple[np.ndarray, np.ndarray, np.ndarray]  # of 5' shift, 3' shift and tail length
SHIFTS_5P, SHIFTS_3P, TAILS = range(-2, 3), range(-4, 5), range(4)
TAIL_BASES = (0.47, 0.06, 0.05, 0.42)  # A, C, G, T


def main() -> None:
    """Run both designs and write the figures."""
    arguments = _arguments()
    reference = read_reference(arguments.matures, arguments.hairpins, SPECIES, 0.05)
    rng = np.random.default_rng(arguments.seed)
    designs = {"own": own_design(reference, arguments.reads, rng)}
    if arguments.mirtop_python:
        designs["mirtop"] = mirtop_design(reference, arguments.reads, rng, arguments)
    figures = {}
    for name, reads in designs.items():
        with tempfile.TemporaryDirectory() as folder:
            fastq = Path(folder) / "reads.fastq.gz"
            write_fastq(fastq, reads, rng, arguments.error_rate)
            figures[name] = measure(fastq, reads, reference, arguments)
            if arguments.bowtie and name == "own":
                figures["peer"] = measure_peer(fastq, reads, arguments)
    if arguments.out:
        Path(arguments.out).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(as_text(figures))


def as_text(figures: dict[str, dict[str, object]]) -> str:
    """The figures as tables, one line a row, cells separated by tabs."""
    designs = {name: found for name, found in figures.items() if name != "peer"}
    columns = ["p50_error", "p90_error", "counted_over_true", "counted_over_all", "false_mirnas"]
    columns += ["interval_misses", "cannot_tell"]
    lines = ["## Accuracy", "", "\t".join(["design", "mirnas_at_100", *columns])]
    for name, found in designs.items():
        cells = [len(v) if isinstance(v, dict) else v for v in (found[c] for c in columns)]
        lines.append("\t".join(map(str, [name, found["mirnas_at_100"], *cells])))
    lines += ["", "## Families, largest error of a member", "", "\t".join(["design", *FAMILIES])]
    for name, found in designs.items():
        errors = [str(found["families"][family]["max_error"]) for family in FAMILIES]
        lines.append("\t".join([name, *errors]))
    lines += ["", "## Speed", "", "what\treads\tprocessor_seconds\treads_per_second\tmegabytes"]
    for name, found in figures.items():
        parts = [found.get(c, "") for c in ("reads", "seconds", "reads_per_second", "megabytes")]
        lines.append("\t".join(map(str, [name, *parts])))
    return "\n".join(lines)


def own_design(
    reference: Reference,
    n_reads: int,
    rng: np.random.Generator,
    drawn: dict[int, tuple[int, Profiles]] | None = None,
) -> list[Read]:
    """Log-normal abundances, an isomiR profile of its own for each miRNA, 15 % other RNA.

    `drawn` takes, per context of the reference, its reads and its profiles.
    """
    index = {id(context): i for i, context in enumerate(reference.contexts)}
    expressed = _expressed(reference, rng)
    by_group = defaultdict(list)
    for context in reference.contexts:
        by_group[context.group].append(context)
    abundance = rng.lognormal(0, 2.2, len(expressed))
    n_mirna = int(n_reads * 0.85)
    counts = rng.multinomial(n_mirna, abundance / abundance.sum())
    reads: list[Read] = []
    for group, count in zip(expressed, counts, strict=True):
        contexts = by_group[group]
        shares = rng.dirichlet(np.ones(len(contexts)))
        for context, n in zip(contexts, rng.multinomial(count, shares), strict=True):
            inserts, profiles = _isomirs(context.window, context.length, n, rng)
            reads += [(reference.groups[group], insert) for insert in inserts]
            if drawn is not None:
                drawn[index[id(context)]] = int(n), profiles
    reads += [("other", insert) for insert in _other_rna(reference, n_reads - len(reads), rng)]
    return [reads[i] for i in rng.permutation(len(reads))]


def mirtop_design(
    reference: Reference, n_reads: int, rng: np.random.Generator, arguments: argparse.Namespace
) -> list[Read]:
    """IsomiRs by mirtop's `_mature` and hairpin fragments by its `_noise`, names as truth."""
    expressed = _expressed(reference, rng)
    abundance = rng.lognormal(0, 1.5, len(expressed))
    totals = (abundance / abundance.sum() * n_reads * 1.25).astype(int)
    wanted = {group: int(total) for group, total in zip(expressed, totals, strict=True)}
    requests = []
    for context in reference.contexts:
        if wanted.get(context.group, 0) < 10 or not context.hairpins[0]:
            continue
        total = wanted.pop(context.group)
        hairpin = reference.hairpins[context.hairpins[0]]
        begin = context.start - 5
        if begin < 0 or context.start + context.length + 5 > len(hairpin):
            continue
        piece = hairpin[begin : context.start + context.length + 5]
        requests.append([context.group, piece, begin, context.length, total, hairpin])
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder) / "asked.json", Path(folder) / "told.json"
        asked.write_text(json.dumps(requests))
        command = [arguments.mirtop_python, "-W", "ignore", "-c", _MIRTOP_CALL, asked, told]
        subprocess.run([*command, str(rng.integers(2**31))], check=True)
        drawn = json.loads(told.read_text())
    reads: list[Read] = []
    for origin, insert, count in drawn:
        name = "other" if origin < 0 else reference.groups[origin]
        reads += [(name, insert)] * count
    return [reads[i] for i in rng.permutation(len(reads))]


_MIRTOP_CALL = """
import json, random, sys
from mirtop.libs.simulator import _mature, _noise
random.seed(int(sys.argv[3]))
drawn = []
for group, piece, begin, size, total, hairpin in json.load(open(sys.argv[1])):
    for insert, count in _mature(piece, begin, "m", size=size, total=total).values():
        drawn.append((group, insert, count))
    if group % 20 == 0 and len(hairpin) > 60:
        for insert, count in _noise(hairpin, "n", total=max(total // 10, 10)).values():
            drawn.append((-1, insert, count))
json.dump(drawn, open(sys.argv[2], "w"))
"""


def write_fastq(path: Path, reads: list[Read], rng: np.random.Generator, error: float) -> None:
    """Reads with adapter, cut to the read length, with substitutions at rate `error`."""
    bases = np.frombuffer(b"ACGT", np.uint8)
    with gzip.open(path, "wb", compresslevel=1) as handle:
        for start in range(0, len(reads), 100_000):
            chunk = reads[start : start + 100_000]
            text = "".join((insert + ADAPTER)[:READ_LENGTH] for _, insert in chunk).encode()
            letters = np.frombuffer(text, np.uint8).copy()
            hit = np.flatnonzero(rng.random(len(letters)) < error)
            codes = np.searchsorted(bases, letters[hit])
            letters[hit] = bases[(codes + rng.integers(1, 4, len(hit))) % 4]
            text = letters.tobytes().decode()
            handle.write(
                "".join(
                    f"@r{start + i}\n{text[i * READ_LENGTH : (i + 1) * READ_LENGTH]}\n+\n"
                    f"{'I' * READ_LENGTH}\n"
                    for i in range(len(chunk))
                ).encode()
            )


def measure(
    fastq: Path, reads: list[Read], reference: Reference, arguments: argparse.Namespace
) -> dict[str, object]:
    """Run the command on the FASTQ; compare its counts with the origins."""
    out = fastq.parent / "out"
    library = [{"sample": "s", "timepoint": "diagnosis", "assay": "mirna", "capture": ""}]
    library[0] |= {"paths": [str(fastq)]}
    command = [sys.executable, "-m", "amlresist", "mirna", "--patient", "p"]
    command += ["--libraries", json.dumps(library), "--out-dir", str(out)]
    command += ["--matures", arguments.matures, "--hairpins", arguments.hairpins]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "scripts")}
    seconds, megabytes = _timed(command, environment)
    header, *rows = (
        line.split("\t") for line in (out / "mirna_counts.tsv").read_text().splitlines()
    )
    table = [dict(zip(header, row, strict=True)) for row in rows]
    table = [row for row in table if row["count"] != "NA"]
    return {
        **accuracy({row["mirna"]: float(row["count"]) for row in table}, reads),
        **intervals(table, reads),
        "seconds": round(seconds, 2),
        "reads_per_second": round(len(reads) / seconds),
        "megabytes": round(megabytes),
    }


def true_counts(reads: list[Read], shortest: int = SHORTEST) -> Counter[str]:
    """Reads of each miRNA that are long enough to be compared with miRNAs."""
    truth = Counter(origin for origin, insert in reads if len(insert) >= shortest)
    truth.pop("other", None)
    return truth


def intervals(table: list[dict[str, str]], reads: list[Read]) -> dict[str, object]:
    """miRNAs whose 95 % interval misses the truth, and those said to be alike, of 10 reads on."""
    truth = true_counts(reads)
    judged = [row for row in table if truth[row["mirna"]] >= 10 or float(row["count"]) >= 10]
    misses = {
        row["mirna"]: [truth[row["mirna"]], row["count_low"], row["count_high"]]
        for row in judged
        if not float(row["count_low"]) <= truth[row["mirna"]] <= float(row["count_high"])
    }
    alike = {
        row["mirna"]: row["cannot_tell_from"]
        for row in judged
        if row["cannot_tell_from"] not in ("", "NA")
    }
    return {"judged": len(judged), "interval_misses": misses, "cannot_tell": alike}


def accuracy(counted: dict[str, float], reads: list[Read]) -> dict[str, object]:
    """p50 and p90 relative error, false miRNAs, totals and families."""
    truth = true_counts(reads)
    errors = {name: abs(counted.get(name, 0.0) - n) / n for name, n in truth.items() if n >= 100}
    worst = sorted(errors, key=errors.__getitem__, reverse=True)[:5]
    false = {name: round(n, 1) for name, n in counted.items() if n >= 10 and name not in truth}
    families = {}
    for family, pattern in FAMILIES.items():
        members = [n for n in truth if re.search(rf"hsa-({pattern})($|/)", n) and truth[n] >= 100]
        families[family] = {
            "max_error": round(max((errors[n] for n in members), default=0.0), 4),
            "sum_error": round(
                abs(
                    sum(counted.get(n, 0.0) for n in members)
                    / max(sum(truth[n] for n in members), 1)
                    - 1
                ),
                4,
            ),
        }
    return {
        "reads": len(reads),
        "mirnas_at_100": len(errors),
        "p50_error": round(float(np.percentile(list(errors.values()), 50)), 5),
        "p90_error": round(float(np.percentile(list(errors.values()), 90)), 5),
        "worst": {name: [truth[name], round(counted.get(name, 0.0), 1)] for name in worst},
        "false_mirnas": false,
        "counted_over_true": round(sum(counted.values()) / truth.total(), 5),
        "counted_over_all": round(sum(counted.values()) / true_counts(reads, 0).total(), 5),
        "families": families,
    }


def measure_peer(
    fastq: Path, reads: list[Read], arguments: argparse.Namespace
) -> dict[str, object]:
    """cutadapt + bowtie on hairpins + mirtop gff, one thread each, timed."""
    folder = fastq.parent
    bowtie = Path(arguments.bowtie)
    hairpins = folder / "hairpin.fa"
    hairpins.write_text(Path(arguments.hairpins).read_text().replace("U", "T"))
    subprocess.run(
        [bowtie / "bowtie-build", "-q", hairpins, folder / "index"], check=True, capture_output=True
    )
    steps = [
        f"{arguments.cutadapt} -a {ADAPTER[:21]} -m 18 -M 28 --discard-untrimmed --quiet"
        f" -o {folder}/trimmed.fastq {fastq}",
        f"{bowtie}/bowtie -v 1 -a --best --strata -S -q -x {folder}/index {folder}/trimmed.fastq"
        f" 2>/dev/null | {arguments.samtools} sort -o {folder}/hits.bam -",
        f"{arguments.mirtop_python} -W ignore {Path(arguments.mirtop_python).parent}/mirtop gff"
        f" --sps hsa --hairpin {hairpins} --gtf {arguments.gff3} -o {folder}/mirtop"
        f" {folder}/hits.bam >/dev/null 2>&1",
    ]
    seconds = [round(_timed(["bash", "-c", step], dict(os.environ))[0], 1) for step in steps]
    return {
        "reads": len(reads),
        "steps": seconds,
        "seconds": round(sum(seconds), 1),
        "reads_per_second": round(len(reads) / sum(seconds)),
    }


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Processor seconds (user and system) and peak megabytes of a command."""
    start = _child_seconds()
    process = subprocess.Popen(command, env=environment)
    status_file, megabytes = Path(f"/proc/{process.pid}/status"), 0.0
    while process.poll() is None:  # ru_maxrss would count this process's own memory at the fork
        found = re.search(r"VmHWM:\s+(\d+)", status_file.read_text())
        megabytes = max(megabytes, int(found[1]) / 1024 if found else 0.0)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(map(str, command))[:300]}")
    return _child_seconds() - start, megabytes


def _child_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _expressed(reference: Reference, rng: np.random.Generator) -> np.ndarray:
    """600 random miRNAs and every member of the families that are hard to tell apart."""
    pattern = "|".join(FAMILIES.values())
    hard = [i for i, n in enumerate(reference.groups) if re.search(rf"hsa-({pattern})($|/)", n)]
    number = len(reference.groups)
    others = rng.choice(number, min(600, number), replace=False)
    return np.unique(np.concatenate([hard, others]))


def _isomirs(
    window: str, length: int, count: int, rng: np.random.Generator
) -> tuple[list[str], Profiles]:
    """Inserts of one context and the profiles they were drawn from."""
    ends_5p = _profile([0.3, 2, 100, 2.5, 0.7], rng)
    shift_5p = rng.choice(SHIFTS_5P, count, p=ends_5p)
    ends_3p = _profile([1, 3, 8, 20, 100, 18, 6, 1.5, 0.5], rng)
    shift_3p = rng.choice(SHIFTS_3P, count, p=ends_3p)
    tails = _profile([100, 12, 2, 0.4], rng)
    tail = rng.choice(TAILS, count, p=tails)
    letters = rng.choice(list("ACGT"), (count, 3), p=TAIL_BASES)
    inserts = []
    for five, three, added, tail_bases in zip(shift_5p, shift_3p, tail, letters, strict=True):
        body = window[6 + five : 6 + length + three].strip("N")
        inserts.append(body + "".join(tail_bases[:added]))
    return inserts, (ends_5p, ends_3p, tails)


def _profile(typical: list[float], rng: np.random.Generator) -> np.ndarray:
    """A miRNA's own profile around the typical one."""
    return rng.dirichlet(np.array(typical) / sum(typical) * 60 + 1e-3)


def _other_rna(reference: Reference, count: int, rng: np.random.Generator) -> list[str]:
    """Fragments of 2,000 random RNAs, a few of them abundant, and random sequence."""
    genes = ["".join(rng.choice(list("ACGT"), 300)) for _ in range(2000)]
    weights = rng.lognormal(0, 2.5, len(genes))
    chosen = rng.choice(len(genes), count, p=weights / weights.sum())
    starts = rng.integers(0, 260, count)
    sizes = rng.integers(15, 40, count)
    return [genes[g][s : s + n] for g, s, n in zip(chosen, starts, sizes, strict=True)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--matures", required=True)
    parser.add_argument("--hairpins", required=True)
    parser.add_argument("--out", default="", help="JSON of all figures")
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--error-rate", type=float, default=0.001)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mirtop-python", default="")
    parser.add_argument("--bowtie", default="", help="folder of bowtie; runs the peer")
    parser.add_argument("--cutadapt", default="cutadapt")
    parser.add_argument("--samtools", default="samtools")
    parser.add_argument("--gff3", default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
