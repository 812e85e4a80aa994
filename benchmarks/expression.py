"""Speed, memory and honesty of gene-set scores and fold changes, on data made here.

python benchmarks/expression.py [--repeats 50] [--arrays FOLDER]
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import kstest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from amlresist.expression.change import Direction, gene_changes, prior_dispersion  # noqa: E402
from amlresist.expression.correlation import (  # noqa: E402
    Correlation,
    SetCorrelations,
    ShippedCorrelation,
)
from amlresist.expression.gene_sets import GeneSet, read_gmt, shipped_themes  # noqa: E402
from amlresist.expression.genes import GeneNames  # noqa: E402
from amlresist.expression.matrix import read_matrix  # noqa: E402
from amlresist.expression.matrix_scores import log_values  # noqa: E402
from amlresist.expression.measured import Measured, Unit, from_counts  # noqa: E402
from amlresist.expression.pathways import (  # noqa: E402
    ScoreChange,
    make_pair,
    pathway_changes,
)
from amlresist.expression.reference_cohort import (  # noqa: E402
    ReferenceCohort,
    cohort_correlations,
)
from amlresist.expression.scores import Method, score_samples  # noqa: E402
from amlresist.expression.settings import Settings  # noqa: E402
from amlresist.settings import load  # noqa: E402
from amlresist.tables import write_table  # noqa: E402

N_GENES, N_SAMPLES, N_SETS, SET_SIZE = 20_000, 1_000, 50, 50
NOISE = 0.5
COHORT = 12  # people of a reference cohort
N_PAIRS = 24  # of people, half with ALL, half with AML
SOURCES = (  # of the correlation of a set's genes
    "0",
    "0.01",
    "0.03",
    "other leukemia",
    "reference cohort",
    "reference cohort and other leukemia",
)
PRESET = 0.01  # setting gene_correlation
CALLED = {Direction.UP, Direction.DOWN}


def speed() -> dict[str, float]:
    """20,000 genes x 1,000 samples x 50 sets, singscore and ssGSEA."""
    rng = np.random.default_rng(0)
    values = rng.normal(5, 2, (N_SAMPLES, N_GENES))
    sets = [
        (rng.choice(N_GENES, SET_SIZE, replace=False), np.ones(SET_SIZE)) for _ in range(N_SETS)
    ]
    start = time.process_time()
    score_samples(values, sets, [Method.SINGSCORE, Method.SSGSEA])
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"processor_seconds": round(seconds, 2), "peak_gb_with_the_matrix": round(peak, 2)}


def start_up() -> dict[str, float]:
    """Wall-clock seconds to import the command and to read the gene names."""
    code = (
        "import amlresist.cli.expression; from amlresist.expression.genes import GeneNames;"
        "GeneNames()"
    )
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SCRIPTS)})
        times.append(time.perf_counter() - start)
    return {"seconds": round(min(times), 3)}


def pathway_recall(repeats: int, shift_in_sd: float, correlation: float) -> dict[str, float]:
    """Planted shifts: ten of fifty sets move by `shift_in_sd` SD of the pair's gene noise.

    Args:
        correlation: setting `gene_correlation`; the genes made here are independent.
    """
    rng = np.random.default_rng(1)
    settings = replace(load(Settings, "expression"), null_sets=4999, gene_correlation=correlation)
    names = tuple(f"G{i:05d}" for i in range(N_GENES))
    recall: dict[Method, list[float]] = {method: [] for method in Method}
    wrong: dict[Method, list[float]] = {method: [] for method in Method}
    null: dict[Method, list[float]] = {method: [] for method in Method}
    for repeat in range(repeats):
        before = rng.normal(5, 2, N_GENES)
        after = before + rng.normal(0, NOISE * np.sqrt(2), N_GENES)
        chosen = [np.sort(rng.choice(N_GENES, 30, replace=False)) for _ in range(N_SETS)]
        for members in chosen[:10]:
            after[members] += shift_in_sd * NOISE * np.sqrt(2)
        sets = [
            GeneSet(str(i), "", "", tuple(names[m] for m in members), np.ones(30))
            for i, members in enumerate(chosen)
        ]
        pair = make_pair(*(Measured(names, v, None, Unit.LOG2) for v in (before, after)))
        changes = pathway_changes(pair, sets, settings, f"repeat {repeat}")
        for method in Method:
            own = [c for c in changes if c.method is method]
            called = [int(c.gene_set.name) < 10 for c in own if c.direction in CALLED]
            recall[method].append(sum(called) / 10)
            wrong[method].append(1 - sum(called) / len(called) if called else 0.0)
            null[method] += [c.p_value for c in own if int(c.gene_set.name) >= 10]
    found: dict[str, float] = {}
    for method in Method:
        found[f"{method}_recall"] = round(float(np.mean(recall[method])), 3)
        found[f"{method}_false_share"] = round(float(np.mean(wrong[method])), 4)
        found[f"{method}_false_share_standard_error"] = round(
            float(np.std(wrong[method]) / repeats**0.5), 4
        )
        found[f"{method}_null_p_below_0.05"] = round(
            float(np.mean(np.array(null[method]) < 0.05)), 4
        )
        p_value = kstest(null[method], "uniform").pvalue
        found[f"{method}_null_ks_p"] = round(float(p_value), 3)
    return found


@dataclass(frozen=True)
class Arrays:
    """Real arrays of 24 people with ALL, then 24 with AML, and the sets to score there."""

    genes: tuple[str, ...]
    values: np.ndarray
    sets: list[GeneSet]

    def people(self, leukemia: int) -> np.ndarray:
        """Rows of one leukemia, 0 ALL or 1 AML."""
        return np.arange(24) + 24 * leukemia

    def correlations(self, people: np.ndarray, known: SetCorrelations) -> SetCorrelations:
        """Correlation of each set's genes between these people."""
        return cohort_correlations(
            self.genes,
            ReferenceCohort(self.genes, self.values[people]),
            self.sets,
            known,
            list(Method),
            minimum_genes=10,
            minimum_background=500,
            seed=1,
        )


