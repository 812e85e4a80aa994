"""Tables of the FLT3-ITD station."""

from dataclasses import dataclass
from enum import StrEnum

from amlresist.tables import column


class Verdict(StrEnum):
    """What a library says about FLT3-ITD."""

    ITD = "itd"
    NO_ITD = "no_itd"
    NOT_CALLABLE = "not_callable"


class CloneChange(StrEnum):
    """What happened to an ITD clone between two time points."""

    GAINED = "gained"
    LOST = "lost"
    PERSISTENT = "persistent"
    EXPANDING = "expanding"
    CONTRACTING = "contracting"
    NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True)
class ItdClone:
    """`flt3_itd_clones.tsv`: one row per insertion allele and library."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    assay: str = column("dna or rna; their ratios must not be compared")
    clone: str = column("name of the allele, the same at every time point: ITD{length}_c{first}")
    kind: str = column("itd, or insertion when it repeats no neighbouring sequence")
    length: int = column("inserted bases", "bp")
    duplicated_length: int = column("bases copied from the neighbouring sequence (D)", "bp")
    n_length: int = column("inserted bases that are no copy (N)", "bp")
    inserted_sequence: str = column("inserted bases on the coding strand, 3'-most placement")
    chrom: str = column("contig, as in the reference")
    pos: int = column("anchor base of the left-aligned insertion", "1-based")
    ref: str = column("reference allele, VCF style")
    alt: str = column("alternative allele, VCF style")
    hgvs_c: str = column("HGVS coding change, e.g. c.1775_1795dup")
    hgvs_p: str = column("HGVS protein change, NA when the insertion leaves the exon")
    in_frame: bool = column("length is a multiple of three and no stop arises")
    typical: bool = column("itd with duplicated exon-14 sequence that keeps the frame")
    domain: str = column("FLT3 domain of the insertion site")
    itd_fragments: float = column("fragments that carry the allele, start-position corrected")
    wildtype_fragments: float = column("fragments that carry wild type, start-position corrected")
    vaf: float = column("ITD / (ITD + all other alleles)", "fraction")
    vaf_low: float = column("lower end of the 95 % interval", "fraction")
    vaf_high: float = column("upper end of the 95 % interval", "fraction")
    allelic_ratio: float = column("ITD / wild type, NA when there is no wild type")
    allelic_ratio_low: float = column("lower end of the 95 % interval")
    allelic_ratio_high: float = column("upper end of the 95 % interval")
    vaf_left: float = column("one-sided estimate from the 5' junction", "fraction")
    vaf_right: float = column("one-sided estimate from the 3' junction", "fraction")
    detection: str = column("de_novo, or targeted when looked up because of another time point")
    flags: tuple[str, ...] = column("no_wild_type, sides_disagree, covers_primer, out_of_frame ...")
    insertion_site: str = column("c. position of the last base before the inserted ones")


@dataclass(frozen=True, slots=True)
class ItdLibrary:
    """`flt3_itd.tsv`: one row per library: the verdict and its limits."""

    patient: str = column("pseudonym of the patient")
    timepoint: str = column("time point of the library")
    sample: str = column("name of the library")
    assay: str = column("dna or rna")
    verdict: Verdict = column("itd, no_itd or not_callable")
    n_clones: int = column("ITD clones")
    total_vaf: float = column("all ITD / all alleles", "fraction")
    total_allelic_ratio: float = column("all ITD / wild type, NA when there is no wild type")
    allelic_ratio_low: float = column("lower end of the 95 % interval")
    allelic_ratio_high: float = column("upper end of the 95 % interval")
    no_wild_type: bool = column("no wild-type fragment was seen beside the ITD")
    depth: int = column("fragments that span a junction of the searched region", "fragments")
    detection_limit: float = column("smallest ITD VAF found with 95 % power", "fraction")
    reason: str = column("why the verdict, in words")
    flags: tuple[str, ...] = column("warnings")
    method: str = column("amplicon or capture: how fragments were counted")


@dataclass(frozen=True, slots=True)
class ItdPair:
    """`flt3_itd_pairs.tsv`: one row per clone and comparison."""

    patient: str = column("pseudonym of the patient")
    comparison: str = column("time points compared, before>after")
    assay: str = column("dna or rna")
    clone: str = column("name of the allele")
    length: int = column("inserted bases", "bp")
    hgvs_c: str = column("HGVS coding change")
    change: CloneChange = column("what happened to the clone")
    probability: float = column("posterior probability of the change", "0-1")
    before_vaf: float = column("VAF before", "fraction")
    before_vaf_low: float = column("lower end of the 95 % interval", "fraction")
    before_vaf_high: float = column("upper end of the 95 % interval", "fraction")
    after_vaf: float = column("VAF after", "fraction")
    after_vaf_low: float = column("lower end of the 95 % interval", "fraction")
    after_vaf_high: float = column("upper end of the 95 % interval", "fraction")
    before_allelic_ratio: float = column("AR before, NA when there is no wild type")
    after_allelic_ratio: float = column("AR after, NA when there is no wild type")
    crosses_half: str = column("up, down or NA: whether the clone's AR crosses 0.5")
    reason: str = column("the arithmetic behind the change, in words")
