"""Truth tables of the simulated cohort."""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class TrueVariant:
    """`truth/variants.tsv`: one row per patient, variant and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after; one time point when unpaired")
    chrom: str = column("contig")
    pos: int = column("position of the left-aligned variant", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    variant_type: str = column("snv, mnv, insertion, deletion or complex")
    gene: str = column("gene symbol")
    transcript: str = column("transcript of the HGVS names")
    hgvs_c: str = column("HGVS coding change")
    hgvs_p: str = column("HGVS protein change in three letters, NA outside the coding sequence")
    protein_change: str = column("protein change in one letter, NA outside the coding sequence")
    before_vaf: float = column("true share of molecules with the variant before", "fraction")
    after_vaf: float = column("true share of molecules with the variant after", "fraction")
    before_ccf: float = column("true share of leukemic cells with the variant before", "fraction")
    after_ccf: float = column("true share of leukemic cells with the variant after", "fraction")
    before_depth: float = column("expected distinct fragments before", "fragments")
    after_depth: float = column("expected distinct fragments after", "fragments")
    before_purity: float = column("share of leukemic cells before", "0-1")
    after_purity: float = column("share of leukemic cells after", "0-1")
    expected_class: str = column("what truly happened, by cancer-cell fraction")
    evaluable: bool = column("the depth allows to tell; otherwise not_evaluable is right")
    trap: str = column("why the variant is in the cohort")


@dataclass(frozen=True, slots=True)
class TrueItd:
    """`truth/flt3_itd.tsv`: one row per patient, clone and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after; one time point when unpaired")
    clone: str = column("name of the allele within the patient")
    length: int = column("inserted bases", "bp")
    duplicated_length: int = column("bases copied from the neighbouring sequence", "bp")
    n_length: int = column("inserted bases that are no copy", "bp")
    inserted_sequence: str = column("inserted bases on the coding strand, 3'-most placement")
    chrom: str = column("contig")
    pos: int = column("anchor base of the left-aligned insertion", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    hgvs_c: str = column("HGVS coding change")
    before_vaf: float = column("true share of molecules before", "fraction")
    after_vaf: float = column("true share of molecules after", "fraction")
    before_allelic_ratio: float = column("clone / wild type before, NA without wild type")
    after_allelic_ratio: float = column("clone / wild type after, NA without wild type")
    before_depth: float = column("expected distinct fragments before", "fragments")
    after_depth: float = column("expected distinct fragments after", "fragments")
    expected_change: str = column("gained, lost, persistent, expanding or contracting")
    evaluable: bool = column("the depth allows to tell")
    trap: str = column("why the clone is in the cohort")


@dataclass(frozen=True, slots=True)
class TrueSnp:
    """`truth/germline_snps.tsv`: one row per patient and germline SNP of the panel."""

    patient: str = column("pseudonym of the patient")
    chrom: str = column("contig")
    pos: int = column("position", "1-based")
    ref: str = column("reference allele")
    alt: str = column("alternative allele")
    alt_copies: int = column("alternative alleles in normal cells, 1 or 2")


@dataclass(frozen=True, slots=True)
class TrueMirna:
    """`truth/mirna.tsv`: one row per patient, miRNA and time point."""

    patient: str = column("pseudonym of the patient")
    sample: str = column("name of the library")
    timepoint: str = column("time point of the library")
    mirna: str = column("mature miRNA")
    reads: int = column("reads made from it, all isomiRs", "reads")
    canonical_reads: int = column("of them equal to the reference mature, before errors", "reads")
    planted_log2: float = column("planted log2 fold change against diagnosis")
    direction: str = column("up, down or unchanged, as planted")


@dataclass(frozen=True, slots=True)
class TrueExpression:
    """`truth/expression.tsv`: one row per patient, gene and time point."""

    patient: str = column("pseudonym of the patient")
    sample: str = column("name of the library")
    timepoint: str = column("time point of the library")
    gene: str = column("gene symbol")
    tpm: float = column("true abundance", "TPM")
    planted_log2: float = column("planted log2 fold change against diagnosis, noise apart")


@dataclass(frozen=True, slots=True)
class TruePathway:
    """`truth/pathways.tsv`: one row per patient, comparison and shifted gene set."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    pathway: str = column("name of the gene set")
    planted_log2: float = column("planted log2 fold change of its genes")
    direction: str = column("up or down")


@dataclass(frozen=True, slots=True)
class TruePatient:
    """`truth/patients.tsv`: one row per patient and time point."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point")
    person: str = column("person the sample comes from; differs where samples are swapped")
    purity: float = column("share of leukemic cells", "0-1")
    depth: float = column("distinct fragments per target base of the DNA library", "fragments")
    read_length: int = column("of the DNA library", "bp")
    assays: tuple[str, ...] = column("assays of this time point, with their form")
    story: str = column("what the patient is in the cohort for")


@dataclass(frozen=True, slots=True)
class TrueEvidence:
    """`truth/evidence.tsv`: one row per patient and claim with a sure answer."""

    patient: str = column("pseudonym of the patient")
    claim: str = column("identifier of the claim")
    status: str = column("supported, contradicted, not_observed or not_assessed")
    reason: str = column("the planted event behind it")