def read_arrays(folder: Path) -> Arrays:
    """The arrays, Hallmark and the shipped themes."""
    names = GeneNames()
    genes, values = log_values(
        read_matrix(folder / "leukemia_all_aml_arrays.txt.gz"), names, "intensity"
    )
    hallmark = read_gmt(folder / "hallmark_v7.0.symbols.gmt", names)
    return Arrays(genes, values, [*hallmark, *shipped_themes()])


def write_correlations(arrays: Arrays, path: Path) -> None:
    """`resources/gene_sets/gene_correlations.tsv`: mean of both leukemias."""
    per_leukemia = [arrays.correlations(arrays.people(leukemia), {}) for leukemia in (0, 1)]
    present = set(arrays.genes)
    rows = [
        ShippedCorrelation(
            gene_set.name,
            method,
            round(float(np.mean([found[key].value for found in per_leukemia])), 3),
            len(present & set(gene_set.genes)),
            "24 ALL and 24 AML arrays (HG-U95A; Armstrong et al. 2002, Nat Genet 30:41)",
        )
        for gene_set in sorted(arrays.sets, key=lambda s: s.name)
        for method in Method
        for key in [(gene_set.name, method)]
        if key in per_leukemia[0]
    ]
    write_table(path, ShippedCorrelation, rows)


