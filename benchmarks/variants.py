"""How right, how honest and how fast the paired variant comparison is, on simulated pairs.

Two generators that share no code: counts drawn from known VAFs, and reads aligned with bwa.

    python benchmarks/variants.py [--loci 4000] [--speed-loci 100000]
        [--only counts|change|rho|reads]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, hypergeom

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "unit")]

from variants_world import CHROM, World, random_bases, transcript  # noqa: E402

from amlresist.__main__ import main as amlresist  # noqa: E402
from amlresist.annotation import GeneModel, to_row  # noqa: E402
from amlresist.libraries import LibraryInput  # noqa: E402
from amlresist.settings import load  # noqa: E402
from amlresist.simulate.reads import ReadModel  # noqa: E402
from amlresist.tables import read_table, write_table  # noqa: E402
from amlresist.variants.alleles import Allele, normalise  # noqa: E402
from amlresist.variants.case import Sources, prepare  # noqa: E402
from amlresist.variants.classes import change_p_value  # noqa: E402
from amlresist.variants.comparison import compare  # noqa: E402
from amlresist.variants.model import Observations, Question  # noqa: E402
from amlresist.variants.overdispersion import Overdispersion, estimate  # noqa: E402
from amlresist.variants.records import PairSummary, VariantChange, VariantClass  # noqa: E402
from amlresist.variants.settings import Settings  # noqa: E402

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
LIMITS = {300: 0.005, 1000: 0.001}  # depth -> share of wrong acquired and lost labels wanted
ABSENT, RATIO, ERROR, RHO, SNPS = 0.02, 1.5, 1e-3, 0.002, 300
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
PAIR = (
    VariantClass.ACQUIRED,
    VariantClass.LOST,
    VariantClass.EXPANDING,
    VariantClass.CONTRACTING,
    VariantClass.STABLE,
)
DOCS = ROOT / "docs"
DIAGRAM = DOCS / "images" / "variants_reliability.svg"
BINS = (0.0, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999, 1.0001)


@dataclass(frozen=True)
class Pair:
    """True VAFs and drawn counts of loci at two time points, shape (n, 2) each."""

    vaf: Floats
    alt: Ints
    depth: Ints


def mixed_vafs(n: int, rng: np.random.Generator) -> Floats:
    """40 % shared, 20 % small before, 15 % acquired, 15 % lost, 10 % residual, then SNPs."""
    kind = rng.choice(5, n, p=(0.4, 0.2, 0.15, 0.15, 0.1))
    large = rng.uniform(0.05, 0.5, (n, 2))
    small = np.exp(rng.uniform(np.log(0.003), np.log(0.05), n))
    fold = rng.choice((1.0, 1.0, 2.5, 0.4), n) * np.exp(rng.normal(0, 0.03, n))
    before = np.choose(kind, (large[:, 0], small, 0 * small, large[:, 0], large[:, 0]))
    shared = np.minimum(0.5, large[:, 0] * fold)
    after = np.choose(kind, (shared, large[:, 1], large[:, 1], 0 * small, small))
    return np.concatenate((np.column_stack((before, after)), np.full((SNPS, 2), 0.5)))


def any_fold_vafs(n: int, rng: np.random.Generator) -> Floats:
    """The same, but shared variants change by any factor (log-normal, 0.6) instead of 2.5 or none.

    So some lie close to the factor at which a clone is said to have changed.
    """
    vaf = mixed_vafs(n, rng)
    before = rng.uniform(0.05, 0.5, 4 * n)
    after = before * np.exp(rng.normal(0, 0.6, 4 * n))
    pairs = np.column_stack((before, after))[after <= 0.5]
    shared = np.flatnonzero(rng.random(n) < 0.4)
    vaf[shared] = pairs[: len(shared)]
    return vaf


def draw(
    vaf: Floats, depth: float, rho: float, rng: np.random.Generator, uneven: bool = False
) -> Pair:
    """Beta-binomial counts; depth varies by 25 %, and one locus in ten drops out at one time.

    With `uneven`, error rates differ between loci (gamma, shape 2), as they do in life.
    """
    n = len(vaf)
    mean = depth * rng.gamma(16, 1 / 16, (n, 2))
    dropped = rng.random(n) < 0.1
    mean[dropped, rng.integers(0, 2, n)[dropped]] *= rng.uniform(0, 0.2, dropped.sum())
    depths = rng.poisson(mean)
    strength = 1 / rho - 1
    share = np.where(vaf > 0, rng.beta(np.maximum(vaf, 1e-9) * strength, (1 - vaf) * strength), 0.0)
    error = ERROR * (rng.gamma(2, 1 / 2, (n, 2)) if uneven else 1.0)
    seen = share + error - 2 * share * error
    return Pair(vaf, rng.binomial(depths, seen), depths)


def count_table(pair: Pair, folder: Path) -> str:
    """Path of a count table of the pair."""
    lines = ["chrom\tpos\tref\talt\tdiagnosis_ref\tdiagnosis_alt\trelapse_ref\trelapse_alt"]
    for i, (alt, depth) in enumerate(zip(pair.alt.tolist(), pair.depth.tolist(), strict=True)):
        cells = [depth[0] - alt[0], alt[0], depth[1] - alt[1], alt[1]]
        lines.append("\t".join(map(str, (CHROM, 100 + 50 * i, "A", "G", *cells))))
    table = folder / "counts.tsv"
    table.write_text("\n".join(lines) + "\n")
    return str(table)


def compared(pair: Pair) -> tuple[list[VariantChange], PairSummary]:
    """Rows in the order of the loci, and the summary."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = count_table(pair, folder)
        words = ["compare", "--library", f"diagnosis={table}", "--library", f"relapse={table}"]
        assert amlresist([*words, "--out-dir", str(folder)]) == 0
        rows = read_table(folder / "variants.tsv", VariantChange)
        (summary,) = read_table(folder / "variant_summary.tsv", PairSummary)
    by_place = {row.pos: row for row in rows}
    return [by_place[100 + 50 * i] for i in range(len(pair.vaf))], summary


