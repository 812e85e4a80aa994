"""A study folder that cBioPortal loads.

File formats: https://docs.cbioportal.org/file-formats/. One sample per patient and time point;
normal samples are no tumour samples and stay out.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amlresist.evidence.records import Flt3Npm1
from amlresist.exports.abundance import Abundance
from amlresist.exports.gene_panels import Genes, named_panels, panel_text
from amlresist.exports.genes import entrez_ids
from amlresist.exports.observed import PatientFindings, Seen, sample_name
from amlresist.flt3_itd.records import ItdClone
from amlresist.sheet import DIAGNOSIS, NORMAL, REMISSION, PatientFacts, timepoint_rank
from amlresist.variants.export import MAF_CHANGE_COLUMNS, MAF_NAME_COLUMNS, maf_variant

NAMESPACE = "AMLRESIST"
# GRCh build and UCSC name by a word in the name of the reference.
BUILDS = {"38": ("GRCh38", "hg38"), "37": ("GRCh37", "hg19"), "hg19": ("GRCh37", "hg19")}
MUTATION_COLUMNS = (
    "Hugo_Symbol",
    "Entrez_Gene_Id",
    "NCBI_Build",
    *MAF_CHANGE_COLUMNS,
    "Mutation_Status",
    *MAF_NAME_COLUMNS,
    "t_ref_count",
    "t_alt_count",
    f"{NAMESPACE}.change",
    f"{NAMESPACE}.probability",
    f"{NAMESPACE}.leukemic_cells",
)
SAMPLE_TYPES = {DIAGNOSIS: "Primary", REMISSION: "Remission"}
Attribute = tuple[str, str, str, str]  # name, title, description, data type
PATIENT_ATTRIBUTES: tuple[Attribute, ...] = (
    ("PATIENT_ID", "Patient", "Pseudonym of the patient", "STRING"),
    ("SEX", "Sex", "Sex as the patient sheet gives it", "STRING"),
)
SAMPLE_ATTRIBUTES: tuple[Attribute, ...] = (
    ("PATIENT_ID", "Patient", "Pseudonym of the patient", "STRING"),
    ("SAMPLE_ID", "Sample", "Patient and time point", "STRING"),
    ("CANCER_TYPE", "Cancer type", "Cancer type", "STRING"),
    ("CANCER_TYPE_DETAILED", "Cancer type in detail", "Cancer type in detail", "STRING"),
    ("ONCOTREE_CODE", "OncoTree code", "OncoTree code", "STRING"),
    ("SAMPLE_TYPE", "Sample type", "Primary, Remission or Recurrence", "STRING"),
    ("TIMEPOINT", "Time point", "Time point as in the sample sheet", "STRING"),
    ("BLAST_FRACTION", "Blast fraction", "Share of leukemic cells as given", "NUMBER"),
    ("TRANSPLANT_BEFORE", "Transplant before", "Allogeneic transplant before", "STRING"),
    ("FLT3_INHIBITOR_BEFORE", "FLT3 inhibitor before", "FLT3 inhibitor given before", "STRING"),
    ("FLT3_ITD", "FLT3-ITD", "Present, absent or not assessed", "STRING"),
    ("FLT3_ITD_RATIO", "FLT3-ITD allelic ratio", "ITD over wild type, from DNA", "NUMBER"),
    ("NPM1", "NPM1", "Mutated, wild type or not assessed", "STRING"),
)


@dataclass(frozen=True, slots=True)
class StudyInput:
    """What a study is made of.

    Attributes:
        study: identifier of the study.
        reference: name of the reference genome.
        findings: per patient.
        facts: (patient, time point) -> row of the patient sheet.
        markers: (patient, time point) -> FLT3-ITD beside NPM1.
        expression: TPM of all samples with RNA.
        profiled: sample -> genes that its DNA could show; samples not named are not known.
    """

    study: str
    reference: str
    findings: Sequence[PatientFindings]
    facts: Mapping[tuple[str, str], PatientFacts]
    markers: Mapping[tuple[str, str], Flt3Npm1]
    expression: Abundance
    profiled: Mapping[str, Genes] = field(default_factory=dict)


def study_files(source: StudyInput) -> dict[str, str]:
    """File name -> text of everything the study folder holds."""
    sequenced = [
        sample_name(own.patient, timepoint)
        for own in source.findings
        for timepoint in own.sequenced
        if timepoint != NORMAL
    ]
    files = {
        **_study_and_clinical(source),
        **_data_file(
            source,
            "mutations",
            _mutations(source),
            genetic_alteration_type="MUTATION_EXTENDED",
            datatype="MAF",
            stable_id="mutations",
            show_profile_in_analysis_tab="true",
            profile_name="Mutations",
            profile_description="Somatic variants present at each time point",
            namespaces=NAMESPACE,
        ),
        "case_lists/cases_sequenced.txt": _case_list(
            source.study, "sequenced", "Samples with mutation data", sequenced
        ),
        **_panel_files(source, sequenced),
    }
    return {**files, **_expression_files(source)} if source.expression.samples else files


def genome_build(reference: str) -> tuple[str, str]:
    """Names of the build for MAF and study; the reference's own name where no build is known."""
    for word, names in BUILDS.items():
        if word in reference:
            return names
    return reference, reference


