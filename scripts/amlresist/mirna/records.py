"""Tables of the miRNA station."""

import math
from dataclasses import dataclass, field
from typing import Any

from amlresist.tables import column


def _later(doc: str, default: object, unit: str = "") -> Any:
    """A column that code written for an earlier version of the table may leave out."""
    return field(default=default, metadata={"doc": doc, "unit": unit})


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
    accession: str = _later("miRBase accessions, NA where the FASTA gives none", "")
    in_review: bool = _later("the review makes a claim about this miRNA", False)
    cannot_tell_from: tuple[str, ...] = _later(
        "miRNAs alike but for an end: reads hardly tell which of them it is, see the interval", ()
    )


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
    reason: str = _later("why the direction, in words", "")
    flags: tuple[str, ...] = _later("warnings, e.g. kits_differ, poor_library", ())


@dataclass(frozen=True, slots=True)
class MirnaQc:
    """`mirna_qc.tsv`: one row per library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    reads: int = column("reads in the FASTQ", "reads")
    adapter: str = column("3' adapter used")
    adapter_source: str = column("given, or detected")
    no_adapter: int | None = column("reads without adapter", "reads")
    too_short: int | None = column("reads too short to be a miRNA after trimming", "reads")
    too_long: int | None = column("reads above the length window after trimming", "reads")
    low_quality: int | None = column("reads dropped for quality or N", "reads")
    in_window: int | None = column("reads inside the length window", "reads")
    share_20_24: float = column("share of trimmed reads of 20 to 24 nt", "0-1")
    assigned: int = column("reads assigned to miRNAs", "reads")
    n_mirnas: int = column("miRNAs with at least 10 reads")
    size_factor: float = column("TMM size factor against the patient's first library")
    verdict: str = column("good, poor or not_evaluable")
    reason: str = column("why the verdict, in words")
    kit: str = _later("kit whose 3' adapter it is", "")
    duplicates: int | None = _later("reads dropped as copies of one UMI", None, "reads")
    foreign_share: float = _later(
        "reads equal to another species' miRNA / all miRNA reads; NA with one species in the FASTA",
        math.nan,
        "0-1",
    )
    foreign_species: str = _later("species most of them belong to", "")
    error_rate: float = _later("substitutions per base, learned from the reads", math.nan)


@dataclass(frozen=True, slots=True)
class MirnaHairpin:
    """`mirna_hairpins.tsv`: one row per hairpin, arm and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    hairpin: str = column("precursor name")
    arm: str = column("5p or 3p")
    mirna: str = column("mature miRNA of this arm; names with identical sequence joined by /")
    mirna_count: float = column("reads of the mature, counted once over all its hairpins", "reads")
    count: float = column("reads of this hairpin; NA where reads cannot tell hairpins", "reads")
    told_share: float = column("share of the mature's reads whose hairpin can be told", "0-1")
    arm_log2_ratio: float = column("5p over 3p reads of the hairpin, each plus one half", "log2")
    arm_low: float = column("lower end of the 95 % interval", "log2")
    arm_high: float = column("upper end of the 95 % interval", "log2")


@dataclass(frozen=True, slots=True)
class MirnaAllele:
    """`mirna_alleles.tsv`: one row per miRNA, known variant (`mirna.variants`) and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    mirna: str = column("mature miRNA; names with identical sequence joined by /")
    hairpin: str = column("precursor the variant lies in")
    variant: str = column("identifier in the VCF, else contig:position")
    position: int = column("place in the mature, 1-based; 0 and below: before it")
    snv_class: str = column("class of the variant in mirGFF3's terms")
    reference_base: str = column("base of the hairpin in the FASTA, on the miRNA's strand")
    alternative_base: str = column("base of the other allele, on the miRNA's strand")
    reference_count: float = column(
        "reads of the miRNA, of all its hairpins, across the place with this base", "reads"
    )
    alternative_count: float = column("those with the other base", "reads")
    alternative_share: float = column("share of the other base; of RNA, not of DNA", "0-1")
    share_low: float = column("lower end of the 95 % interval", "0-1")
    share_high: float = column("upper end of the 95 % interval", "0-1")
    reason: str = column("why the alleles cannot be told from reads, NA when they can")


@dataclass(frozen=True, slots=True)
class MirnaLength:
    """`mirna_lengths.tsv`: one row per insert length and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    length: int = column("insert length after trimming", "nt")
    reads: int = column("reads of this length, UMI copies counted once", "reads")


@dataclass(frozen=True, slots=True)
class ReviewMirna:
    """`resources/knowledge/mirnas.tsv`: one row per miRNA and claim of the review."""

    mirna: str = column("miRBase v22 name")
    accession: str = column("miRBase mature accession")
    sequence: str = column("mature sequence, by which other databases' names are matched")
    cluster: str = column("cluster named in the review, NA for none")
    claim: str = column("identifier of the claim")
    targets: tuple[str, ...] = column("targets named in the review, HGNC symbols")
    direction_stated: str = column("up, low or not_stated: expression said to go with the effect")
    effect: str = column("what the review says follows, in our words")