def true_classes(vaf: Floats) -> dict[VariantClass, Mask]:
    """Whether each statement is true of each locus."""
    before, after = vaf.T
    grown, shrunk = after > RATIO * before, before > RATIO * after
    return {
        VariantClass.ACQUIRED: grown & (before < ABSENT),
        VariantClass.LOST: shrunk & (after < ABSENT),
        VariantClass.EXPANDING: grown & (before > 0),
        VariantClass.CONTRACTING: shrunk & (after > 0),
        VariantClass.STABLE: ~grown & ~shrunk,
    }


def set_difference(pair: Pair) -> Mask:
    """Acquired where the variant is called after (3 fragments, VAF 2 %) and not before."""
    called = (pair.alt >= 3) & (pair.alt >= ABSENT * pair.depth)
    return np.asarray(called[:, 1] & ~called[:, 0])


def fisher(pair: Pair) -> Mask:
    """Acquired where VAF rises with one-sided P < 0.025 from fewer than 3 fragments before."""
    total, hits = pair.depth.sum(axis=1), pair.alt.sum(axis=1)
    p = hypergeom.sf(pair.alt[:, 1] - 1, total, hits, pair.depth[:, 1])
    return np.asarray((p < 0.025) & (pair.alt[:, 0] < 3))


Truth = dict[VariantClass, bool]


def labels(n: int, depths: Sequence[int], repeats: int, rng: np.random.Generator) -> None:
    """Print wrong and missed labels per depth beside simple rules, and the calibration."""
    print("\n## Labels, counts\n")
    figures = ("labels", "wrong_%", "recall_%", "worst_%", "tables_over_%", "not_evaluable_%")
    print("mix", "depth", "rule", "class", *figures, sep="\t")
    kept: dict[str, list[tuple[VariantChange, Truth]]] = {"steps": [], "any factor": []}
    for mix, vafs in (("steps", mixed_vafs), ("any factor", any_fold_vafs)):
        for depth in depths:
            kept[mix] += _labels_at(mix, vafs, n, depth, repeats, rng)
    points = [point for mix, rows in kept.items() for point in calibration(mix, rows)]
    print("\n## Stated and observed errors\n")
    columns = ("loci", "errors", "stated_%", "observed_%", "from_%", "to_%", "stated/observed")
    print("mix", "of", "class", *columns, sep="\t")
    for mix, rows in kept.items():
        stated_errors(mix, rows)
    DIAGRAM.parent.mkdir(exist_ok=True)
    DIAGRAM.write_text(diagram(points), encoding="utf-8")