def _study_and_clinical(source: StudyInput) -> dict[str, str]:
    n_patients = len(source.findings)
    study = {
        "type_of_cancer": "aml",
        "cancer_study_identifier": source.study,
        "name": f"AML at diagnosis and relapse ({source.study})",
        "description": f"{n_patients} patients with AML, compared over time by amlresist.",
        "add_global_case_list": "true",
        "reference_genome": genome_build(source.reference)[1],
    }
    files = {"meta_study.txt": _meta(study)}
    tables = (
        ("patient", PATIENT_ATTRIBUTES, _patient_rows(source)),
        ("sample", SAMPLE_ATTRIBUTES, _sample_rows(source)),
    )
    for name, attributes, rows in tables:
        files |= _data_file(
            source,
            f"clinical_{name}",
            _clinical(attributes, rows),
            genetic_alteration_type="CLINICAL",
            datatype=f"{name.upper()}_ATTRIBUTES",
        )
    return files


def _data_file(source: StudyInput, name: str, text: str, **facts: str) -> dict[str, str]:
    """A data file and the meta file that announces it."""
    meta = {"cancer_study_identifier": source.study, **facts, "data_filename": f"data_{name}.txt"}
    return {f"meta_{name}.txt": _meta(meta), f"data_{name}.txt": text}


def _meta(facts: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in facts.items())


def _case_list(study: str, kind: str, name: str, samples: Iterable[str]) -> str:
    names = sorted(set(samples))
    facts = {
        "cancer_study_identifier": study,
        "stable_id": f"{study}_{kind}",
        "case_list_name": name,
        "case_list_description": f"{name} ({len(names)} samples)",
        "case_list_ids": "\t".join(names),
    }
    return _meta(facts)


def _clinical(attributes: Sequence[Attribute], rows: Iterable[Sequence[str]]) -> str:
    names, titles, descriptions, types = zip(*attributes, strict=True)
    head = [titles, descriptions, types, ["1"] * len(names)]
    lines = ["#" + "\t".join(cells) for cells in head]
    lines += ["\t".join(cells) for cells in (names, *rows)]
    return "\n".join(lines) + "\n"


def _patient_rows(source: StudyInput) -> list[list[str]]:
    sexes: dict[str, str] = {}
    for (patient, _), fact in sorted(source.facts.items()):
        sexes.setdefault(patient, "")
        sexes[patient] = sexes[patient] or fact.sex
    names = [own.patient for own in source.findings]
    return [[name, sexes.get(name, "").capitalize() or "NA"] for name in names]


def _sample_rows(source: StudyInput) -> list[list[str]]:
    times = {own.patient: set(own.sequenced) for own in source.findings}
    for patient, timepoint in source.expression.samples:
        times[patient].add(timepoint)
    return [
        _sample_row(source, patient, timepoint)
        for patient, own in times.items()
        for timepoint in sorted(own - {NORMAL}, key=timepoint_rank)
    ]


def _sample_row(source: StudyInput, patient: str, timepoint: str) -> list[str]:
    fact = source.facts.get((patient, timepoint))
    marker = source.markers.get((patient, timepoint))
    return [
        patient,
        sample_name(patient, timepoint),
        "Leukemia",
        "Acute Myeloid Leukemia",
        "AML",
        SAMPLE_TYPES.get(timepoint, "Recurrence"),
        timepoint,
        _number(fact.blast_fraction if fact else None),
        _yes_or_no(fact.transplant_before if fact else None),
        _yes_or_no(fact.flt3_inhibitor_before if fact else None),
        marker.itd.replace("_", " ") if marker else "NA",
        _number(marker.allelic_ratio if marker and not marker.no_wild_type else None),
        marker.npm1.replace("_", " ") if marker else "NA",
    ]


