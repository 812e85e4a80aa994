"""How well small members of miRNA families could be counted at all.

Reads of the benchmark's own design are shared out four times: by the station; knowing every true
abundance; knowing every true isomiR profile; knowing both. What the last one misses no method can
find; what the third one finds only reads could teach that a small member does not have.

    python benchmarks/mirna_oracle.py --matures mature.fa --hairpins hairpin.fa --seeds 201 202
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from mirna import (
    FAMILIES,
    SHIFTS_3P,
    SHIFTS_5P,
    SPECIES,
    TAIL_BASES,
    Profiles,
    own_design,
    true_counts,
    write_fastq,
)

from amlresist import settings as station_settings
from amlresist.mirna.explain import MIN_SHIFT_3P, Explanations, explain
from amlresist.mirna.model import Floats, Model, tally
from amlresist.mirna.quantify import quantify
from amlresist.mirna.reads import Inserts, read_inserts
from amlresist.mirna.reference import Reference, read_reference
from amlresist.mirna.settings import Settings

KNOWING = ("nothing", "abundances", "profiles", "both")
LEAST, MOST = 100, 500  # true reads of the members looked at
STEPS = 200  # of expectation and maximisation with known profiles
Drawn = dict[int, tuple[int, Profiles]]


def main() -> None:
    """Print the errors of every seed's family members."""
    arguments = _arguments()
    reference = read_reference(arguments.matures, arguments.hairpins, SPECIES, 0.05)
    settings = station_settings.load(Settings, "mirna", {})
    errors = []
    print("\t".join(["seed", "mirna", "reads", *(f"knowing {what}" for what in KNOWING)]))
    for seed in arguments.seeds:
        for name, true, found in _members(seed, arguments, reference, settings):
            errors.append([true, *(count - true for count in found)])
            cells = [seed, name, true, *(f"{count - true:+.1f}" for count in found)]
            print("\t".join(map(str, cells)))
    table = np.array(errors)
    off = table[:, 1:]
    share = np.abs(off) / table[:, :1]
    print("\t".join(["root mean square", "", "", *_texts(np.sqrt((off**2).mean(axis=0)))]))
    print("\t".join(["over 2 %", "", str(len(table)), *map(str, (share > 0.02).sum(axis=0))]))


def _members(
    seed: int, arguments: argparse.Namespace, reference: Reference, settings: Settings
) -> list[tuple[str, int, list[float]]]:
    """(member, true reads, reads found by each knowledge) of one library."""
    rng = np.random.default_rng(seed)
    drawn: Drawn = {}
    reads = own_design(reference, arguments.reads, rng, drawn)
    with tempfile.TemporaryDirectory() as folder:
        fastq = Path(folder) / "reads.fastq.gz"
        write_fastq(fastq, reads, rng, arguments.error_rate)
        inserts = read_inserts(str(fastq), settings)
    truth = true_counts(reads)
    found = _found(inserts, drawn, reference, settings, arguments.error_rate)
    pattern = "|".join(FAMILIES.values())
    return [
        (name, truth[name], [float(counts[i]) for counts in found])
        for i, name in enumerate(reference.groups)
        if re.search(rf"hsa-({pattern})($|/)", name) and LEAST <= truth[name] < MOST
    ]


def _found(
    inserts: Inserts, drawn: Drawn, reference: Reference, settings: Settings, error_rate: float
) -> list[Floats]:
    """Reads of each miRNA by what is known, in the order of `KNOWING`."""
    sequences = tuple(inserts.counts)
    counts, lengths = list(inserts.counts.values()), [len(s) for s in sequences]
    explanations = explain(sequences, reference, settings)

    def model() -> Model:
        return _model(counts, lengths, explanations, reference, settings)

    learned, told = model(), model()
    learned.fit()
    _set_abundances(learned, drawn)
    _set_profiles(told, drawn, error_rate)
    _set_abundances(told, drawn)
    both = _counts(told)
    for _ in range(STEPS):
        shared = told.posterior(told.likelihood()) * told.weights[told.read]
        told.theta = tally(told.context, shared, len(told.group_of)) / told.total
        told.theta_other = max(1 - told.theta.sum(), 1e-9)
    ours = quantify(counts, lengths, explanations, reference, settings).counts
    return [ours, _counts(learned), _counts(told), both]


def _model(
    counts: list[int],
    lengths: list[int],
    explanations: Explanations,
    reference: Reference,
    settings: Settings,
) -> Model:
    return Model(np.array(counts, float), np.array(lengths), explanations, reference, settings)


def _set_abundances(model: Model, drawn: Drawn) -> None:
    theta = np.zeros(len(model.group_of))
    for context, (reads, _) in drawn.items():
        theta[context] = reads
    model.theta = theta / model.total
    model.theta_other = max(1 - model.theta.sum(), 1e-9)


def _set_profiles(model: Model, drawn: Drawn, error_rate: float) -> None:
    first_5p = (model.features[0][1] - 1) // 2 + SHIFTS_5P[0]
    firsts = (first_5p, SHIFTS_3P[0] - MIN_SHIFT_3P, 0)
    model.profiles = [np.full((len(model.group_of), size), 1e-300) for _, size in model.features]
    for context, (_, profiles) in drawn.items():
        for table, first, profile in zip(model.profiles, firsts, profiles, strict=True):
            table[context, first : first + len(profile)] = profile
    model.error_rate, model.tail_bases = error_rate, np.array(TAIL_BASES)
    model._set_emission()


def _counts(model: Model) -> Floats:
    return model.per_group(model.posterior(model.likelihood()) * model.weights[model.read])


def _texts(values: Floats) -> list[str]:
    return [f"{value:.2f}" for value in values]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--matures", required=True)
    parser.add_argument("--hairpins", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[201])
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--error-rate", type=float, default=0.001)
    return parser.parse_args()


if __name__ == "__main__":
    main()