def _labels_at(
    mix: str,
    vafs: Callable[[int, np.random.Generator], Floats],
    n: int,
    depth: int,
    repeats: int,
    rng: np.random.Generator,
) -> list[tuple[VariantChange, Truth]]:
    found: dict[tuple[str, str], list[tuple[Mask, Mask, Mask]]] = {}
    everything: list[tuple[VariantChange, Truth]] = []
    learned = []
    for _ in range(repeats):
        pair = draw(vafs(n, rng), depth, RHO, rng, uneven=mix != "steps")
        rows, summary = compared(pair)
        learned.append(f"{summary.overdispersion:.4f}")
        rows, truth = rows[:n], {c: m[:n] for c, m in true_classes(pair.vaf).items()}
        given = np.array([row.variant_class.value for row in rows])
        for name in PAIR:
            judged = _judged(given == name.value, name, pair.vaf[:n], truth[name])
            found.setdefault(("amlresist", name.value), []).append(judged)
        for rule, chosen in (("set difference", set_difference), ("Fisher", fisher)):
            judged = _judged(chosen(pair)[:n], VariantClass.ACQUIRED, pair.vaf[:n], given == "")
            found.setdefault((rule, "acquired"), []).append(judged)
        for i, row in enumerate(rows):
            everything.append((row, {c: bool(m[i]) for c, m in truth.items()}))
    unknown = np.mean([row.variant_class is VariantClass.NOT_EVALUABLE for row, _ in everything])
    for (rule, label), parts in found.items():
        cells = _line(parts, LIMITS[depth] if label in {"acquired", "lost"} else np.nan)
        cells.append(f"{100 * unknown:.1f}" if rule == "amlresist" else "0")
        print(mix, depth, rule, label, *cells, sep="\t")
    print(f"# {mix}, {depth}x: rho learned {', '.join(learned)}")
    return everything


def _judged(mine: Mask, name: VariantClass, vaf: Floats, true: Mask) -> tuple[Mask, Mask, Mask]:
    """Labels given, wrong ones among them, and those wanted."""
    absent = {VariantClass.ACQUIRED: 0, VariantClass.LOST: 1}
    if name not in absent:
        return mine, mine & ~true, true
    other = vaf[:, absent[name]]
    return mine, mine & (other >= ABSENT), np.asarray(other == 0)


def _line(judged: Sequence[tuple[Mask, Mask, Mask]], limit: float) -> list[str]:
    """Labels, wrong %, recall % over all tables; wrong % of the worst; % with more than `limit`."""
    mine, wrong, wanted = (np.concatenate(masks) for masks in zip(*judged, strict=True))
    of_tables = np.array([w.sum() / max(m.sum(), 1) for m, w, _ in judged])
    recall = (mine & wanted).sum() / max(wanted.sum(), 1)
    shares = (wrong.sum() / max(mine.sum(), 1), recall, of_tables.max())
    over = "-" if np.isnan(limit) else f"{100 * (of_tables > limit).mean():.0f}"
    return [str(mine.sum()), *(f"{100 * share:.2f}" for share in shares), over]


@dataclass(frozen=True)
class Reliability:
    """A point of the diagram: loci of a class whose stated error lies in one bin."""

    mix: str
    name: str
    loci: int
    stated: float
    observed: float


def calibration(mix: str, rows: Sequence[tuple[VariantChange, Truth]]) -> list[Reliability]:
    """Print stated against observed probability of the statements; returns the errors."""
    points = []
    print(f"\n## Calibration, {mix}\n\nclass\tstated_from\tloci\tmean_stated\tobserved")
    for name in PAIR:
        stated = np.array([getattr(row, f"p_{name.value}") for row, _ in rows])
        true = np.array([truth[name] for _, truth in rows])
        best = np.array([_is(row, name, "likeliest") for row, _ in rows])
        for low, high in pairwise(BINS):
            chosen = best & (stated >= low) & (stated < high)
            if chosen.sum() >= 20:
                cells = (chosen.sum(), f"{stated[chosen].mean():.4f}", f"{true[chosen].mean():.4f}")
                print(name.value, low, *cells, sep="\t")
                errors = 1 - float(stated[chosen].mean()), 1 - float(true[chosen].mean())
                points.append(Reliability(mix, name.value, int(chosen.sum()), *errors))
    return points