def _mutations(source: StudyInput) -> str:
    build = genome_build(source.reference)[0]
    cells = [row for own in source.findings for row in _mutation_rows(own, build)]
    lines = [MUTATION_COLUMNS, *([row.get(name, "") for name in MUTATION_COLUMNS] for row in cells)]
    return "\n".join("\t".join(line) for line in lines) + "\n"


def _mutation_rows(own: PatientFindings, build: str) -> Iterator[dict[str, str]]:
    for seen in own.variants:
        if seen.timepoint != NORMAL and seen.variant.chrom:
            cells = {**maf_variant(seen.variant), **_told(seen)}
            yield _placed(cells, own.patient, seen.timepoint, build)
    for clone in own.itds:
        if clone.timepoint != NORMAL:
            yield _placed(_itd_cells(clone), own.patient, clone.timepoint, build)


def _placed(cells: dict[str, str], patient: str, timepoint: str, build: str) -> dict[str, str]:
    return {
        **cells,
        "Entrez_Gene_Id": entrez_ids().get(cells["Hugo_Symbol"], "0"),
        "NCBI_Build": build,
        "Chromosome": cells["Chromosome"].removeprefix("chr"),
        "Tumor_Sample_Barcode": sample_name(patient, timepoint),
        "Mutation_Status": "Somatic",
    }


def _told(seen: Seen) -> dict[str, str]:
    """Counts, and what the comparisons say of the variant."""
    known = seen.alt is not None and seen.depth is not None
    return {
        "t_alt_count": str(seen.alt) if known else "",
        "t_ref_count": str((seen.depth or 0) - (seen.alt or 0)) if known else "",
        f"{NAMESPACE}.change": "; ".join(f"{name}: {label}" for name, label, _ in seen.changes),
        f"{NAMESPACE}.probability": "; ".join(_number(p) for _, _, p in seen.changes),
        f"{NAMESPACE}.leukemic_cells": _number(seen.ccf),
    }


def _itd_cells(clone: ItdClone) -> dict[str, str]:
    return {
        "Hugo_Symbol": "FLT3",
        "Chromosome": clone.chrom,
        "Start_Position": str(clone.pos),
        "End_Position": str(clone.pos + 1),
        "Strand": "+",
        "Variant_Classification": "In_Frame_Ins" if clone.in_frame else "Frame_Shift_Ins",
        "Variant_Type": "INS",
        "Reference_Allele": "-",
        "Tumor_Seq_Allele1": "-",
        "Tumor_Seq_Allele2": clone.alt[1:],
        "HGVSc": clone.hgvs_c,
        "HGVSp": clone.hgvs_p,
        "HGVSp_Short": f"ITD {clone.length} bp",
        "t_ref_count": f"{clone.wildtype_fragments:.0f}",
        "t_alt_count": f"{clone.itd_fragments:.0f}",
    }


def _panel_files(source: StudyInput, sequenced: Sequence[str]) -> dict[str, str]:
    profiled = {name: source.profiled[name] for name in sequenced if source.profiled.get(name)}
    if not profiled:
        return {}
    panels = named_panels(source.study, profiled)
    lines = ["SAMPLE_ID\tmutations", *(f"{name}\t{panels[profiled[name]]}" for name in profiled)]
    matrix = _data_file(
        source,
        "gene_panel_matrix",
        "\n".join(lines) + "\n",
        genetic_alteration_type="GENE_PANEL_MATRIX",
        datatype="GENE_PANEL_MATRIX",
    )
    texts = {
        f"gene_panels/data_gene_panel_{name}.txt": panel_text(name, genes)
        for genes, name in panels.items()
    }
    return matrix | texts


def _expression_files(source: StudyInput) -> dict[str, str]:
    samples = source.expression.names
    lines = ["\t".join(["Hugo_Symbol", "Entrez_Gene_Id", *samples])]
    for gene, values in sorted(source.expression.genes.items()):
        lines.append("\t".join([gene, entrez_ids().get(gene, ""), *map(_number, values)]))
    files = _data_file(
        source,
        "mrna_seq_tpm",
        "\n".join(lines) + "\n",
        genetic_alteration_type="MRNA_EXPRESSION",
        datatype="CONTINUOUS",
        stable_id="rna_seq_mrna",
        show_profile_in_analysis_tab="false",
        profile_name="mRNA expression (TPM)",
        profile_description="Transcripts per million",
    )
    case_list = _case_list(source.study, "rna_seq_mrna", "Samples with mRNA data", samples)
    return {**files, "case_lists/cases_rna_seq_mrna.txt": case_list}


def _yes_or_no(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "NA"}[value]


def _number(value: float | None) -> str:
    return "NA" if value is None or not math.isfinite(value) else f"{value:.6g}"
