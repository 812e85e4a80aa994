"""Which genes a sample's DNA could show, as gene panels of cBioPortal.

File formats: https://docs.cbioportal.org/file-formats/#gene-panel-data. Without a panel the portal
takes every gene that has no mutation for unmutated.
"""

from collections.abc import Iterable, Mapping, Sequence

from amlresist.alignment_qc.records import GeneCoverage
from amlresist.exports.observed import PatientFindings, sample_name

Genes = tuple[str, ...]


def profiled_genes(
    coverage: Iterable[GeneCoverage], findings: Sequence[PatientFindings], covered_share: float
) -> dict[str, Genes]:
    """Sample -> genes of interest that were read, for samples whose coverage is known.

    A gene was read when `covered_share` of its captured coding bases (all of them where no targets
    are named) reach the minimum depth, or when a mutation was seen in it.
    """
    read: dict[str, set[str]] = {}
    for row in coverage:
        genes = read.setdefault(sample_name(row.patient, row.timepoint), set())
        known = row.target_bases is not None
        share = row.target_share_at_minimum if known else row.share_at_minimum
        if row.target_bases != 0 and share >= covered_share:
            genes.add(row.gene)
    for own in findings:
        for seen in own.variants:
            sample = sample_name(own.patient, seen.timepoint)
            if sample in read and seen.variant.gene:
                read[sample].add(seen.variant.gene)
        for clone in own.itds:
            if (sample := sample_name(own.patient, clone.timepoint)) in read:
                read[sample].add("FLT3")
    return {sample: tuple(sorted(genes)) for sample, genes in sorted(read.items())}


def named_panels(study: str, profiled: Mapping[str, Genes]) -> dict[Genes, str]:
    """Set of genes -> identifier of its panel, numbered in the order of the samples."""
    distinct = dict.fromkeys(genes for genes in profiled.values() if genes)
    return {genes: f"{study}_panel{number}" for number, genes in enumerate(distinct, start=1)}


def panel_text(identifier: str, genes: Genes) -> str:
    """A gene panel file."""
    listed = "\t".join(genes)
    about = f"{len(genes)} genes of interest that were read"
    return f"stable_id: {identifier}\ndescription: {about}\ngene_list: {listed}\n"
