"""Tables of the alignment QC station."""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class AlignmentQc:
    """`alignment_qc.tsv`: one row per library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    assay: str = column("dna or rna")
    reads: int = column("primary reads", "reads")
    mapped_share: float = column("share of reads that are mapped", "0-1")
    duplicate_share: float = column("share of mapped reads marked as duplicates", "0-1")
    usable_share: float = column("share of reads usable for counting", "0-1")
    mean_insert_size: float = column("mean fragment length of proper pairs", "bp")
    read_length: int = column("most common read length", "bp")
    error_rate: float = column("mismatches per aligned base", "per base")
    target_bases: int = column("bases of the assayed region", "bp")
    mean_depth: float = column("mean fragment depth over the assayed region", "fragments")
    share_at_minimum: float = column("share of the assayed region at the minimum depth", "0-1")
    contamination: float = column("foreign share from the library's own homozygous sites", "0-1")
    sex_observed: str = column(
        "female or male from sites on X, NA where too few are assayed or an X is lost"
    )
    verdict: str = column("good, poor or not_evaluable")
    reason: str = column("why the verdict, in words")


@dataclass(frozen=True, slots=True)
class GeneCoverage:
    """`gene_coverage.tsv`: one row per gene of interest and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    gene: str = column("gene symbol")
    coding_bases: int = column("coding bases of the canonical transcript", "bp")
    mean_depth: float = column("mean depth over them", "fragments")
    share_at_minimum: float = column("share of them at the minimum depth", "0-1")
    target_bases: int | None = column(
        "coding bases inside the library's targets; NA where the sheet names none", "bp"
    )
    target_share_at_minimum: float = column("share of those at the minimum depth", "0-1")


@dataclass(frozen=True, slots=True)
class PairIdentity:
    """`pair_identity.tsv`: one row per pair of libraries of a patient."""

    patient: str = column("pseudonym of the patient")
    sample_a: str = column("first library")
    sample_b: str = column("second library")
    sites: int = column("heterozygous or homozygous-alternative sites readable in both")
    concordance: float = column("share of them with the same genotype", "0-1")
    log10_likelihood_ratio: float = column("same person over unrelated people", "log10")
    log10_ratio_relative: float = column("same person over parent, child or sibling", "log10")
    contamination: float = column("estimated foreign share in the later library", "0-1")
    contamination_low: float = column("lower end of its 95 % interval", "0-1")
    contamination_high: float = column("upper end of its 95 % interval", "0-1")
    homozygous_sites: int = column("sites the foreign share is estimated from")
    verdict: str = column("same_person, different_people, chimerism_suspected or cannot_tell")
    reason: str = column("why the verdict, in words")


@dataclass(frozen=True, slots=True)
class Genotype:
    """`genotypes.tsv`: fragments at each site where a library of the patient is not reference."""

    patient: str = column("pseudonym of the patient")
    sample: str = column("name of the library")
    chrom: str = column("contig, as in the reference")
    pos: int = column("position", "1-based")
    ref: str = column("reference base")
    alt: str = column("alternative base")
    ref_count: int = column("fragments with the reference base", "fragments")
    alt_count: int = column("fragments with the alternative base", "fragments")


@dataclass(frozen=True, slots=True)
class BestMatch:
    """`best_matches.tsv`: for each library the library of another patient most like it."""

    patient: str = column("pseudonym of the patient")
    sample: str = column("name of the library")
    other_patient: str = column("patient of the best match")
    other_sample: str = column("library of the best match")
    sites: int = column("sites compared, not reference in either patient")
    concordance: float = column("share of them with the same genotype", "0-1")
    same_person: bool = column("so alike that both must come from one person")