ENOUGH = 50  # errors from which their share is known well enough to be judged


def stated_errors(mix: str, rows: Sequence[tuple[VariantChange, Truth]]) -> None:
    """Print errors of each class as stated and as observed: labels given, and likeliest classes."""
    for group in ("labels given", "likeliest"):
        for name in PAIR:
            chosen = [(row, truth) for row, truth in rows if _is(row, name, group)]
            stated = sum(1 - getattr(row, f"p_{name.value}") for row, _ in chosen)
            wrong, n = sum(not truth[name] for _, truth in chosen), len(chosen)
            low = float(beta.ppf(0.025, wrong, n - wrong + 1)) if wrong else 0.0
            high = float(beta.ppf(0.975, wrong + 1, n - wrong))
            seen = [f"{100 * share:.2f}" for share in (stated / n, wrong / n, low, high)]
            ratio = f"{stated / wrong:.2f}" if wrong >= ENOUGH else "too few"
            print(mix, group, name.value, n, wrong, *seen, ratio, sep="\t")


def _is(row: VariantChange, name: VariantClass, group: str) -> bool:
    """Whether a row has a class as its label, or as the likeliest of all."""
    if group == "labels given":
        return row.variant_class is name
    known = not np.isnan(row.p_acquired)
    return known and max(PAIR, key=lambda c: float(getattr(row, f"p_{c.value}"))) is name


COLOURS = ("#c44e52", "#4c72b0", "#dd8452", "#55a868", "#8172b3")
SIDE, MARGIN, DECADES, PANEL = 300, 50, 4, 380


def diagram(points: Sequence[Reliability]) -> str:
    """SVG: stated against observed error, a panel per mix; on the line they agree.

    Errors are drawn on a log scale from 1e-4; an observed error of 0 lies on the lower edge.
    """
    mixes = list(dict.fromkeys(point.mix for point in points))
    parts = [part for i, mix in enumerate(mixes) for part in _panel(i, mix, points)]
    for i, name in enumerate(PAIR):
        x, y = MARGIN + 110 * i, SIDE + 2 * MARGIN - 5
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{COLOURS[i]}"/>')
        parts.append(f'<text x="{x + 10}" y="{y + 4}">{name.value}</text>')
    width, height = PANEL * len(mixes) + MARGIN, SIDE + 2 * MARGIN + 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    title = "<title>Stated against observed error of the classes</title>"
    style = ' font-family="sans-serif" font-size="12">'
    body = "\n".join(parts)
    return (
        f"{head}{style}{title}\n<rect width='100%' height='100%' fill='white'/>\n{body}\n</svg>\n"
    )


def _panel(index: int, mix: str, points: Sequence[Reliability]) -> list[str]:
    left, bottom = MARGIN + PANEL * index, MARGIN + SIDE
    size = f'width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"'
    parts = [f'<rect x="{left}" y="{MARGIN}" {size}/>']
    line = f'x1="{left}" y1="{bottom}" x2="{left + SIDE}" y2="{MARGIN}"'
    parts.append(f'<line {line} stroke="#999" stroke-dasharray="4"/>')
    parts.append(f'<text x="{left}" y="{MARGIN - 12}">{mix}: stated (across), observed (up)</text>')
    for power in range(DECADES + 1):
        label = f"1e-{DECADES - power}" if power < DECADES else "1"
        step = SIDE * power / DECADES
        parts.append(f'<text x="{left + step - 12:.0f}" y="{bottom + 16}">{label}</text>')
        parts.append(f'<text x="{left - 38}" y="{bottom - step + 4:.0f}">{label}</text>')
    order = [name.value for name in PAIR]
    for point in (p for p in points if p.mix == mix):
        x, y = (SIDE * _decade(error) / DECADES for error in (point.stated, point.observed))
        place = f'cx="{left + x:.1f}" cy="{bottom - y:.1f}" r="{2 + point.loci**0.25:.1f}"'
        colour = COLOURS[order.index(point.name)]
        parts.append(f'<circle {place} fill="{colour}" fill-opacity="0.7"/>')
    return parts


