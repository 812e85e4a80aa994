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
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import kstest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from amlresist.expression.change import Direction, gene_changes, prior_dispersion  # noqa: E402
from amlresist.expression.gene_sets import GeneSet, read_gmt  # noqa: E402
from amlresist.expression.genes import GeneNames  # noqa: E402
from amlresist.expression.matrix import read_matrix  # noqa: E402
from amlresist.expression.matrix_scores import log_values  # noqa: E402
from amlresist.expression.measured import Measured, Unit, from_counts  # noqa: E402
from amlresist.expression.pathways import make_pair, pathway_changes  # noqa: E402
from amlresist.expression.scores import Method, score_samples  # noqa: E402
from amlresist.expression.settings import Settings  # noqa: E402
from amlresist.settings import load  # noqa: E402

N_GENES, N_SAMPLES, N_SETS, SET_SIZE = 20_000, 1_000, 50, 50
NOISE = 0.5
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


def real_null(folder: Path, n_pairs: int, correlation: float) -> dict[str, object]:
    """p values between two people of one leukemia, taken for a pair.

    Random sets of 30 genes have nothing to tell, so their p values must be uniform with genes taken
    as independent. Genes of a process move together: how rarely Hallmark sets fall below 0.05 shows
    which correlation allows for that.
    """
    names = GeneNames()
    genes, values = log_values(
        read_matrix(folder / "leukemia_all_aml_arrays.txt.gz"), names, "intensity"
    )
    hallmark = read_gmt(folder / "hallmark_v7.0.symbols.gmt", names)
    rng = np.random.default_rng(3)
    settings = replace(load(Settings, "expression"), null_sets=999, gene_correlation=correlation)
    p_values: dict[tuple[Method, bool], list[float]] = defaultdict(list)
    for number in range(n_pairs):
        # Columns 1 to 24 are ALL, 25 to 48 AML.
        one, other = rng.choice(np.arange(24) + 24 * (number % 2), 2, replace=False)
        pair = make_pair(*(Measured(genes, values[i], None, Unit.LOG2) for i in (one, other)))
        sets = [
            GeneSet(f"random {i}", "", "", tuple(genes[m] for m in np.sort(members)), np.ones(30))
            for i in range(40)
            for members in [rng.choice(len(genes), 30, replace=False)]
        ]
        for change in pathway_changes(pair, [*sets, *hallmark], settings, f"pair {number}"):
            if np.isfinite(change.p_value):
                is_random = change.gene_set.name.startswith("random")
                p_values[change.method, is_random].append(change.p_value)
    found: dict[str, object] = {"pairs": n_pairs}
    for method in Method:
        for kind, is_random in (("random", True), ("hallmark", False)):
            p = np.array(p_values[method, is_random])
            found[f"{method}_{kind}_sets"] = len(p)
            found[f"{method}_{kind}_ks_p"] = float(f"{kstest(p, 'uniform').pvalue:.2g}")
            found[f"{method}_{kind}_p_below_0.05"] = round(float(np.mean(p <= 0.05)), 3)
    return found


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
    arguments = parser.parse_args()
    figures = {
        "speed": speed(),
        "start_up": start_up(),
        "shift_0.5_sd": pathway_recall(arguments.repeats, 0.5, PRESET),
        "shift_1_sd": pathway_recall(arguments.repeats, 1.0, PRESET),
        "shift_1_sd_genes_independent": pathway_recall(arguments.repeats, 1.0, 0.0),
        **{f"interval_bcv_{bcv}": interval_coverage(bcv) for bcv in (0.2, 0.4, 0.6)},
    }
    if arguments.arrays:
        for correlation in (0.0, PRESET, 0.03):
            figures[f"two_people_gene_correlation_{correlation}"] = real_null(
                arguments.arrays, arguments.repeats, correlation
            )
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for name, found in figures.items():
        print(f"\n## {name.replace('_', ' ')}\n\nfigure\tvalue")
        print("\n".join(f"{figure.replace('_', ' ')}\t{value}" for figure, value in found.items()))


if __name__ == "__main__":
    main()
