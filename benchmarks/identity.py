"""Same person, swap, relative, foreign cells: verdicts on simulated pairs of libraries.

python benchmarks/identity.py [--pairs 200] [--sites 130] [--seed 950000]

About 57 % of the polymorphic `--sites` differ from the genome in one person and are informative.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "unit")]

from test_alignment_qc_identity import genotypes, person, relative, verdict  # noqa: E402

Vaf = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]
"""(random numbers, own genotypes, genotypes of another person) -> VAFs in the later library."""


def mixed(share: float) -> Vaf:
    """A share of another person's cells."""
    return lambda rng, own, other: (1 - share) * own / 2 + share * other / 2


def lost(share: float) -> Vaf:
    """A share of the heterozygous sites has lost an allele."""

    def vaf(rng: np.random.Generator, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        is_lost = (rng.random(len(own)) < share) & (own == 1)
        return np.where(is_lost, rng.choice([0.05, 0.95], len(own)), own / 2)

    return vaf


def acquired(number: int) -> Vaf:
    """A number of acquired mutations."""

    def vaf(rng: np.random.Generator, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        found = own / 2
        free = np.flatnonzero(own == 0)
        chosen = rng.choice(free, min(number, len(free)), replace=False)
        found[chosen] = rng.uniform(0.05, 0.55, len(chosen))
        return found

    return vaf


CASES: dict[str, tuple[str, Vaf, int]] = {
    "clean, 300 fragments": ("other", mixed(0), 300),
    "clean, 60 fragments": ("other", mixed(0), 60),
    "clean, 25 fragments": ("other", mixed(0), 25),
    "20 % of heterozygous sites lost": ("other", lost(0.2), 300),
    "50 % lost": ("other", lost(0.5), 300),
    "90 % lost": ("other", lost(0.9), 300),
    "5 acquired mutations": ("other", acquired(5), 300),
    "10 acquired mutations": ("other", acquired(10), 300),
    "15 acquired mutations": ("other", acquired(15), 300),
    "30 acquired mutations": ("other", acquired(30), 300),
    "swapped": ("other", mixed(1), 300),
    "a child's sample": ("child", mixed(1), 300),
    "a sibling's sample": ("sibling", mixed(1), 300),
    **{
        f"{share:.0%} foreign": ("other", mixed(share), 300)
        for share in (0.02, 0.05, 0.1, 0.3, 0.6, 0.9, 0.95, 0.99)
    },
    "5 % foreign, 60 fragments": ("other", mixed(0.05), 60),
    **{f"{share:.0%} of a sibling": ("sibling", mixed(share), 300) for share in (0.05, 0.3, 0.9)},
}


def verdicts(
    case: tuple[str, Vaf, int], pairs: int, sites: int, rng: np.random.Generator
) -> tuple[Counter[str], float]:
    """(verdict -> pairs, mean informative sites)."""
    who, vaf, depth = case
    tally: Counter[str] = Counter()
    informative = 0
    for _ in range(pairs):
        frequency = person(rng, sites)
        if who == "other":
            own, other = genotypes(rng, frequency), genotypes(rng, frequency)
        else:
            own, other = relative(rng, frequency, who)
        row = verdict(rng, vaf(rng, own, other), own, depth=depth)
        told = " + contaminated" if "contaminated" in row.reason else ""
        tally[row.verdict + told] += 1
        informative += row.sites
    return tally, informative / pairs


def main() -> None:
    """Print a table of verdicts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--sites", type=int, default=130)
    parser.add_argument("--seed", type=int, default=950_000)
    arguments = parser.parse_args()
    print("| simulated | informative sites | verdicts |\n|---|---|---|")
    for number, (name, case) in enumerate(CASES.items()):
        rng = np.random.default_rng(arguments.seed + number)
        tally, sites = verdicts(case, arguments.pairs, arguments.sites, rng)
        told = ", ".join(f"{n} `{what}`" for what, n in tally.most_common())
        print(f"| {name} | {sites:.0f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