def _decade(error: float) -> float:
    return float(np.log10(max(error, 10.0**-DECADES)) + DECADES)


def change_test(loci: int, repeats: int, rng: np.random.Generator) -> None:
    """Print how often an unchanged VAF gets P < 0.05, rho learned from each pair's 200 SNPs."""
    settings = load(Settings, "variants")
    print("\n## VAF change test at nominal 5 %\n")
    print("vaf\trho\tdepth\tpairs\trho_learned\tP<0.05_%\tstandard_error")
    for vaf, rho, depth in product((0.3, 0.05), (0.0005, 0.002, 0.005), (500, 2000)):
        shares, learned = [], []
        for _ in range(repeats):
            vafs = np.concatenate((np.full((loci, 2), vaf), np.full((200, 2), 0.5)))
            pair = draw(vafs, depth, rho, rng)
            scatter = estimate(
                pair.alt, pair.depth, settings.overdispersion, settings.overdispersion_min_snps
            )
            p = change_p_value(*_unchanged(pair, loci, scatter))
            shares.append(100 * np.nanmean(p < 0.05))
            learned.append(scatter.rho)
        error = np.std(shares) / np.sqrt(repeats)
        cells = (f"{np.mean(learned):.4f}", f"{np.mean(shares):.2f}", f"{error:.2f}")
        print(vaf, rho, depth, repeats, *cells, sep="\t")


def learned_rho(repeats: int, rng: np.random.Generator) -> None:
    """Print rho learned over the true rho, for few and many SNPs among variants that changed."""
    settings = load(Settings, "variants")
    print("\n## Overdispersion learned, over the truth\n")
    print("mix\trho\tdepth\tvariants\tSNPs\ttables\tmean\tlowest\thighest")
    mixes = {"steps": mixed_vafs, "any factor": any_fold_vafs}
    among = product(mixes, (RHO,), ((4000, 300), (300, 20), (1000, 0)), (300, 1000))
    alone = product(("steps",), (0.0005, 0.002, 0.005), ((0, 30), (0, 300)), (300, 1000))
    for mix, rho, (n, snps), depth in [*among, *alone]:
        found = []
        for _ in range(repeats):
            pair = draw(mixes[mix](n, rng)[: n + snps], depth, rho, rng, uneven=mix != "steps")
            scatter = estimate(
                pair.alt, pair.depth, settings.overdispersion, settings.overdispersion_min_snps
            )
            found.append(scatter.rho / rho)
        mean = np.exp(np.mean(np.log(found)))
        cells = (f"{mean:.2f}", f"{min(found):.2f}", f"{max(found):.2f}")
        print(mix, rho, depth, n, snps, repeats, *cells, sep="\t")


def _unchanged(pair: Pair, n: int, scatter: Overdispersion) -> tuple[Observations, Question]:
    """The first n loci, and the question whether their VAFs changed."""
    zeros, unknown = np.zeros(n), np.full((n, 2), -1)
    errors = np.full((n, 2), ERROR)
    none = np.full((n, 2, 2), np.nan)
    counts = Observations(pair.alt[:n], pair.depth[:n], errors, unknown, zeros, zeros, zeros, none)
    nan = (float("nan"), float("nan"))
    question = Question(
        0, 1, None, ABSENT, ABSENT, np.ones(n), RATIO, scatter.rho, nan, scatter.spread
    )
    return counts, question


