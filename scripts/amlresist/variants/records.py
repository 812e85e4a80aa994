"""Tables of the variants station."""

from dataclasses import dataclass
from enum import StrEnum

from amlresist.tables import column


class VariantClass(StrEnum):
    """What happened to a variant between two time points."""

    ACQUIRED = "acquired"
    LOST = "lost"
    EXPANDING = "expanding"
    CONTRACTING = "contracting"
    STABLE = "stable"
    GERMLINE = "germline"
    ARTEFACT = "likely_artefact"
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True)
class AlleleCount:
    """`allele_counts.tsv`: fragments per variant and library, whatever the callers said."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    chrom: str = column("contig, as in the reference")
    pos: int = column("position of the left-aligned variant", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    assayed: bool = column("the locus lies in what this library was made to cover")
    ref_count: int | None = column("fragments that carry the reference allele", "fragments")
    alt_count: int | None = column("fragments that carry the alternative allele", "fragments")
    other_count: int | None = column("fragments with another allele there", "fragments")
    depth: int | None = column(
        "informative fragments: ref + alt + other; NA when unknown", "fragments"
    )
    alt_forward: int | None = column(
        "alternative fragments whose first read is forward", "fragments"
    )
    alt_reverse: int | None = column(
        "alternative fragments whose first read is reverse", "fragments"
    )
    vaf: float = column("alt_count / depth", "fraction")
    error_rate: float = column("error rate assumed for this change in this library", "per fragment")
    source: str = column("reads, or the kind of given result the counts come from")


@dataclass(frozen=True, slots=True)
class VariantChange:
    """`variants.tsv`: one row per variant and comparison of two time points."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    chrom: str = column("contig, as in the reference")
    pos: int = column("position of the left-aligned variant", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    variant_type: str = column("snv, mnv, insertion, deletion or complex")
    gene: str = column("gene symbol, NA outside genes")
    transcript: str = column("transcript of the HGVS names")
    hgvs_c: str = column("HGVS coding change without the transcript, e.g. c.2503G>T")
    hgvs_p: str = column("HGVS protein change in three letters, e.g. p.Asp835Tyr")
    protein_change: str = column("protein change in one letter, e.g. D835Y, W288Cfs*12")
    consequence: str = column("Sequence Ontology term, e.g. missense_variant")
    hotspot: str = column("name of the curated hotspot the change belongs to, NA for none")
    variant_class: VariantClass = column("what happened between the two time points")
    probability: float = column("posterior probability of the class", "0-1")
    q_value: float = column("expected share of wrong labels among rows at least as sure", "0-1")
    p_acquired: float = column("posterior of acquired", "0-1")
    p_lost: float = column("posterior of lost", "0-1")
    p_expanding: float = column("posterior of expanding", "0-1")
    p_contracting: float = column("posterior of contracting", "0-1")
    p_stable: float = column("posterior of stable", "0-1")
    p_germline: float = column("posterior of germline", "0-1")
    p_artefact: float = column("posterior of sequencing or mapping artefact", "0-1")
    before_alt: int | None = column("fragments with the variant before", "fragments")
    before_depth: int | None = column("informative fragments before", "fragments")
    before_vaf: float = column("observed VAF before", "fraction")
    before_vaf_low: float = column("lower end of the 95 % interval", "fraction")
    before_vaf_high: float = column("upper end of the 95 % interval", "fraction")
    before_present: bool | None = column(
        "more variant fragments than errors explain; NA: cannot say"
    )
    before_excluded_above: float = column("VAF excluded with 95 % when not seen before", "fraction")
    before_ccf: float = column(
        "share of leukemic cells with the variant before, NA if purity unknown"
    )
    after_alt: int | None = column("fragments with the variant after", "fragments")
    after_depth: int | None = column("informative fragments after", "fragments")
    after_vaf: float = column("observed VAF after", "fraction")
    after_vaf_low: float = column("lower end of the 95 % interval", "fraction")
    after_vaf_high: float = column("upper end of the 95 % interval", "fraction")
    after_present: bool | None = column(
        "more variant fragments than errors explain; NA: cannot say"
    )
    after_excluded_above: float = column("VAF excluded with 95 % when not seen after", "fraction")
    after_ccf: float = column(
        "share of leukemic cells with the variant after, NA if purity unknown"
    )
    depth_needed: int | None = column("depth that would have decided, NA when decided", "fragments")
    reason: str = column("the arithmetic behind the class, in words")
    flags: tuple[str, ...] = column(
        "warnings, e.g. copy_number_not_known, not_assayed_before; part_of_mnv: a list holds this"
        " change and an MNV that includes it, so count only one of them"
    )
    change_p_value: float = column(
        "two-sided p of an unchanged share of leukemic cells, overdispersion included", "0-1"
    )
    clone: str = column("cluster of clones.tsv the variant belongs to, NA for none")


@dataclass(frozen=True, slots=True)
class VafPoint:
    """`vaf_points.tsv`: ready to plot: one row per variant, comparison and time point of it."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    timepoint: str = column("time point of this row, one of the two compared")
    side: str = column("before or after")
    chrom: str = column("contig, as in the reference")
    pos: int = column("position of the left-aligned variant", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    label: str = column("gene and protein change, else the position")
    variant_class: VariantClass = column("what happened between the two time points")
    clone: str = column("cluster of clones.tsv the variant belongs to, NA for none")
    alt_count: int | None = column("fragments with the variant", "fragments")
    depth: int | None = column("informative fragments", "fragments")
    vaf: float = column("observed VAF", "fraction")
    vaf_low: float = column("lower end of the 95 % interval", "fraction")
    vaf_high: float = column("upper end of the 95 % interval", "fraction")
    ccf: float = column("share of leukemic cells with the variant, NA if purity unknown")
    ccf_low: float = column("lower end of its 95 % interval, with that of a learned purity")
    ccf_high: float = column("upper end of its 95 % interval, with that of a learned purity")
    present: bool | None = column("more fragments than errors explain; NA: cannot say")
    excluded_above: float = column("VAF excluded with 95 % when not seen", "fraction")
    absence_limit: float = column("VAF below which the variant counts as absent", "fraction")


@dataclass(frozen=True, slots=True)
class HotspotCheck:
    """`hotspots.tsv`: every curated change looked at in every library, seen or not."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    hotspot: str = column("name of the curated hotspot")
    gene: str = column("gene symbol")
    protein_change: str = column("protein change in one letter, e.g. D835Y")
    chrom: str = column("contig, as in the reference")
    pos: int = column("position of the left-aligned variant", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    alt_count: int | None = column("fragments that carry the alternative allele", "fragments")
    depth: int | None = column("informative fragments; NA when unknown", "fragments")
    vaf: float = column("alt_count / depth", "fraction")
    seen: bool | None = column("more fragments than errors explain; NA: not looked at")
    excluded_above: float = column("VAF excluded with 95 % when not seen", "fraction")


@dataclass(frozen=True, slots=True)
class PairSummary:
    """`variant_summary.tsv`: one row per comparison: numbers the labels rest on."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    n_acquired: int = column("variants acquired")
    n_lost: int = column("variants lost")
    n_expanding: int = column("variants expanding")
    n_contracting: int = column("variants contracting")
    n_stable: int = column("variants stable")
    n_germline: int = column("variants germline")
    n_artefact: int = column("likely artefacts")
    n_not_evaluable: int = column("variants that cannot be told")
    expected_wrong_labels: float = column("sum of the posterior errors of the labels given")
    overdispersion: float = column("beta-binomial rho learned from heterozygous SNPs")
    overdispersion_source: str = column("how rho was learned: n SNPs, or the default")
    purity_before: float = column("share of leukemic cells before, NA when unknown", "0-1")
    purity_before_low: float = column("lower end of its 95 % interval, NA where given", "0-1")
    purity_before_high: float = column("upper end of its 95 % interval, NA where given", "0-1")
    purity_after: float = column("share of leukemic cells after, NA when unknown", "0-1")
    purity_after_low: float = column("lower end of its 95 % interval, NA where given", "0-1")
    purity_after_high: float = column("upper end of its 95 % interval, NA where given", "0-1")
    purity_source: str = column("given blast fraction, founder cluster, or unknown")
    null_pair_false_acquired: float = column("acquired calls in the split-reads null pair / loci")
    evidence_level: str = column("counts, or presence when only calls without counts were given")


@dataclass(frozen=True, slots=True)
class CloneShare:
    """`clones.tsv`: clusters of variants with the same CCF path over the time points."""

    patient: str = column("pseudonym of the patient")
    clone: str = column("name of the cluster; founder is the truncal one")
    timepoint: str = column("time point")
    n_variants: int = column("variants assigned to the cluster")
    vaf: float = column("mean VAF of the cluster", "fraction")
    vaf_low: float = column("lower end of the 95 % interval", "fraction")
    vaf_high: float = column("upper end of the 95 % interval", "fraction")
    ccf: float = column("share of leukemic cells", "fraction")
    ccf_low: float = column("lower end of its 95 % interval, with that of a learned purity")
    ccf_high: float = column("upper end of its 95 % interval, with that of a learned purity")
