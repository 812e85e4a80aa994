"""Gene-set scores beside public tools: processor seconds on one matrix, and how alike they are.

    python benchmarks/score_peers.py [--samples 200] [--gseapy-python VENV/bin/python]

ssGSEA beside `gseapy.ssgsea`, the univariate linear model beside `decoupler.mt.ulm`; one thread
each, reading and writing not timed. gseapy lives in an environment of its own:
`python -m venv VENV && VENV/bin/pip install gseapy`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from amlresist.expression.scores import Method, score_samples

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
Sets = list[tuple[npt.NDArray[np.intp], Floats]]
N_GENES, N_SETS, SET_SIZE = 20_000, 50, 50
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA", "RAYON", "MKL")}
GSEAPY = """
import sys, time
import gseapy, numpy, pandas
values = numpy.load(sys.argv[1] + "/values.npy")
members = numpy.load(sys.argv[1] + "/members.npy")
genes = [f"G{number}" for number in range(values.shape[1])]
samples = [f"S{number}" for number in range(len(values))]
data = pandas.DataFrame(values.T, index=genes, columns=samples)
sets = {f"P{number}": [genes[i] for i in own] for number, own in enumerate(members)}
began = time.process_time()
found = gseapy.ssgsea(
    data=data, gene_sets=sets, sample_norm_method="rank", min_size=1, max_size=1000,
    permutation_num=0, outdir=None, no_plot=True, threads=1, verbose=False,
)
seconds = time.process_time() - began
table = found.res2d.pivot(index="Name", columns="Term", values="ES").loc[samples, list(sets)]
numpy.save(sys.argv[1] + "/scores.npy", table.to_numpy(dtype=float))
print(seconds)
"""


def main() -> None:
    """Score one matrix by each tool and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--gseapy-python", default="", help="Python that has gseapy")
    arguments = parser.parse_args()
    rng = np.random.default_rng(3)
    values = rng.normal(5, 2, (arguments.samples, N_GENES))
    chosen = np.array([rng.choice(N_GENES, SET_SIZE, replace=False) for _ in range(N_SETS)])
    values[:, chosen[0]] += 1
    weights = rng.normal(size=(N_SETS, SET_SIZE))
    plain: Sets = [(own, np.ones(SET_SIZE)) for own in chosen]
    weighted: Sets = list(zip(chosen, weights, strict=True))
    print("## Scores beside public tools\n")
    columns = ("amlresist, s", "other, s", "other / amlresist", "correlation of scores")
    print("\t".join(("score", "other tool", *columns)))
    if arguments.gseapy_python:
        other = gseapy(arguments.gseapy_python, values, chosen)
        print_row("ssGSEA", "gseapy", ours(values, plain, Method.SSGSEA), other)
    other = decoupler(values, weighted)
    print_row("univariate linear model", "decoupler", ours(values, weighted, Method.ULM), other)
    print(f"# {N_GENES} genes x {arguments.samples} samples x {N_SETS} sets of {SET_SIZE}")


def print_row(
    score: str, tool: str, mine: tuple[float, Floats], other: tuple[float, Floats]
) -> None:
    """Seconds of both, their ratio and the correlation over all samples and sets."""
    alike = np.corrcoef(mine[1].ravel(), other[1].ravel())[0, 1]
    numbers = f"{mine[0]:.2f}\t{other[0]:.2f}\t{other[0] / mine[0]:.1f}\t{alike:.6f}"
    print(f"{score}\t{tool}\t{numbers}", flush=True)


def ours(values: Floats, sets: Sets, method: Method) -> tuple[float, Floats]:
    """Processor seconds and scores, samples x sets."""
    return timed(lambda: score_samples(values, sets, [method])[method])


def decoupler(values: Floats, sets: Sets) -> tuple[float, Floats]:
    """The same of decoupler; a first call on a few samples lets it compile."""
    import decoupler as dc
    import pandas as pd

    genes = [f"G{number}" for number in range(N_GENES)]
    data = pd.DataFrame(values, columns=genes)
    rows = [
        (f"P{number:02d}", genes[gene], weight)
        for number, (members, weights) in enumerate(sets)
        for gene, weight in zip(members, weights, strict=True)
    ]
    net = pd.DataFrame(rows, columns=["source", "target", "weight"])
    dc.mt.ulm(data=data.iloc[:5], net=net, tmin=1)
    seconds, (scores, _) = timed(partial(dc.mt.ulm, data=data, net=net, tmin=1))
    return seconds, scores.to_numpy()


def gseapy(python: str, values: Floats, members: npt.NDArray[np.intp]) -> tuple[float, Floats]:
    """The same of gseapy, in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/values.npy", values)
        np.save(f"{folder}/members.npy", members)
        command = [python, "-W", "ignore", "-c", GSEAPY, folder]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return float(done.stdout.split()[-1]), np.load(f"{folder}/scores.npy")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds of a call and what it gives."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


if __name__ == "__main__":
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})
    main()
