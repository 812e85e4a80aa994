"""A patient as GA4GH Phenopacket (schema version 2.0): samples, disease, somatic variants.

Written as JSON by the schema's own field names; the project's tests read it back with the schema's
library. Terms: MONDO, NCI Thesaurus, NCBI Taxonomy, HGNC.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from amlresist.exports.genes import hgnc_ids
from amlresist.exports.observed import PatientFindings, Seen, sample_name
from amlresist.flt3_itd.records import ItdClone
from amlresist.report.wording import comparison, percent, probability, words
from amlresist.sheet import NORMAL, REMISSION, PatientFacts
from amlresist.variants.records import VariantChange

AML = {"id": "MONDO:0018874", "label": "acute myeloid leukemia"}
HISTOLOGY = {"id": "NCIT:C3171", "label": "Acute Myeloid Leukemia"}
PRIMARY = {"id": "NCIT:C8509", "label": "Primary Neoplasm"}
RECURRENT = {"id": "NCIT:C4798", "label": "Recurrent Neoplasm"}
HUMAN = {"id": "NCBITaxon:9606", "label": "Homo sapiens"}
SEXES = {"female": "FEMALE", "male": "MALE"}
NOT_DATED = "1970-01-01T00:00:00Z"  # the same input gives the same bytes on every day
RESOURCES = (
    ("mondo", "Mondo Disease Ontology", "http://purl.obolibrary.org/obo/mondo.owl", "MONDO"),
    ("ncit", "NCI Thesaurus", "http://purl.obolibrary.org/obo/ncit.owl", "NCIT"),
    ("ncbitaxon", "NCBI Taxonomy", "http://purl.obolibrary.org/obo/ncbitaxon.owl", "NCBITaxon"),
    ("hgnc", "HUGO Gene Nomenclature Committee", "https://www.genenames.org", "HGNC"),
)


def phenopacket_text(
    own: PatientFindings, facts: Mapping[str, PatientFacts], reference: str
) -> str:
    """The Phenopacket as JSON text.

    Args:
        own: what was seen in the patient.
        facts: time point -> row of the patient sheet.
        reference: name of the reference genome.
    """
    return json.dumps(phenopacket(own, facts, reference), indent=1, sort_keys=True) + "\n"


def phenopacket(
    own: PatientFindings, facts: Mapping[str, PatientFacts], reference: str
) -> dict[str, Any]:
    """The Phenopacket as nested fields."""
    sex = next((fact.sex for fact in facts.values() if fact.sex), "")
    return {
        "id": f"amlresist-{own.patient}",
        "subject": {
            "id": own.patient,
            "sex": SEXES.get(sex, "UNKNOWN_SEX"),
            "taxonomy": HUMAN,
        },
        "biosamples": [_biosample(own.patient, t, facts.get(t)) for t in own.sequenced],
        "diseases": [{"term": AML}],
        "interpretations": _interpretations(own, reference),
        "metaData": {
            "created": NOT_DATED,
            "createdBy": "amlresist",
            "phenopacketSchemaVersion": "2.0",
            "resources": [_resource(*resource) for resource in RESOURCES],
        },
    }


def _biosample(patient: str, timepoint: str, fact: PatientFacts | None) -> dict[str, Any]:
    name = sample_name(patient, timepoint)
    description = timepoint
    if fact and fact.blast_fraction is not None:
        description += f"; leukemic cells {percent(fact.blast_fraction)} as given"
    sample: dict[str, Any] = {"id": name, "individualId": patient, "taxonomy": HUMAN}
    sample["description"] = description
    if timepoint in {NORMAL, REMISSION}:
        return sample
    stage = RECURRENT if timepoint.startswith("relapse") else PRIMARY
    return {**sample, "histologicalDiagnosis": HISTOLOGY, "tumorProgression": stage}


def _interpretations(own: PatientFindings, reference: str) -> list[dict[str, Any]]:
    found = [_of_variant(own.patient, seen, reference) for seen in own.variants]
    found += [_of_itd(own.patient, clone, reference) for clone in own.itds]
    if not found:
        return []
    diagnosis = {"disease": AML, "genomicInterpretations": found}
    return [
        {
            "id": f"amlresist-{own.patient}-variants",
            "progressStatus": "UNKNOWN_PROGRESS",
            "summary": "Somatic variants present at each time point; research use only.",
            "diagnosis": diagnosis,
        }
    ]


def _of_variant(patient: str, seen: Seen, reference: str) -> dict[str, Any]:
    row = seen.variant
    label = f"{row.gene} {row.protein_change or row.hgvs_c}".strip()
    changes = "; ".join(
        f"{comparison(name)}: {words(change)} ({probability(p)})"
        for name, change, p in seen.changes
    )
    told = f"VAF {percent(seen.vaf)}" if not math.isnan(seen.vaf) else "VAF not known"
    if seen.depth:
        told += f" ({seen.alt} of {seen.depth} fragments)"
    return _genomic(
        sample_name(patient, seen.timepoint),
        _name(row),
        label or _name(row),
        f"{told}. {changes}.",
        row.gene,
        _expressions(row.transcript, row.hgvs_c, row.hgvs_p),
        _vcf(reference, row.chrom, row.pos, row.ref, row.alt),
    )


def _of_itd(patient: str, clone: ItdClone, reference: str) -> dict[str, Any]:
    place = f"{clone.chrom}-{clone.pos}-{clone.ref}-{clone.alt}"
    return _genomic(
        sample_name(patient, clone.timepoint),
        place,
        f"FLT3-ITD {clone.length} bp",
        f"VAF {percent(clone.vaf)}.",
        "FLT3",
        _expressions("", clone.hgvs_c, clone.hgvs_p),
        _vcf(reference, clone.chrom, clone.pos, clone.ref, clone.alt),
    )


def _name(row: VariantChange) -> str:
    return f"{row.chrom}-{row.pos}-{row.ref}-{row.alt}"


def _genomic(
    sample: str,
    identifier: str,
    label: str,
    description: str,
    gene: str,
    expressions: list[dict[str, str]],
    vcf: dict[str, Any] | None,
) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": identifier,
        "label": label,
        "description": description,
        "expressions": expressions,
        "moleculeContext": "genomic",
    }
    if gene:
        descriptor["geneContext"] = {"valueId": hgnc_ids().get(gene, gene), "symbol": gene}
    if vcf:
        descriptor["vcfRecord"] = vcf
    return {
        "subjectOrBiosampleId": sample,
        "interpretationStatus": "UNKNOWN_STATUS",
        "variantInterpretation": {"variationDescriptor": descriptor},
    }


def _expressions(transcript: str, coding: str, protein: str) -> list[dict[str, str]]:
    prefix = f"{transcript}:" if transcript else ""
    named = (("hgvs.c", f"{prefix}{coding}" if coding else ""), ("hgvs.p", protein))
    return [{"syntax": syntax, "value": value} for syntax, value in named if value]


def _vcf(reference: str, chrom: str, pos: int, ref: str, alt: str) -> dict[str, Any] | None:
    if not chrom or not ref or alt.startswith("<"):
        return None
    return {
        "genomeAssembly": reference,
        "chrom": chrom,
        "pos": str(pos),  # a 64-bit number is a text in the JSON of protocol buffers
        "ref": ref,
        "alt": alt,
    }


def _resource(name: str, title: str, url: str, prefix: str) -> dict[str, str]:
    pages = {"HGNC": "https://identifiers.org/hgnc/"}
    iri = pages.get(prefix, f"http://purl.obolibrary.org/obo/{prefix}_")
    return {
        "id": name,
        "name": title,
        "url": url,
        "version": "not recorded",
        "namespacePrefix": prefix,
        "iriPrefix": iri,
    }