def random_sets(arrays: Arrays, n_pairs: int) -> dict[str, object]:
    """p values of random sets between two people of one leukemia: uniform, genes independent."""
    rng = np.random.default_rng(3)
    settings = replace(load(Settings, "expression"), null_sets=999, gene_correlation=0.0)
    p_values: dict[Method, list[float]] = defaultdict(list)
    for number in range(n_pairs):
        one, other = rng.choice(arrays.people(number % 2), 2, replace=False)
        sets = [
            GeneSet(str(i), "", "", tuple(arrays.genes[m] for m in np.sort(members)), np.ones(30))
            for i in range(40)
            for members in [rng.choice(len(arrays.genes), 30, replace=False)]
        ]
        sides = (Measured(arrays.genes, arrays.values[i], None, Unit.LOG2) for i in (one, other))
        for change in pathway_changes(make_pair(*sides), sets, settings, f"pair {number}"):
            p_values[change.method].append(change.p_value)
    found: dict[str, object] = {"sets": n_pairs * 40}
    for method, p in p_values.items():
        found[f"{method}_ks_p"] = float(f"{kstest(p, 'uniform').pvalue:.2g}")
        found[f"{method}_p_below_0.05"] = round(float(np.mean(np.array(p) < 0.05)), 3)
    return found


def two_people(
    arrays: Arrays, n_pairs: int, source: str, shift_in_sd: float
) -> list[dict[str, object]]:
    """p values between two people of one leukemia, taken for a pair: nothing has changed.

    Then the same with ten sets shifted by `shift_in_sd` SD of the pair's differences; their genes
    are taken out of the other sets.

    Args:
        source: of the correlation: a value of the setting, `other leukemia` (as shipped values
            are, for people who had no part in them), `reference cohort` (12 other people of the
            same leukemia), or both: `reference cohort and other leukemia`.
    """
    rng = np.random.default_rng(3)
    found: dict[Method, dict[str, list[float]]] = {m: defaultdict(list) for m in Method}
    settings = replace(load(Settings, "expression"), null_sets=999, bootstrap_samples=200)
    if source[0].isdigit():
        settings = replace(settings, gene_correlation=float(source))
    elsewhere = [_as_shipped(arrays, 1 - leukemia) for leukemia in (0, 1)]
    for number in range(n_pairs):
        leukemia = number % 2
        one, other, *rest = rng.permutation(arrays.people(leukemia))
        sets = arrays.sets
        known: SetCorrelations = {} if source[0].isdigit() else elsewhere[leukemia]
        if source.startswith("reference cohort"):
            shipped = known if source.endswith("and other leukemia") else {}
            known = arrays.correlations(np.array(rest[:COHORT]), shipped)
        before, after = arrays.values[one], arrays.values[other]
        planted: dict[str, float] = {}
        for shift in (0.0, shift_in_sd):
            if shift:
                sets, after, planted = _plant(arrays, sets, before, after, shift, rng)
            pair = make_pair(*(Measured(arrays.genes, v, None, Unit.LOG2) for v in (before, after)))
            for c in pathway_changes(pair, sets, settings, f"pair {number}", known):
                if np.isfinite(c.p_value):
                    _note(found[c.method], c, planted)
    return [
        {"correlation from": source, "score": method.value}
        | {figure: round(float(np.mean(values)), 3) for figure, values in found[method].items()}
        for method in Method
    ]


def _as_shipped(arrays: Arrays, leukemia: int) -> SetCorrelations:
    found = arrays.correlations(arrays.people(leukemia), {})
    return {key: Correlation(c.value, "the other leukemia", 20) for key, c in found.items()}


def _plant(
    arrays: Arrays,
    sets: list[GeneSet],
    before: np.ndarray,
    after: np.ndarray,
    shift: float,
    rng: np.random.Generator,
) -> tuple[list[GeneSet], np.ndarray, dict[str, float]]:
    """(sets, shifted values, set -> sign): ten sets up or down, their genes only in them."""
    place = {gene: i for i, gene in enumerate(arrays.genes)}
    sign: dict[str, float] = {}
    owner: dict[str, str] = {}
    for gene_set in (sets[i] for i in rng.permutation(50)[:10]):
        sign[gene_set.name] = rng.choice([-1.0, 1.0])
        owner |= {gene: gene_set.name for gene in gene_set.genes if gene not in owner}
    moved = after.copy()
    size = shift * float((after - before).std())
    for gene, name in owner.items():
        if gene in place:
            moved[place[gene]] += sign[name] * size
    own = []
    for s in sets:
        kept = np.array([owner.get(gene, s.name) == s.name for gene in s.genes])
        genes = tuple(g for g, keep in zip(s.genes, kept, strict=True) if keep)
        own.append(replace(s, genes=genes, weights=s.weights[kept]))
    return own, moved, sign


