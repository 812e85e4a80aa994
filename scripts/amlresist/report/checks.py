"""Is the pair valid? The banner's answers, each with its state in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from amlresist.alignment_qc.records import AlignmentQc, PairIdentity
from amlresist.cohort.patients import NOT_RUN
from amlresist.report.labels import is_pair
from amlresist.report.results import STATIONS, PatientResults
from amlresist.report.wording import ends, is_missing, listed, percent, plural, significant, words
from amlresist.sheet import PatientFacts, timepoint_rank
from amlresist.variants.records import PairSummary, VariantChange

LOW_BLASTS = 0.2  # below it, many clonal variants fall under 10 % VAF


class State(StrEnum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the banner."""

    title: str
    state: State
    text: str


def pair_checks(results: PatientResults, facts: Mapping[str, PatientFacts]) -> list[Check]:
    """All checks of the banner, failures first."""
    checks = [
        _identity(results.of(PairIdentity)),
        *_mixture(results.of(PairIdentity), results.of(AlignmentQc)),
        _purity(results.of(PairSummary), facts),
        _depth(results.of(AlignmentQc)),
        _kits(results),
        _layers(results),
        *_treatment(facts),
    ]
    return _failures(results) + checks


def _failures(results: PatientResults) -> list[Check]:
    return [
        Check(f"{STATIONS[station]} failed", State.BAD, "it left no table; see its log")
        for station in results.failed
    ]


_IDENTITY_STATES = {
    "same_person": State.GOOD,
    "chimerism_suspected": State.WARNING,
    "cannot_tell": State.UNKNOWN,
    "different_people": State.BAD,
}


def _identity(pairs: Sequence[PairIdentity]) -> Check:
    if not pairs:
        return Check("Same person", State.UNKNOWN, "not assessed: no genotypes to compare")
    severity = list(_IDENTITY_STATES)
    worst = max(pairs, key=lambda pair: severity.index(pair.verdict))
    said = "yes" if worst.verdict == "same_person" else words(worst.verdict)
    text = (
        f"{said}: {percent(worst.concordance, 3)} of "
        f"{plural(worst.sites, 'genotype')} agree, log10 likelihood ratio "
        f"{significant(worst.log10_likelihood_ratio)}"
    )
    if worst.verdict not in ("same_person", "cannot_tell"):
        text += f"; {worst.reason}"
    return Check("Same person", _IDENTITY_STATES[worst.verdict], text)


def _mixture(pairs: Sequence[PairIdentity], libraries: Sequence[AlignmentQc]) -> list[Check]:
    """What the stations add after a good verdict: reads of another person or time point."""
    told = [
        (f"{pair.sample_a}, {pair.sample_b}", pair.reason)
        for pair in pairs
        if pair.verdict == "same_person"
    ]
    told += [(row.sample, row.reason) for row in libraries if row.verdict == "good"]
    found = [(name, reason.partition("; ")[2]) for name, reason in told]
    text = ". ".join(f"{name}: {caution}" for name, caution in found if caution)
    return [Check("Mixed or swapped reads", State.WARNING, text)] if text else []


def _purity(summaries: Sequence[PairSummary], facts: Mapping[str, PatientFacts]) -> Check:
    found: dict[str, str] = {}
    shares: list[float] = []
    for summary in summaries:
        before, after = ends(summary.comparison)
        for timepoint, share in ((before, summary.purity_before), (after, summary.purity_after)):
            if not is_missing(share):
                found[timepoint] = f"{timepoint} {percent(share)} ({summary.purity_source})"
                shares.append(share)
    for timepoint, fact in facts.items():
        if fact.blast_fraction is not None and timepoint not in found:
            found[timepoint] = f"{timepoint} {percent(fact.blast_fraction)} (given blasts)"
            shares.append(fact.blast_fraction)
    if not found:
        text = "not known; VAFs are not corrected for it"
        return Check("Leukemic cells", State.UNKNOWN, text)
    state = State.WARNING if min(shares) < LOW_BLASTS else State.GOOD
    return Check("Leukemic cells", state, ", ".join(found[t] for t in _by_time(found)))


def _depth(rows: Sequence[AlignmentQc]) -> Check:
    if not rows:
        return Check("Depth", State.UNKNOWN, "not assessed: no reads were aligned")
    verdicts = {row.verdict for row in rows}
    state = State.WARNING if "poor" in verdicts else State.GOOD
    state = State.BAD if "not_evaluable" in verdicts else state
    ordered = sorted(rows, key=lambda row: timepoint_rank(row.timepoint))
    text = ", ".join(
        f"{row.timepoint} {significant(row.mean_depth)}×"
        + ("" if row.verdict == "good" else f" ({row.verdict.replace('_', ' ')}: {row.reason})")
        for row in ordered
    )
    return Check("Depth", state, text)


def _kits(results: PatientResults) -> Check:
    if not results.assessed(VariantChange):
        return Check("Same regions assayed", State.UNKNOWN, "not assessed")
    names = {row.comparison for row in results.of(VariantChange)}
    if names and not any(map(is_pair, names)):
        return Check("Same regions assayed", State.UNKNOWN, "no second time point with DNA")
    one_sided = sum(
        any(flag.startswith("not_assayed") for flag in row.flags)
        for row in results.of(VariantChange)
    )
    if one_sided:
        text = f"{plural(one_sided, 'variant')} lie where only one time point was assayed"
        return Check("Same regions assayed", State.WARNING, text)
    return Check("Same regions assayed", State.GOOD, "every variant was assayed at both")


def _layers(results: PatientResults) -> Check:
    layers = ("variants", "flt3_itd", "mirna", "expression")
    missing = [STATIONS[name] for name in layers if results.states[name] == NOT_RUN]
    if not missing and not results.failed:
        return Check("Layers", State.GOOD, "DNA, FLT3-ITD, miRNA and expression measured")
    text = f"not assessed: {listed(missing)}" if missing else "some failed, see above"
    return Check("Layers", State.UNKNOWN, text)


def _treatment(facts: Mapping[str, PatientFacts]) -> list[Check]:
    checks = []
    transplanted = [name for name in _by_time(facts) if facts[name].transplant_before]
    if transplanted:
        text = f"before {listed(transplanted)}: donor genotypes can appear"
        checks.append(Check("Transplant", State.WARNING, text))
    exposed = [name for name in _by_time(facts) if facts[name].flt3_inhibitor_before]
    if exposed:
        checks.append(Check("FLT3 inhibitor", State.GOOD, f"given before {listed(exposed)}"))
    return checks


def _by_time(timepoints: Mapping[str, object]) -> list[str]:
    return sorted(timepoints, key=timepoint_rank)
