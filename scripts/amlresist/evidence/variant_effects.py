"""Which variants a clause means: by gene, residue, protein change and effect on the protein."""

import re

from amlresist.evidence.rules import ANY_GENE, Clause, Effect
from amlresist.variants.records import VariantChange, VariantClass

_LOSS_OF_FUNCTION = {
    "stop_gained",
    "frameshift_variant",
    "splice_acceptor_variant",
    "splice_donor_variant",
    "start_lost",
    "transcript_ablation",
}
_PROTEIN_CHANGING = _LOSS_OF_FUNCTION | {
    "missense_variant",
    "inframe_insertion",
    "inframe_deletion",
    "disruptive_inframe_insertion",
    "disruptive_inframe_deletion",
    "conservative_inframe_insertion",
    "conservative_inframe_deletion",
    "stop_lost",
    "protein_altering_variant",
}
_NOT_SOMATIC = {VariantClass.GERMLINE, VariantClass.ARTEFACT}
_TERM = re.compile(r"[&,;+]")
_RESIDUE = re.compile(r"([A-Z*])(\d+)")
_SILENT = re.compile(r".*=|([A-Z*])\d+\1")


def is_meant(row: VariantChange, clause: Clause) -> bool:
    """Whether the clause asks about this row; germline variants and artefacts never count."""
    return (
        row.variant_class not in _NOT_SOMATIC
        and (row.gene in clause.names or clause.names == (ANY_GENE,))
        and (not clause.proteins or row.protein_change in clause.proteins)
        and (not clause.residues or bool(_residues(row.protein_change) & {*clause.residues}))
        and has_effect(row, clause.effect)
    )


def has_effect(row: VariantChange, effect: Effect) -> bool:
    """Whether the variant does to the protein what `effect` asks.

    Without a consequence, a written protein change that is not silent counts as protein-changing.
    """
    if effect is Effect.ANY:
        return True
    terms = {term.strip() for term in _TERM.split(row.consequence)} - {""}
    change = row.protein_change
    if effect is Effect.FRAMESHIFT:
        return "frameshift_variant" in terms or "fs" in change
    if effect is Effect.LOSS_OF_FUNCTION:
        return bool(terms & _LOSS_OF_FUNCTION) or (not terms and _is_truncating(change))
    if terms:
        return bool(terms & _PROTEIN_CHANGING)
    return bool(change) and not _SILENT.fullmatch(change)


def name_of(row: VariantChange) -> str:
    """`FLT3 F691L`, or the genomic change where there is no protein change."""
    place = f"{row.chrom}:{row.pos} {row.ref}>{row.alt}"
    change = row.protein_change or row.hgvs_c or place
    return f"{row.gene} {change}" if row.gene else place


def _residues(protein_change: str) -> set[str]:
    before_frameshift, _, _ = protein_change.partition("fs")
    return {"".join(match) for match in _RESIDUE.findall(before_frameshift)}


def _is_truncating(protein_change: str) -> bool:
    return "fs" in protein_change or protein_change.endswith("*")