def _note(found: dict[str, list[float]], change: ScoreChange, planted: dict[str, float]) -> None:
    sign = planted.get(change.gene_set.name)
    called = change.direction in CALLED
    if not planted:
        found["p below 0.05"].append(change.p_value < 0.05)
        found["called"].append(called)
    elif sign is not None:
        found["recall of shifts"].append(called and change.delta * sign > 0)
    else:
        found["called beside shifts"].append(called)


def interval_coverage(bcv: float) -> dict[str, float]:
    """How often the 95 % interval of the fold change holds the truth, by the BCV in truth."""
    rng = np.random.default_rng(2)
    names = tuple(f"G{i:05d}" for i in range(N_GENES))
    mean = rng.lognormal(0, 2, N_GENES)
    sides = []
    for _ in range(2):
        rate = mean * np.exp(rng.normal(0, bcv, N_GENES))
        sides.append(from_counts(names, rng.poisson(rate / rate.sum() * 3e7).astype(float)))
    settings = load(Settings, "expression")
    changes = gene_changes(sides[0], sides[1], prior_dispersion(settings.prior_bcv), settings)
    judged = [c for c in changes.values() if c.direction is not Direction.NOT_EVALUABLE]
    return {
        "coverage": round(float(np.mean([c.low <= 0 <= c.high for c in judged])), 3),
        "called": round(float(np.mean([c.direction in CALLED for c in judged])), 3),
    }


def main() -> None:
    """Run all and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="JSON of all figures")
    parser.add_argument("--repeats", type=int, default=50, help="pairs per figure")
    parser.add_argument("--arrays", type=Path, help="folder of the ALL/AML arrays and Hallmark")
    parser.add_argument(
        "--write-correlations", type=Path, help="make resources/gene_sets/gene_correlations.tsv"
    )
    arguments = parser.parse_args()
    figures: dict[str, dict[str, object] | list[dict[str, object]]] = {
        "speed": speed(),
        "start_up": start_up(),
        "shift_0.5_sd": pathway_recall(arguments.repeats, 0.5, PRESET),
        "shift_1_sd": pathway_recall(arguments.repeats, 1.0, PRESET),
        "shift_1_sd_genes_independent": pathway_recall(arguments.repeats, 1.0, 0.0),
        **{f"interval_bcv_{bcv}": interval_coverage(bcv) for bcv in (0.2, 0.4, 0.6)},
    }
    if arguments.arrays:
        arrays = read_arrays(arguments.arrays)
        if arguments.write_correlations:
            write_correlations(arrays, arguments.write_correlations)
        figures["random_sets_between_two_people"] = random_sets(arrays, arguments.repeats)
        n_pairs = min(N_PAIRS, arguments.repeats)
        figures["two_people"] = [
            row for source in SOURCES for row in two_people(arrays, n_pairs, source, 1.0)
        ]
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, found in figures.items():
        print(f"\n## {name.replace('_', ' ')}\n")
        rows = found if isinstance(found, list) else _in_rows(found)
        print("\t".join(rows[0]))
        print("\n".join("\t".join(map(str, row.values())) for row in rows))


def _in_rows(figures: dict[str, object]) -> list[dict[str, object]]:
    return [{"figure": name.replace("_", " "), "value": value} for name, value in figures.items()]


if __name__ == "__main__":
    main()
