"""Tables of the cohort that no single patient has.

Beside them, `results/cohort` holds the patients' own tables one below the other, under their names.
"""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class PatientStatus:
    """`patients.tsv`: one row per patient: which stations finished, and whether to trust them."""

    patient: str = column("pseudonym of the patient")
    status: str = column("failed, poor or good; failed ones come first")
    comparisons: tuple[str, ...] = column("time points compared")
    alignment_qc: str = column("done, failed or not_run")
    variants: str = column("done, failed or not_run")
    flt3_itd: str = column("done, failed or not_run")
    mirna: str = column("done, failed or not_run")
    expression: str = column("done, failed or not_run")
    evidence: str = column("done, failed or not_run")
    qc_verdict: str = column("worst verdict of the patient's libraries; NA without QC")
    identity: str = column("worst verdict of the patient's pairs of libraries; NA without")
    reason: str = column("why the status, in words")


@dataclass(frozen=True, slots=True)
class GeneChange:
    """`gene_changes.tsv`: one row per mutated gene; a patient counts once, by the first relapse.

    Only somatic protein-changing variants count.
    """

    gene: str = column("gene symbol")
    n_compared: int = column("patients whose gene could be judged at both time points")
    n_gained: int = column("patients mutated after but not before")
    n_lost: int = column("patients mutated before but not after")
    n_kept: int = column("patients mutated at both time points, by the same or other variants")
    n_never: int = column("patients not mutated at either, the gene being readable at both")
    n_unknown: int = column("patients in whom it cannot be told; not in n_compared")
    n_acquired_variants: int = column("variants acquired")
    n_lost_variants: int = column("variants lost")
    n_expanding_variants: int = column("variants expanding")
    n_contracting_variants: int = column("variants contracting")
    n_stable_variants: int = column("variants stable")
    p_value: float = column("exact McNemar test of n_gained against n_lost, two-sided", "0-1")
    q_value: float = column("Benjamini-Hochberg over the genes", "0-1")
    patients_gained: tuple[str, ...] = column("patients who gained a mutation")
    patients_lost: tuple[str, ...] = column("patients who lost it")


@dataclass(frozen=True, slots=True)
class ReviewExpectation:
    """`review_expectation.tsv`: one row per gene of which the review expects a gain or a loss."""

    gene: str = column("gene symbol, or FLT3-ITD")
    claim: str = column("claim of the review")
    expected: str = column("acquired or lost, at relapse")
    n_compared: int = column("patients in whom it could be judged")
    n_as_expected: int = column("patients in whom it happened")
    n_opposite: int = column("patients in whom the opposite happened")
    share: float = column("n_as_expected / n_compared", "0-1")
    share_low: float = column("lower end of the 95 % Clopper-Pearson interval", "0-1")
    share_high: float = column("upper end of the 95 % Clopper-Pearson interval", "0-1")
    review_low: float = column("lower end of the share the review gives, NA for none", "0-1")
    review_high: float = column("upper end of the share the review gives, NA for none", "0-1")
    p_value: float = column("exact McNemar test of gains against losses, two-sided", "0-1")
    verdict: str = column("as_expected, opposite, balanced, not_seen or not_assessed")
    reason: str = column("the numbers in words")


@dataclass(frozen=True, slots=True)
class ItdRecurrence:
    """`itd_recurrence.tsv`: one row per ITD allele seen in more than one patient."""

    clone: str = column("name of the allele")
    inserted_sequence: str = column("inserted bases on the coding strand")
    length: int = column("inserted bases", "bp")
    n_patients: int = column("patients with the allele")
    n_libraries: int = column("libraries with the allele")
    n_low: int = column("libraries in which its VAF is low")
    highest_vaf: float = column("highest VAF of all libraries", "fraction")
    highest_sample: str = column("library with the highest VAF")
    samples: tuple[str, ...] = column("libraries, the highest VAF first")
    verdict: str = column("contamination_suspected, carry_over_suspected or recurrent")
    reason: str = column("why the verdict, in words")


@dataclass(frozen=True, slots=True)
class ItdCarryOver:
    """`itd_carry_over.tsv`: one row per low ITD that another patient of the run carries as well."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    clone: str = column("name of the allele")
    vaf: float = column("VAF of the allele in this library", "fraction")
    source_patient: str = column("patient with the highest VAF of the same allele")
    source_sample: str = column("library of that VAF")
    source_vaf: float = column("that VAF", "fraction")
    reason: str = column("what to do before the clone is believed")