def speed(loci: int, rng: np.random.Generator) -> None:
    """Print processor seconds for a large count table, step by step."""
    pair = draw(mixed_vafs(loci, rng), 500, RHO, rng)
    settings = load(Settings, "variants")
    with tempfile.TemporaryDirectory() as name:
        table = count_table(pair, Path(name))
        libraries = [LibraryInput(t, t, "dna", "", (table,)) for t in ("diagnosis", "relapse")]
        began = time.process_time()
        case = prepare("P", libraries, {}, Sources.open("", "", "", ""), settings)
        ready = time.process_time()
        rows, _ = compare(case, 0, 1, settings)
        done = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n## Speed\n\n{len(rows)} loci of a count table, processor seconds:\n")
    print("read, overdispersion, purity from clones\tclassified\tpeak memory, MB")
    print(f"{ready - began:.1f}\t{done - ready:.1f}\t{memory:.0f}")


def planted(world_size: int, rng: np.random.Generator, folder: Path) -> tuple[World, list[Allele]]:
    """A genome, and a variant every 250 bases: SNVs, MNVs, insertions and deletions to 30 bp."""
    world = World.make(folder, random_bases(world_size, rng))
    alleles = []
    for i, place in enumerate(range(500, world_size - 500, 250)):
        size = int(rng.integers(1, 31)) if rng.random() < 0.5 else int(rng.integers(1, 4))
        deleted, inserted = world.genome[place], OTHER[world.genome[place]]
        if i % 4 == 1:
            deleted, inserted = "", random_bases(size, rng)
        elif i % 4 == 2:
            deleted, inserted = world.genome[place : place + size], ""
        elif i % 4 == 3:
            deleted = world.genome[place : place + 2]
            inserted = "".join(OTHER[base] for base in deleted)
        alleles.append(world.allele(place, deleted, inserted))
    model = transcript([(100, world_size - 100)], [])
    write_table(folder / "models.tsv", GeneModel, [to_row(model)])
    return world, alleles


