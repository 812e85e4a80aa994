"""Accuracy of the FLT3-ITD caller on simulated libraries with a known truth.

python benchmarks/flt3_itd.py [--libraries 500] [--wild-type 1000]
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "unit")]

from flt3_itd_reads import Design, call_one, duplicate, simulate, toy_locus  # noqa: E402

LENGTHS = (6, 15, 30, 60, 90, 120, 150, 180, 210, 300)
SHARES = (0.5, 0.05, 0.95)
LOCUS = toy_locus()
REFERENCE, EXON = LOCUS.sequence, LOCUS.target
DESIGNS = {
    "amplicon 2x250": (Design(250, (EXON[0] - 20, EXON[0] + 310)), "amplicon", 4_000),
    "capture 2x100": (Design(100), "panel", 20_000),
    "capture 2x150": (Design(150, mean=350.0, sd=60.0), "panel", 20_000),
}


def lengths_and_shares(rng: np.random.Generator) -> None:
    """Print what is found for each design, length and VAF."""
    print("design\tlength\ttruth\tclones\texact\tvaf\tratio_to_truth\tin_interval")
    for name, (design, capture, fragments) in DESIGNS.items():
        for length in LENGTHS:
            end = EXON[0] + 60 if design.amplicon and length == 300 else EXON[1] - 10
            start = EXON[0] + 20 if design.amplicon and length < 200 else end - length
            haplotype = duplicate(REFERENCE, start, length)
            for share in SHARES:
                shares = [(REFERENCE, 1 - share), (haplotype, share)]
                pairs = simulate(REFERENCE, shares, fragments, design, rng)
                call = call_one(LOCUS, pairs, capture)
                exact = [c for c in call.clones if c.allele.apply(REFERENCE) == haplotype]
                vaf = exact[0].vaf if exact else None
                cells = [name, length, share, len(call.clones), bool(exact)]
                if vaf is not None:
                    ratio = round(vaf.value / share, 3)
                    cells += [round(vaf.value, 4), ratio, vaf.low <= share <= vaf.high]
                print(*cells, sep="\t")


def coverage(libraries: int, rng: np.random.Generator) -> None:
    """Print how often the 95 % interval holds the truth."""
    for name, (design, capture, _) in DESIGNS.items():
        for length, share in ((30, 0.3), (120, 0.3)):
            haplotype = duplicate(REFERENCE, EXON[0] + 10, length)
            shares = [(REFERENCE, 1 - share), (haplotype, share)]
            inside = 0
            for _ in range(libraries):
                pairs = simulate(REFERENCE, shares, 1_500, design, rng)
                found = call_one(LOCUS, pairs, capture).clones
                inside += bool(found) and found[0].vaf.low <= share <= found[0].vaf.high
            print(f"coverage\t{name}\t{length} bp\t{inside / libraries:.3f} of {libraries}")


def wild_type(libraries: int, rng: np.random.Generator) -> None:
    """Print how many wild-type libraries get a call."""
    for name, (design, capture, _) in DESIGNS.items():
        calls = 0
        for _ in range(libraries):
            pairs = simulate(REFERENCE, [(REFERENCE, 1.0)], 1_500, design, rng)
            calls += bool(call_one(LOCUS, pairs, capture).clones)
        print(f"wild type\t{name}\t{calls} calls in {libraries}")


def main() -> None:
    """Run every benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", type=int, default=500)
    parser.add_argument("--wild-type", type=int, default=1_000)
    arguments = parser.parse_args()
    lengths_and_shares(np.random.default_rng(1))
    coverage(arguments.libraries, np.random.default_rng(2))
    wild_type(arguments.wild_type, np.random.default_rng(3))


if __name__ == "__main__":
    main()
