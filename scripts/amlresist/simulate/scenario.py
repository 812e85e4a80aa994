"""The cohort's patients: what is planted in whom, and how each was assayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DIAGNOSIS, RELAPSE, RELAPSE2, NORMAL = "diagnosis", "relapse", "relapse2", "normal"


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """A change that some cells carry.

    Attributes:
        key: name within the patient.
        gene: gene symbol.
        change: HGVS-like coding change (see `edits.parse_change`); `missense@300`, `mnv@300`,
            `nonsense@300`, `del12@300`, `dup4@300`, `insACGTGT@300` at a residue of the simulated
            protein; `loss` (the copy is deleted) or `cnloh` (the copy is replaced by the other).
        side: which parental copy carries it, 0 or 1.
        trap: why it is in the cohort.
    """

    key: str
    gene: str
    change: str
    side: int
    trap: str


@dataclass(frozen=True, slots=True)
class Population:
    """Cells that share their changes.

    Attributes:
        variants: keys of all somatic changes of these cells.
        shares: time point -> share of all cells of the sample; normal cells are the rest.
    """

    variants: tuple[str, ...]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PlannedLibrary:
    """A library to make.

    Attributes:
        form: `fastq`, `bam`, `cram`; given results: `vcf` (calls only), `counts` (a table of
            fragments for DNA, a matrix for RNA), `tpm` (a matrix), `matrix` (miRNA counts).
        size: DNA: distinct fragments per target base; RNA, miRNA: read pairs or reads.
    """

    timepoint: str
    assay: str
    form: str
    size: float
    read_length: int = 100


@dataclass(frozen=True, slots=True)
class PlannedPatient:
    """A patient of the cohort.

    Attributes:
        germline: rare inherited changes beside the common SNPs; in all cells.
        expression_shifts: gene or `set:NAME` -> log2 fold change at every later time point.
        mirna_shifts: miRNA -> log2 fold change at every later time point.
        evidence: claim id -> (status, reason).
    """

    name: str
    story: str
    sex: str
    variants: tuple[PlannedVariant, ...]
    populations: tuple[Population, ...]
    libraries: tuple[PlannedLibrary, ...]
    germline: tuple[PlannedVariant, ...] = ()
    expression_shifts: Mapping[str, float] = field(default_factory=dict)
    mirna_shifts: Mapping[str, float] = field(default_factory=dict)
    evidence: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    flt3_inhibitor: bool = False
    knows_blasts: bool = True

    @property
    def timepoints(self) -> tuple[str, ...]:
        """Time points in order of first mention."""
        return tuple(dict.fromkeys(library.timepoint for library in self.libraries))

    def purity(self, timepoint: str) -> float:
        """Share of leukemic cells."""
        return sum(population.shares.get(timepoint, 0.0) for population in self.populations)

    def library(self, timepoint: str, assay: str) -> PlannedLibrary | None:
        """The library of a time point and assay, if one is planned."""
        return next(
            (x for x in self.libraries if (x.timepoint, x.assay) == (timepoint, assay)), None
        )


def _pair(assay: str, form: str, size: float, length: int = 100) -> tuple[PlannedLibrary, ...]:
    return tuple(PlannedLibrary(t, assay, form, size, length) for t in (DIAGNOSIS, RELAPSE))


def _shares(diagnosis: float, relapse: float, relapse2: float = 0.0) -> dict[str, float]:
    return {DIAGNOSIS: diagnosis, RELAPSE: relapse, RELAPSE2: relapse2}


def _v(key: str, gene: str, change: str, side: int, trap: str) -> PlannedVariant:
    return PlannedVariant(key, gene, change, side, trap)


PATIENTS = (
    PlannedPatient(
        name="AML01",
        story="all assays, from FASTQ; a FLT3-ITD and IDH1 R132H are acquired",
        sex="female",
        variants=(
            _v("dnmt3a", "DNMT3A", "2645G>A", 0, "founder, stable (R882H)"),
            _v("npm1", "NPM1", "860_863dup", 0, "founder, stable; NPM1 type A"),
            _v("tet2del", "TET2", "del9@200", 1, "founder, in-frame deletion of 9 bp, stable"),
            _v("nras", "NRAS", "35G>A", 0, "lost subclone (G12D)"),
            _v("itd30", "FLT3", "1772_1801dup", 0, "FLT3-ITD of 30 bp acquired"),
            _v("idh1", "IDH1", "395G>A", 1, "acquired (R132H)"),
            _v("runx1ins", "RUNX1", "insGCACGT@220", 0, "acquired in-frame insertion of 6 bp"),
            _v("wt1", "WT1", "dup4@381", 1, "acquired frameshift"),
        ),
        populations=(
            Population(("dnmt3a", "npm1", "tet2del"), _shares(0.40, 0.06)),
            Population(("dnmt3a", "npm1", "tet2del", "nras"), _shares(0.44, 0.0)),
            Population(
                ("dnmt3a", "npm1", "tet2del", "itd30", "idh1", "runx1ins", "wt1"),
                _shares(0.0, 0.80),
            ),
        ),
        libraries=(
            *_pair("dna", "fastq", 300),
            *_pair("rna", "fastq", 70_000),
            *_pair("mirna", "fastq", 100_000),
        ),
        germline=(_v("tet2snv", "TET2", "missense@420", 0, "rare inherited missense"),),
        expression_shifts={
            "ABCB1": 3.0,
            "set:pi3k_akt_mtor": 1.2,
            "ATM": -2.5,
            "CDKN1A": -2.5,
            "WT1": 2.8,
            "QPRT": 2.8,
            "set:drug_efflux": 1.0,
        },
        mirna_shifts={
            "hsa-miR-181a-5p": 2.5,
            "hsa-miR-17-5p": 1.5,
            "hsa-miR-18a-5p": 1.5,
            "hsa-miR-19a-3p": 1.5,
            "hsa-miR-20a-5p": 1.5,
            "hsa-miR-19b-3p": 1.5,
            "hsa-miR-92a-3p": 1.5,
            "hsa-miR-149-5p": -2.5,
        },
        evidence={
            "F03": ("supported", "FLT3-ITD acquired"),
            "O_acq_IDH1": ("supported", "IDH1 R132H acquired"),
            "O_lost_DNMT3A": ("contradicted", "DNMT3A R882H stable in the founder clone"),
            "N01": ("supported", "miR-181a-5p up sixfold, ATM down"),
            "W07": ("supported", "WT1 and QPRT up sevenfold"),
            "P02": ("supported", "ABCB1 up eightfold"),
            "F11": ("not_observed", "no F691L"),
        },
    ),
    PlannedPatient(
        name="AML02",
        story="DNMT3A, PTPN11 and a FLT3-ITD with N-nucleotides are lost; TP53 with 17p LOH gained",
        sex="male",
        variants=(
            _v("asxl1", "ASXL1", "dup1@646", 0, "founder, frameshift by one base, stable"),
            _v("srsf2", "SRSF2", "284C>A", 1, "founder, stable (P95H)"),
            _v("dnmt3a", "DNMT3A", "2644C>T", 0, "lost (R882C)"),
            _v("ptpn11", "PTPN11", "226G>A", 0, "lost (E76K)"),
            _v("itd63", "FLT3", "1760_1813itdGGCATCGAA", 1, "FLT3-ITD of 54 + 9 N bases lost"),
            _v("tp53", "TP53", "743G>A", 0, "acquired (R248Q), then 17p LOH"),
            _v("tp53loh", "TP53", "cnloh", 1, "copy-neutral LOH of 17p at relapse"),
            _v("topo", "TOP2A", "2392_2393delinsTT", 0, "acquired two-base MNV (K798L)"),
        ),
        populations=(
            Population(("asxl1", "srsf2", "dnmt3a"), _shares(0.30, 0.0)),
            Population(("asxl1", "srsf2", "dnmt3a", "ptpn11", "itd63"), _shares(0.56, 0.0)),
            Population(("asxl1", "srsf2", "tp53", "tp53loh"), _shares(0.0, 0.50)),
            Population(("asxl1", "srsf2", "tp53", "tp53loh", "topo"), _shares(0.0, 0.40)),
        ),
        libraries=(
            *_pair("dna", "bam", 300),
            *_pair("rna", "tpm", 20_000_000),
            *_pair("mirna", "fastq", 80_000),
        ),
        expression_shifts={
            "set:nf_kb": 1.2,
            "ABCC1": 2.0,
            "MVP": 2.0,
            "TOP2A": -2.8,
            "RAD51": -1.0,
            "GSTP1": 2.8,
        },
        mirna_shifts={"hsa-miR-182-5p": 2.5, "hsa-miR-181a-5p": -2.5, "hsa-miR-223-3p": -1.5},
        evidence={
            "F03": ("contradicted", "FLT3-ITD lost"),
            "O_lost_DNMT3A": ("supported", "DNMT3A R882C lost"),
            "N02": ("supported", "miR-182-5p up sixfold"),
            "N06": ("supported", "miR-181a-5p down sixfold"),
            "O_lost_PTPN11": ("supported", "PTPN11 E76K lost"),
            "O_acq_TP53": ("supported", "TP53 R248Q acquired"),
            "T04": ("supported", "TOP2A K798L acquired"),
            "T06": ("supported", "TOP2A down sevenfold"),
            "G01": ("supported", "GSTP1 up sevenfold"),
        },
    ),
    PlannedPatient(
        name="AML03",
        story="under a FLT3 inhibitor the ITD persists, its AR crosses 0.5, and F691L arises",
        sex="female",
        variants=(
            _v("idh2", "IDH2", "515G>A", 0, "founder, stable (R172K)"),
            _v("runx1", "RUNX1", "dup4@201", 1, "founder, frameshift, stable"),
            _v("itd42", "FLT3", "1770_1811dup", 0, "FLT3-ITD of 42 bp, AR crosses 0.5 upwards"),
            _v("f691l", "FLT3", "2073T>A", 0, "acquired in the ITD allele under an inhibitor"),
            _v("tet2del", "TET2", "del30@310", 0, "deletion of 30 bp acquired"),
            _v("ceb", "CEBPA", "del1@60", 1, "frameshift by a one-base deletion, lost"),
        ),
        populations=(
            Population(("idh2", "runx1"), _shares(0.20, 0.10)),
            Population(("idh2", "runx1", "ceb"), _shares(0.22, 0.0)),
            Population(("idh2", "runx1", "itd42"), _shares(0.46, 0.24)),
            Population(("idh2", "runx1", "itd42", "f691l", "tet2del"), _shares(0.0, 0.58)),
        ),
        libraries=(*_pair("dna", "bam", 300, 150), *_pair("rna", "counts", 15_000_000)),
        expression_shifts={"HSF1": 2.8, "ATG7": 2.8, "set:autophagy": 1.0, "HGF": 2.0, "MET": 1.5},
        evidence={
            "F11": ("supported", "F691L arises under an inhibitor"),
            "U03": ("supported", "HSF1 and ATG7 up"),
            "O_lost_CEBPA": ("supported", "CEBPA frameshift lost"),
            "F03": ("not_observed", "FLT3-ITD already at diagnosis"),
            "N01": ("not_assessed", "no miRNA library"),
        },
        flt3_inhibitor=True,
    ),
    PlannedPatient(
        name="AML04",
        story="DNA only, two relapses, one of 40 % purity; two IDH2 R140 changes move apart",
        sex="male",
        variants=(
            _v("npm1", "NPM1", "860_863dup", 1, "founder, stable by CCF though its VAF halves"),
            _v("dnmt3a", "DNMT3A", "2645G>A", 0, "founder, stable by CCF though its VAF halves"),
            _v("tet2", "TET2", "nonsense@150", 0, "founder, stable by CCF though its VAF halves"),
            _v("r140q", "IDH2", "419G>A", 0, "contracting (R140Q); a neighbour expands"),
            _v("r140w", "IDH2", "418C>T", 0, "expanding (R140W); a neighbour contracts"),
            _v("kras", "KRAS", "35G>A", 0, "lost (G12D)"),
            _v("nras", "NRAS", "35G>A", 1, "acquired (G12D)"),
            _v("asxl1", "ASXL1", "nonsense@690", 0, "acquired"),
        ),
        populations=(
            Population(("npm1", "dnmt3a", "tet2"), _shares(0.13, 0.01, 0.01)),
            Population(("npm1", "dnmt3a", "tet2", "r140q"), _shares(0.43, 0.07, 0.0)),
            Population(("npm1", "dnmt3a", "tet2", "r140q", "kras"), _shares(0.30, 0.0, 0.0)),
            Population(("npm1", "dnmt3a", "tet2", "r140w"), _shares(0.04, 0.10, 0.05)),
            Population(
                ("npm1", "dnmt3a", "tet2", "r140w", "nras", "asxl1"), _shares(0.0, 0.22, 0.64)
            ),
        ),
        libraries=(*_pair("dna", "cram", 400), PlannedLibrary(RELAPSE2, "dna", "cram", 300)),
        evidence={
            "O_lost_DNMT3A": ("contradicted", "stable by CCF in a relapse of 40 % purity"),
            "O_acq_ASXL1": ("supported", "ASXL1 nonsense acquired"),
            "P02": ("not_assessed", "DNA only"),
        },
    ),
    PlannedPatient(
        name="AML05",
        story="the relapse is read at 20x: little can be told",
        sex="female",
        variants=(
            _v("flt3tkd", "FLT3", "2503G>T", 0, "D835Y; relapse depth too low to tell"),
            _v("idh1", "IDH1", "394C>T", 0, "founder (R132C)"),
            _v("kit", "KIT", "2447A>T", 1, "subclone (D816V); relapse depth too low to tell"),
            _v("u2af1", "U2AF1", "101C>T", 0, "low VAF at relapse only; depth too low to tell"),
            _v("cebmnv", "CEBPA", "mnv@200", 0, "founder, MNV of two neighbouring bases"),
        ),
        populations=(
            Population(("idh1", "cebmnv"), _shares(0.60, 0.60)),
            Population(("idh1", "cebmnv", "flt3tkd"), _shares(0.10, 0.0)),
            Population(("idh1", "cebmnv", "kit"), _shares(0.12, 0.08)),
            Population(("idh1", "cebmnv", "u2af1"), _shares(0.0, 0.10)),
        ),
        libraries=(
            PlannedLibrary(DIAGNOSIS, "dna", "bam", 300),
            PlannedLibrary(RELAPSE, "dna", "bam", 20),
        ),
        knows_blasts=False,
    ),
    PlannedPatient(
        name="AML06",
        story="two FLT3-ITD clones at once, one contracts, one expands; many indels",
        sex="male",
        variants=(
            _v("npm1", "NPM1", "863_864insCCTG", 0, "founder; NPM1 insertion of type D"),
            _v("itd30", "FLT3", "1774_1803dup", 0, "FLT3-ITD of 30 bp, contracting"),
            _v("itd63", "FLT3", "1745_1807dup", 1, "FLT3-ITD of 63 bp, expanding"),
            _v("wt1", "WT1", "dup10@370", 0, "acquired frameshift of 10 bp"),
            _v("asxl1", "ASXL1", "del23@648", 0, "acquired deletion of 23 bp"),
            _v("cebins", "CEBPA", "dup18@310", 1, "stable in-frame duplication of 18 bp"),
            _v("runx1", "RUNX1", "del2@130", 0, "lost frameshift of 2 bp"),
            _v("tp53", "TP53", "659A>G", 0, "acquired subclone (Y220C) of 3 % VAF"),
        ),
        populations=(
            Population(("npm1", "cebins"), _shares(0.10, 0.06)),
            Population(("npm1", "cebins", "runx1"), _shares(0.16, 0.0)),
            Population(("npm1", "cebins", "itd30"), _shares(0.44, 0.14)),
            Population(("npm1", "cebins", "itd63"), _shares(0.16, 0.06)),
            Population(("npm1", "cebins", "itd63", "wt1", "asxl1"), _shares(0.0, 0.54)),
            Population(("npm1", "cebins", "itd63", "wt1", "asxl1", "tp53"), _shares(0.0, 0.06)),
        ),
        libraries=(*_pair("dna", "bam", 300), *_pair("mirna", "fastq", 60_000)),
        mirna_shifts={"hsa-miR-638": 2.0, "hsa-miR-26a-5p": 1.5},
        evidence={
            "O_acq_ASXL1": ("supported", "ASXL1 deletion acquired"),
            "O_acq_TP53": ("supported", "TP53 Y220C acquired"),
            "W04": ("supported", "WT1 mutated at relapse"),
        },
    ),
    PlannedPatient(
        name="AML07",
        story="diagnosis only; a FLT3-ITD longer than a read, AR above 0.5 with NPM1 wild type",
        sex="female",
        variants=(
            _v("runx1", "RUNX1", "missense@160", 0, "founder"),
            _v("itd135", "FLT3", "1705_1830itdCGGGTCCAT", 0, "FLT3-ITD longer than a read, with N"),
            _v("sf3b1", "SF3B1", "2098A>G", 0, "subclone (K700E)"),
        ),
        populations=(
            Population(("runx1",), {DIAGNOSIS: 0.06}),
            Population(("runx1", "itd135"), {DIAGNOSIS: 0.62}),
            Population(("runx1", "itd135", "sf3b1"), {DIAGNOSIS: 0.20}),
        ),
        libraries=(
            PlannedLibrary(DIAGNOSIS, "dna", "bam", 300),
            PlannedLibrary(DIAGNOSIS, "rna", "tpm", 20_000_000),
        ),
        evidence={
            "F08": ("supported", "AR above 0.5 and NPM1 wild type"),
            "F03": ("not_assessed", "single time point"),
        },
    ),
    PlannedPatient(
        name="AML08",
        story="given VCFs instead of reads; not called does not mean absent",
        sex="male",
        variants=(
            _v("dnmt3a", "DNMT3A", "2645G>A", 0, "founder, stable"),
            _v("idh2", "IDH2", "419G>A", 0, "lost (R140Q)"),
            _v("flt3", "FLT3", "2503G>T", 0, "acquired (D835Y)"),
            _v("npm1", "NPM1", "860_863dup", 1, "founder, stable"),
            _v("ptpn11", "PTPN11", "215C>T", 0, "contracting (A72V)"),
        ),
        populations=(
            Population(("dnmt3a", "npm1"), _shares(0.14, 0.16)),
            Population(("dnmt3a", "npm1", "idh2"), _shares(0.30, 0.0)),
            Population(("dnmt3a", "npm1", "ptpn11"), _shares(0.36, 0.12)),
            Population(("dnmt3a", "npm1", "flt3"), _shares(0.0, 0.52)),
        ),
        libraries=(*_pair("dna", "vcf", 350), *_pair("mirna", "matrix", 60_000)),
        mirna_shifts={"hsa-miR-223-3p": 2.0, "hsa-miR-149-5p": -2.5},
        evidence={
            "O_lost_IDH2": ("not_assessed", "R140Q is not listed at relapse, which proves nothing"),
            "N09": ("supported", "miR-149-5p down sixfold"),
        },
    ),
    PlannedPatient(
        name="AML09",
        story="a FLT3-ITD into intron 14 arises, one longer than a read stays; PTEN is lost",
        sex="female",
        variants=(
            _v("tet2", "TET2", "missense@90", 0, "founder"),
            _v("itd180", "FLT3", "1705-39_1837+8dup", 0, "FLT3-ITD of 180 bp, both introns"),
            _v("itdin", "FLT3", "1793_1837+12dup", 1, "FLT3-ITD reaching into intron 14, acquired"),
            _v("ptenfs", "PTEN", "dup1@267", 0, "acquired frameshift, alone after 10q loss"),
            _v("ptenloss", "PTEN", "loss", 1, "deletion of the other PTEN copy at relapse"),
            _v("abcb1", "ABCB1", "554G>T", 0, "acquired (G185V)"),
            _v("nras", "NRAS", "182A>G", 0, "expanding (Q61R)"),
        ),
        populations=(
            Population(("tet2",), _shares(0.24, 0.0)),
            Population(("tet2", "itd180"), _shares(0.52, 0.50)),
            Population(("tet2", "nras"), _shares(0.10, 0.04)),
            Population(
                ("tet2", "nras", "itdin", "ptenfs", "ptenloss", "abcb1"), _shares(0.0, 0.36)
            ),
        ),
        libraries=(
            *_pair("dna", "bam", 300),
            PlannedLibrary(NORMAL, "dna", "bam", 150),
            *_pair("rna", "tpm", 20_000_000),
        ),
        expression_shifts={"PTEN": -1.5, "set:pi3k_akt_mtor": 1.2, "ABCB1": 3.0, "PRKCA": 1.5},
        evidence={
            "F03": ("supported", "a second FLT3-ITD is acquired"),
            "A02": ("supported", "PTEN frameshift acquired with loss of the other copy"),
            "P02": ("supported", "ABCB1 up"),
        },
    ),
    PlannedPatient(
        name="AML10",
        story="given a table of counts at both time points instead of reads",
        sex="female",
        variants=(
            _v("npm1", "NPM1", "860_863dup", 0, "founder, stable"),
            _v("idh1", "IDH1", "395G>A", 0, "lost (R132H), against the review's expectation"),
            _v("tp53", "TP53", "817C>T", 0, "acquired (R273C)"),
            _v("ptpn11", "PTPN11", "181G>T", 1, "expanding (D61Y)"),
            _v("kras", "KRAS", "38G>A", 0, "contracting (G13D)"),
        ),
        populations=(
            Population(("npm1",), _shares(0.14, 0.10)),
            Population(("npm1", "idh1"), _shares(0.30, 0.0)),
            Population(("npm1", "kras"), _shares(0.34, 0.10)),
            Population(("npm1", "ptpn11"), _shares(0.06, 0.24)),
            Population(("npm1", "ptpn11", "tp53"), _shares(0.0, 0.40)),
        ),
        libraries=_pair("dna", "counts", 800),
        evidence={
            "O_acq_IDH1": ("contradicted", "IDH1 R132H lost"),
            "O_acq_TP53": ("supported", "TP53 R273C acquired"),
        },
    ),
)
