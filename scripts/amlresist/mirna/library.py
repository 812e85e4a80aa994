"""One library, from its file to counts with a verdict."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from amlresist.libraries import LibraryInput
from amlresist.mirna.change import Z95
from amlresist.mirna.explain import Explanations, explain
from amlresist.mirna.intervals import count_interval
from amlresist.mirna.kit_hints import kit_hints, usual_shifts
from amlresist.mirna.matrix import read_sample
from amlresist.mirna.qc import NOT_EVALUABLE, QcFacts, verdict
from amlresist.mirna.quantify import Quantities, quantify
from amlresist.mirna.reads import Inserts, read_inserts
from amlresist.mirna.reference import Reference
from amlresist.mirna.review import name_index
from amlresist.mirna.settings import Settings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadEvidence:
    """What only reads can tell: None for a given matrix."""

    inserts: Inserts
    sequences: Sequence[str]
    explanations: Explanations
    quantities: Quantities


@dataclass(frozen=True, slots=True)
class CountedLibrary:
    """Counts of one library and whether to trust them; arrays are aligned with `names`.

    Attributes:
        names: miRNAs of the library: every group of the reference, or those of the given matrix.
        counts, low, high: reads and their 95 % interval.
        missing: share of the count's information lost to ambiguity.
        facts, verdict, reason: the quality check.
        evidence: reads behind the counts.
    """

    library: LibraryInput
    names: tuple[str, ...]
    counts: Floats
    low: Floats
    high: Floats
    missing: Floats
    facts: QcFacts
    verdict: str
    reason: str
    evidence: ReadEvidence | None

    @property
    def evaluable(self) -> bool:
        """The numbers may be used."""
        return self.verdict != NOT_EVALUABLE


def count_library(
    library: LibraryInput, reference: Reference | None, settings: Settings
) -> CountedLibrary:
    """Count a library from its reads, or take a given matrix.

    Raises:
        InputError: the file cannot be used, or its adapter is in doubt.
    """
    if library.given or reference is None:
        return _from_matrix(library, reference, settings)
    inserts = read_inserts(library.paths[0], settings)
    sequences = tuple(inserts.counts)
    explanations = explain(sequences, reference, settings)
    counts = list(inserts.counts.values())
    quantities = quantify(counts, list(map(len, sequences)), explanations, reference, settings)
    evidence = ReadEvidence(inserts, sequences, explanations, quantities)
    facts = _facts(evidence, reference, settings)
    counted = _counted(
        library, reference.groups, quantities.counts, quantities.missing, facts, evidence, settings
    )
    _, hidden_high = count_interval(quantities.hidden, np.zeros(len(quantities.hidden)))
    hidden_high = np.maximum(hidden_high, Z95 * quantities.hidden_sd)
    return replace(counted, high=np.maximum(counted.high, hidden_high))


def _from_matrix(
    library: LibraryInput, reference: Reference | None, settings: Settings
) -> CountedLibrary:
    given = read_sample(library.paths[0], library.sample)
    known = name_index(reference) if reference else {}
    merged: Counter[str] = Counter()
    for name, count in given.items():
        merged[known.get(name, name)] += count  # type: ignore[assignment]
    names = tuple(sorted(merged))
    counts = np.array([merged[name] for name in names], float)
    facts = QcFacts(assigned=float(counts.sum()))
    return _counted(library, names, counts, np.zeros(len(names)), facts, None, settings)


def _counted(
    library: LibraryInput,
    names: tuple[str, ...],
    counts: Floats,
    missing: Floats,
    facts: QcFacts,
    evidence: ReadEvidence | None,
    settings: Settings,
) -> CountedLibrary:
    low, high = count_interval(counts, missing)
    label, reason = verdict(facts, settings)
    return CountedLibrary(
        library, names, counts, low, high, missing, facts, label, reason, evidence
    )


def _facts(evidence: ReadEvidence, reference: Reference, settings: Settings) -> QcFacts:
    inserts = evidence.inserts
    trimmed = sum(inserts.lengths.values())
    typical = sum(n for length, n in inserts.lengths.items() if 20 <= length <= 24)
    assigned = float(evidence.quantities.counts.sum())
    foreign, species = _foreign(evidence, reference.foreign)
    shift_5p, shift_3p = usual_shifts(
        evidence.explanations,
        evidence.quantities.best,
        np.array(list(inserts.counts.values()), float),
        np.array([context.group for context in reference.contexts], np.intp),
    )
    return QcFacts(
        assigned=assigned,
        assigned_share=_share(assigned, inserts.in_window),
        too_short_share=_share(inserts.too_short, inserts.reads),
        no_adapter_share=_share(inserts.no_adapter, inserts.reads),
        share_20_24=_share(typical, trimmed),
        foreign_share=_share(foreign, foreign + assigned) if reference.foreign else math.nan,
        foreign_species=species,
        shift_5p=shift_5p,
        shift_3p=shift_3p,
        hints=tuple(kit_hints(inserts, reference.sequences, assigned, settings)),
    )


def _foreign(evidence: ReadEvidence, foreign: Mapping[str, Sequence[str]]) -> tuple[int, str]:
    """Reads that equal a foreign mature and are no miRNA of our species; their main species."""
    species: Counter[str] = Counter()
    reads = 0
    own = evidence.quantities.posterior
    for index, sequence in enumerate(evidence.sequences):
        if sequence in foreign and own[index] < 0.5:
            count = evidence.inserts.counts[sequence]
            reads += count
            species.update(dict.fromkeys(foreign[sequence], count))
    return reads, min(species, key=lambda name: (-species[name], name), default="")


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