def reads(size: int, vaf: float, depth: int, rng: np.random.Generator) -> None:
    """Print recall and false calls of a pair whose relapse gained every planted variant."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world, alleles = planted(size, rng, folder / "world")
        bams = {"diagnosis": world.align("dx", [(world.genome, 1.0)], depth, rng, ReadModel())}
        mixture = [(world.genome, 1 - vaf), (world.planted(alleles), vaf)]
        bams["relapse"] = world.align("rel", mixture, depth, rng, ReadModel())
        _read_level(world, alleles, bams, vaf, depth)
        _freebayes(world, alleles, bams, vaf, depth)
        if depth >= 1000:
            _counting_speed(world, alleles, bams, rng)


def _read_level(
    world: World, alleles: Sequence[Allele], bams: dict[str, Path], vaf: float, depth: int
) -> None:
    shared = [f"--library={timepoint}={bam}" for timepoint, bam in bams.items()]
    shared += ["--reference", str(world.fasta), "--gene-models", str(world.folder / "models.tsv")]
    found = str(world.folder / "candidates.vcf.gz")
    began = time.perf_counter()
    assert amlresist(["candidates", *shared, "--out", found]) == 0
    middle = time.perf_counter()
    words = ["compare", *shared, "--candidates", found, "--out-dir", str(world.folder)]
    assert amlresist(words) == 0
    seconds = f"{middle - began:.1f}+{time.perf_counter() - middle:.1f}"
    rows = read_table(world.folder / "variants.tsv", VariantChange)
    silent = (VariantClass.ARTEFACT, VariantClass.NOT_EVALUABLE)
    called = {_allele(r) for r in rows if r.variant_class not in silent}
    shown = {_allele(r) for r in rows if r.after_present}
    _calls("amlresist, class given", world, alleles, called, vaf, depth, seconds)
    _calls("amlresist, seen after", world, alleles, shown, vaf, depth, seconds)
    ratio = [r.after_vaf / vaf for r in rows if _allele(r) in set(alleles)]
    print(f"# mean VAF / truth at the planted loci: {np.mean(ratio):.3f}")


def _allele(row: VariantChange) -> Allele:
    return Allele(row.chrom, row.pos - 1, row.ref, row.alt)


def _calls(
    rule: str,
    world: World,
    alleles: Sequence[Allele],
    called: set[Allele],
    vaf: float,
    depth: int,
    seconds: str,
) -> None:
    true = len(called & set(alleles))
    recall, false = true / len(alleles), len(called) - true
    f1 = 2 * true / (len(called) + len(alleles))
    per_100_kb = 1e5 * false / len(world.genome)
    cells = (vaf, depth, rule, len(alleles), f"{100 * recall:.1f}", f"{per_100_kb:.1f}")
    print(*cells, f"{f1:.4f}", seconds, sep="\t")


def _freebayes(
    world: World, alleles: Sequence[Allele], bams: dict[str, Path], vaf: float, depth: int
) -> None:
    command = f"freebayes -f {world.fasta} --pooled-continuous -F 0.01 -C 3 "
    command += " ".join(map(str, bams.values()))
    command += f" | bcftools norm -f {world.fasta} -m - -a 2>/dev/null | bcftools query -f "
    command += "'%POS\\t%REF\\t%ALT\\t%QUAL\\n'"
    began = time.perf_counter()
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    seconds = f"{time.perf_counter() - began:.1f}"
    for least in (0, 1):
        called = set()
        for line in done.stdout.splitlines():
            pos, ref, alt, quality = line.split("\t")
            if float(quality) >= least:
                called.add(normalise(Allele(CHROM, int(pos) - 1, ref, alt), world.fetch))
        rule = f"freebayes, QUAL >= {least}"
        # MNVs are split by the normalisation into their SNVs: those count as the MNV.
        snvs = {_first_snv(a): a for a in alleles if a.kind == "mnv"}
        parts = {p for a in snvs.values() for p in _snvs(a)}
        joined = {snvs.get(c, c) for c in called if c not in parts or c in snvs}
        _calls(rule, world, alleles, joined, vaf, depth, seconds)


def _snvs(mnv: Allele) -> list[Allele]:
    pairs = enumerate(zip(mnv.ref, mnv.alt, strict=True))
    return [Allele(mnv.chrom, mnv.pos + i, ref, alt) for i, (ref, alt) in pairs]


def _first_snv(mnv: Allele) -> Allele:
    return _snvs(mnv)[0]


def _counting_speed(
    world: World, alleles: Sequence[Allele], bams: dict[str, Path], rng: np.random.Generator
) -> None:
    """Print the time to count 2,000 loci, as a multiple of `samtools view -c` over them."""
    places = rng.choice(np.arange(300, len(world.genome) - 300), 2000 - len(alleles), replace=False)
    loci = [*alleles]
    for place in places.tolist():
        base = world.genome[place]
        loci.append(Allele(CHROM, place, base, OTHER[base]))
    loci = sorted(set(loci))
    bed = world.folder / "loci.bed"
    bed.write_text("".join(f"{a.chrom}\t{a.pos}\t{a.end}\n" for a in loci))
    began = time.perf_counter()
    for bam in bams.values():
        command = ["samtools", "view", "-c", "-M", "-L", str(bed), str(bam)]
        subprocess.run(command, check=True, capture_output=True)
    middle = time.perf_counter()
    for bam in bams.values():
        world.count(bam, loci)
    once, mine = middle - began, time.perf_counter() - middle
    print(f"# {len(loci)} loci, two BAMs: counted in {mine:.1f} s, samtools view -c {once:.1f} s")
    print(f"# ratio {mine / once:.1f}; of more than one base: {sum(a.kind != 'snv' for a in loci)}")


def main() -> None:
    """Run the benchmarks asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loci", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=5, help="count tables per mix and depth")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of the change test")
    parser.add_argument("--speed-loci", type=int, default=100_000)
    parser.add_argument("--kilobases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default="", choices=["", "counts", "change", "rho", "reads"])
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.only in {"", "counts"}:
        labels(arguments.loci, (300, 1000), arguments.repeats, rng)
        speed(arguments.speed_loci, rng)
    if arguments.only in {"", "change"}:
        change_test(1000, arguments.pairs, rng)
    if arguments.only in {"", "rho"}:
        learned_rho(arguments.pairs, rng)
    if arguments.only in {"", "reads"}:
        print("\n## Reads\n\nvaf\tdepth\trule\tplanted\trecall_%\tfalse_per_100kb\tF1\tseconds")
        reads(1000 * arguments.kilobases, 0.05, 300, rng)
        reads(500 * arguments.kilobases, 0.02, 1000, rng)


if __name__ == "__main__":
    main()
