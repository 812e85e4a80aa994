"""Tables of the miRNA station."""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class MirnaCount:
    """`mirna_counts.tsv`: one row per miRNA and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    mirna: str = column("mature miRNA; names with identical sequence joined by /")
    count: float = column("reads assigned, ambiguous ones shared out by abundance", "reads")
    count_low: float = column("lower end of the 95 % interval", "reads")
    count_high: float = column("upper end of the 95 % interval", "reads")
    ambiguous_share: float = column("share of the count that other miRNAs could claim", "0-1")
    canonical_share: float = column("share of reads that equal the reference mature", "0-1")
    rpm: float = column("reads per million miRNA reads", "RPM")
    tmm_rpm: float = column("RPM with the composition-robust (TMM) size factor", "RPM")


@dataclass(frozen=True, slots=True)
class MirnaChange:
    """`mirna_change.tsv`: one row per miRNA and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    mirna: str = column("mature miRNA; names with identical sequence joined by /")
    before_count: float = column("reads before", "reads")
    after_count: float = column("reads after", "reads")
    before_rpm: float = column("normalised abundance before", "RPM")
    after_rpm: float = column("normalised abundance after", "RPM")
    log2_fold_change: float = column("after over before, shrunk by half a read")
    log2_low: float = column("lower end of the 95 % interval")
    log2_high: float = column("upper end of the 95 % interval")
    dispersion: float = column("biological coefficient of variation used")
    dispersion_source: str = column("cohort of n pairs, or prior (exploratory)")
    direction: str = column("up, down, no_change_shown or not_evaluable")
    in_review: bool = column("the review makes a claim about this miRNA")


@dataclass(frozen=True, slots=True)
class MirnaQc:
    """`mirna_qc.tsv`: one row per library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    reads: int = column("reads in the FASTQ", "reads")
    adapter: str = column("3' adapter used")
    adapter_source: str = column("given, or detected")
    no_adapter: int = column("reads without adapter", "reads")
    too_short: int = column("reads below the length window after trimming", "reads")
    too_long: int = column("reads above the length window after trimming", "reads")
    low_quality: int = column("reads dropped for quality or N", "reads")
    in_window: int = column("reads inside the length window", "reads")
    share_20_24: float = column("share of trimmed reads of 20 to 24 nt", "0-1")
    assigned: int = column("reads assigned to miRNAs", "reads")
    n_mirnas: int = column("miRNAs with at least 10 reads")
    size_factor: float = column("TMM size factor against the patient's first library")
    verdict: str = column("good, poor or not_evaluable")
    reason: str = column("why the verdict, in words")
