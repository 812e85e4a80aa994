"""A small results folder with values typical of a patient, for the tests of the pages."""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterable
from enum import StrEnum
from itertools import cycle
from pathlib import Path
from typing import Any, TypeVar

from amlresist.__main__ import main
from amlresist.alignment_qc.records import AlignmentQc, GeneCoverage, PairIdentity
from amlresist.evidence.records import Evidence, MechanismSummary, Status
from amlresist.expression.records import ExpressionChange, PathwayChange
from amlresist.files import write_text
from amlresist.flt3_itd.records import CloneChange, ItdClone, ItdLibrary, ItdPair, Verdict
from amlresist.mirna.records import MirnaChange, MirnaQc
from amlresist.tables import read_table, write_table
from amlresist.variants.records import CloneShare, PairSummary, VariantChange, VariantClass

PAIR = "diagnosis>relapse"
TIMEPOINTS = ("diagnosis", "relapse")
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>' onfocus='alert(2)",
    "{{ 7 * 7 }}{% raw %}",
    "</script><script>alert(3)</script><!--",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil \N{DNA DOUBLE HELIX}\N{ZERO WIDTH JOINER}\N{SKULL}",
    "=HYPERLINK(1)",
    "X" * 200,
)
FIGURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 120" width="600" height="120">'
    '<rect width="600" height="120" fill="#f4f4f4"/><text x="20" y="60">reads over exon 14</text>'
    "</svg>"
)
Record = TypeVar("Record")


def write_example(
    results: Path, patient: str = "P01", *, layers: Iterable[str] = ("dna", "mirna", "rna")
) -> Path:
    """Write the tables of one patient; returns `results/{patient}`."""
    folder = results / patient
    writers = {"dna": write_dna, "mirna": write_mirna, "rna": write_rna}
    for layer in layers:
        writers[layer](folder, patient)
    write_evidence(folder, patient, measured=set(layers))
    return folder


def facts_json(patient: str = "P01") -> str:
    """Blast fractions and treatment facts of both time points."""
    rows = [
        {
            "patient": patient,
            "timepoint": timepoint,
            "blast_fraction": blasts,
            "sex": "female",
            "transplant_before": False,
            "flt3_inhibitor_before": timepoint == "relapse",
        }
        for timepoint, blasts in zip(TIMEPOINTS, (0.85, 0.4), strict=True)
    ]
    return json.dumps(rows)


def write_provenance(path: Path) -> Path:
    """Versions, settings and digests as a run leaves them."""
    content = {
        "amlresist": "0.1.0",
        "tools": {"bwa": "0.7.17", "freebayes": "1.3.6", "samtools": "1.16.1"},
        "config": {"variants": {"fdr": 0.004}},
    }
    write_text(path, json.dumps(content, indent=1))
    return path


def filled(record: type[Record], **values: Any) -> Record:
    """A record with `values`; every other column is empty."""
    hints = typing.get_type_hints(record)
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type]
    return record(**({name: _empty(hints[name]) for name in names} | values))


def _empty(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return None
    if typing.get_origin(hint) is tuple:
        return ()
    if issubclass(hint, StrEnum):
        return next(iter(hint))
    return {str: "", int: 0, float: math.nan, bool: False}[hint]


def variant(
    gene: str,
    change: str,
    label: str,
    before: tuple[int, int],
    after: tuple[int, int],
    *,
    probability: float = 0.998,
    **other: Any,
) -> VariantChange:
    """A variant with `(alt, depth)` at both time points; depth 0 means nothing was read."""
    best = {"likely_artefact": "artefact", "not_evaluable": "stable"}.get(label, label)
    classes = ("acquired", "lost", "expanding", "contracting", "stable", "germline", "artefact")
    posteriors = {
        f"p_{name}": probability if name == best else (1 - probability) / 6 for name in classes
    }
    values = {
        "patient": "P01",
        "comparison": PAIR,
        "chrom": "chr1",
        "ref": "G",
        "alt": "T",
        "variant_type": "snv",
        "gene": gene,
        "transcript": "ENST00000000001",
        "hgvs_c": "c.1G>T",
        "hgvs_p": f"p.{change}",
        "protein_change": change,
        "consequence": "missense_variant",
        "variant_class": VariantClass(label),
        "probability": probability,
        "q_value": round((1 - probability) / 2, 6),
        "reason": f"{before[0]} of {before[1]} fragments before, {after[0]} of {after[1]} after.",
    }
    sides = _seen("before", *before) | _seen("after", *after)
    return filled(VariantChange, **(values | posteriors | sides | other))


def _seen(side: str, alt: int, depth: int) -> dict[str, Any]:
    if depth == 0:
        return {}
    vaf = alt / depth
    half = 1.96 * math.sqrt(max(vaf * (1 - vaf), 0.25 / depth) / depth)
    upper = (alt + 2.5) / depth
    present = alt >= 4
    found = {
        "alt": alt,
        "depth": depth,
        "vaf": vaf,
        "vaf_low": max(0.0, vaf - half),
        "vaf_high": min(1.0, vaf + half),
        "present": present,
        "excluded_above": math.nan if present else upper,
    }
    return {f"{side}_{name}": value for name, value in found.items()}


def example_variants(patient: str = "P01") -> list[VariantChange]:
    """Every class, drivers and bystanders, one locus not assayed at diagnosis."""
    drivers = [
        variant("FLT3", "F691L", "acquired", (0, 812), (143, 655), hotspot="FLT3 F691"),
        variant("NRAS", "G12D", "acquired", (1, 920), (38, 701), probability=0.981),
        variant("IDH2", "R140Q", "lost", (131, 604), (0, 580), hotspot="IDH2 R140"),
        variant("WT1", "R462W", "expanding", (22, 790), (166, 640), probability=0.993),
        variant("PTPN11", "E76K", "contracting", (201, 850), (15, 702), probability=0.96),
        variant("DNMT3A", "R882H", "stable", (366, 840), (158, 690), before_ccf=1.0, after_ccf=1.0),
        variant("NPM1", "W288Cfs*12", "stable", (300, 702), (118, 590), hotspot="NPM1 exon 12"),
        variant("ABCB1", "A893S", "stable", (300, 640), (210, 500), probability=0.97),
        variant("TET2", "L1721W", "germline", (420, 850), (330, 660)),
        variant("RUNX1", "S322*", "likely_artefact", (5, 900), (6, 700), probability=0.9),
    ]
    open_ones = [
        variant("TP53", "R273H", "not_evaluable", (0, 31), (24, 610), probability=0.71),
        variant("ASXL1", "G646Wfs*12", "not_evaluable", (0, 0), (80, 512), probability=0.95),
        variant("KRAS", "Q61H", "not_evaluable", (2, 240), (0, 95), probability=0.92),
    ]
    needed = ((210, "low_depth_before"), (150, "not_assayed_before"), (1258, "low_depth_after"))
    open_ones = [
        dataclasses.replace(row, depth_needed=depth, flags=(flag,), q_value=math.nan)
        for row, (depth, flag) in zip(open_ones, needed, strict=True)
    ]
    bystanders = [
        variant(f"GENE{i}", f"A{i}V", label, before, after)
        for i, (label, before, after) in enumerate(
            [("acquired", (0, 700), (60, 600))] * 4
            + [("lost", (90, 600), (0, 600))] * 3
            + [("stable", (290, 700), (130, 650))] * 14
        )
    ]
    return [
        dataclasses.replace(row, patient=patient, pos=1000 + 10 * number)
        for number, row in enumerate(drivers + open_ones + bystanders)
    ]


def write_dna(folder: Path, patient: str) -> None:
    """Variants, clones, FLT3-ITD and alignment QC."""
    variants = example_variants(patient)
    write_table(folder / "variants/variants.tsv", VariantChange, variants)
    summary = pair_summary(patient, variants)
    write_table(folder / "variants/variant_summary.tsv", PairSummary, [summary])
    write_table(folder / "variants/clones.tsv", CloneShare, example_clones(patient))
    write_itd(folder, patient)
    write_qc(folder, patient)


def write_single(results: Path, patient: str = "P01") -> Path:
    """A patient with DNA at diagnosis only; returns `results/{patient}`."""
    folder = write_example(results, patient, layers=("dna",))
    rows = [
        one_sided(row)
        for row in example_variants(patient)
        if row.before_present and row.variant_class != VariantClass.ARTEFACT
    ]
    write_table(folder / "variants/variants.tsv", VariantChange, rows)
    summary = filled(
        PairSummary,
        patient=patient,
        comparison=TIMEPOINTS[0],
        n_not_evaluable=len(rows),
        overdispersion=0.0018,
        overdispersion_source="212 heterozygous SNPs",
        purity_before=0.85,
        purity_source="given blast fraction",
        evidence_level="counts",
    )
    write_table(folder / "variants/variant_summary.tsv", PairSummary, [summary])
    for path in ("variants/clones.tsv", "alignment_qc/pair_identity.tsv"):
        (folder / path).unlink()
    for record, path in ((ItdLibrary, "flt3_itd.tsv"), (ItdClone, "flt3_itd_clones.tsv")):
        table = folder / "flt3_itd" / path
        kept = [row for row in read_table(table, record) if row.timepoint == TIMEPOINTS[0]]
        write_table(table, record, kept)
    write_table(folder / "flt3_itd/flt3_itd_pairs.tsv", ItdPair, [])
    return folder


def one_sided(row: VariantChange) -> VariantChange:
    """The row as the station writes it where there is no second time point."""
    germline = row.variant_class == VariantClass.GERMLINE
    unknown = ("probability", "q_value", "p_acquired", "p_lost", "p_expanding", "p_contracting")
    sides = {f"after_{name}": math.nan for name in ("vaf", "vaf_low", "vaf_high")}
    return dataclasses.replace(
        row,
        comparison=TIMEPOINTS[0],
        variant_class=VariantClass.NOT_EVALUABLE,
        **dict.fromkeys(unknown, math.nan),
        p_stable=math.nan,
        p_germline=0.999 if germline else 1e-30,
        p_artefact=1e-30,
        **sides,
        after_alt=None,
        after_depth=None,
        after_present=None,
        after_excluded_above=math.nan,
        reason=f"{row.before_alt} of {row.before_depth} fragments. No second time point.",
        flags=("no_second_time_point",),
    )


def pair_summary(patient: str, variants: list[VariantChange]) -> PairSummary:
    """Numbers that agree with `variants`."""
    labels = [row.variant_class for row in variants]
    counts = {f"n_{label.removeprefix('likely_')}": labels.count(label) for label in VariantClass}
    told = [row for row in variants if row.variant_class != VariantClass.NOT_EVALUABLE]
    return filled(
        PairSummary,
        patient=patient,
        comparison=PAIR,
        **counts,
        expected_wrong_labels=sum(1 - row.probability for row in told),
        overdispersion=0.0018,
        overdispersion_source="212 heterozygous SNPs",
        purity_before=0.86,
        purity_after=0.41,
        purity_source="founder cluster",
        null_pair_false_acquired=0.0,
        evidence_level="counts",
    )


def example_clones(patient: str) -> list[CloneShare]:
    """A founder, a lost, an expanding and a new clone."""
    paths = {
        "founder": (9, 0.43, 0.205, 1.0),
        "clone 2": (4, 0.22, 0.0, 0.0),
        "clone 3": (2, 0.03, 0.19, 0.92),
        "clone 4": (6, 0.0, 0.1, 0.5),
    }
    return [
        filled(
            CloneShare,
            patient=patient,
            clone=clone,
            timepoint=timepoint,
            n_variants=n_variants,
            vaf=vaf,
            vaf_low=max(0.0, vaf - 0.02),
            vaf_high=vaf + 0.02,
            ccf=ccf,
        )
        for clone, (n_variants, before, after, ccf_after) in paths.items()
        for timepoint, vaf, ccf in (
            ("diagnosis", before, min(1.0, before / 0.43)),
            ("relapse", after, ccf_after),
        )
    ]


def write_itd(folder: Path, patient: str) -> None:
    """A small clone lost, a larger one whose AR crosses 0.5."""
    vafs = {"ITD21_c1775": (21, 0.08, 0.0), "ITD30_c1772": (30, 0.24, 0.41)}
    clones = [
        itd_clone(patient, timepoint, clone, length, vaf)
        for clone, (length, *both) in vafs.items()
        for timepoint, vaf in zip(TIMEPOINTS, both, strict=True)
    ]
    libraries = [
        filled(
            ItdLibrary,
            patient=patient,
            timepoint=timepoint,
            sample=f"{patient}_{timepoint}_dna",
            assay="dna",
            verdict=Verdict.ITD,
            n_clones=n_clones,
            total_vaf=vaf,
            total_allelic_ratio=vaf / (1 - vaf),
            allelic_ratio_low=vaf / (1 - vaf) - 0.05,
            allelic_ratio_high=vaf / (1 - vaf) + 0.05,
            depth=900,
            detection_limit=0.009,
            reason=f"{n_clones} clones above the limit of blank",
        )
        for timepoint, n_clones, vaf in (("diagnosis", 2, 0.32), ("relapse", 1, 0.41))
    ]
    pairs = [
        itd_pair(patient, "ITD21_c1775", CloneChange.LOST, 0.08, 0.0, ""),
        itd_pair(patient, "ITD30_c1772", CloneChange.EXPANDING, 0.24, 0.41, "up"),
    ]
    write_table(folder / "flt3_itd/flt3_itd_clones.tsv", ItdClone, clones)
    write_table(folder / "flt3_itd/flt3_itd.tsv", ItdLibrary, libraries)
    write_table(folder / "flt3_itd/flt3_itd_pairs.tsv", ItdPair, pairs)
    for library in libraries:
        write_text(folder / f"flt3_itd/flt3_itd_{library.sample}.svg", FIGURE)


def itd_clone(patient: str, timepoint: str, clone: str, length: int, vaf: float) -> ItdClone:
    """A tandem duplication at `vaf`."""
    return filled(
        ItdClone,
        patient=patient,
        timepoint=timepoint,
        sample=f"{patient}_{timepoint}_dna",
        assay="dna",
        clone=clone,
        kind="itd",
        length=length,
        duplicated_length=length - 3,
        n_length=3,
        inserted_sequence="G" * length,
        chrom="chr13",
        hgvs_c=f"c.1772_{1771 + length}dup",
        hgvs_p="p.Asp593_Lys602dup",
        in_frame=True,
        typical=True,
        domain="JM zipper",
        itd_fragments=800 * vaf,
        wildtype_fragments=800 * (1 - vaf),
        vaf=vaf,
        vaf_low=max(0, vaf - 0.03),
        vaf_high=vaf + 0.03,
        allelic_ratio=vaf / (1 - vaf),
        allelic_ratio_low=vaf * 0.9,
        allelic_ratio_high=vaf * 1.9,
        vaf_left=vaf * 0.98,
        vaf_right=vaf * 1.02,
        detection="de_novo" if vaf else "targeted",
    )


def itd_pair(
    patient: str, clone: str, change: CloneChange, before: float, after: float, crosses: str
) -> ItdPair:
    """What happened to one clone, named ITD{length}_c{first}."""
    length = int(clone[3:5])
    return filled(
        ItdPair,
        patient=patient,
        comparison=PAIR,
        assay="dna",
        clone=clone,
        length=length,
        hgvs_c=f"c.1772_{1771 + length}dup",
        change=change,
        probability=0.999,
        before_vaf=before,
        before_vaf_low=max(0, before - 0.03),
        before_vaf_high=before + 0.03,
        after_vaf=after,
        after_vaf_low=max(0, after - 0.03),
        after_vaf_high=after + 0.03,
        before_allelic_ratio=before / (1 - before),
        after_allelic_ratio=after / (1 - after),
        crosses_half=crosses,
        reason=f"junction in {before:.0%} of fragments before and {after:.0%} after",
    )


def write_qc(folder: Path, patient: str) -> None:
    """A good and a poorer library of one person."""
    rows = [
        filled(
            AlignmentQc,
            patient=patient,
            timepoint=timepoint,
            sample=f"{patient}_{timepoint}_dna",
            assay="dna",
            reads=2_400_000,
            mapped_share=0.995,
            duplicate_share=0.12,
            usable_share=0.86,
            mean_insert_size=214.0,
            read_length=101,
            error_rate=0.0021,
            target_bases=182_000,
            mean_depth=depth,
            share_at_minimum=share,
            verdict=verdict,
            reason=reason,
        )
        for timepoint, depth, share, verdict, reason in (
            ("diagnosis", 812.0, 0.99, "good", "deep and even"),
            ("relapse", 655.0, 0.91, "poor", "9 % of the target below 100 fragments"),
        )
    ]
    coverage = [
        filled(
            GeneCoverage,
            patient=patient,
            timepoint=row.timepoint,
            sample=row.sample,
            gene=gene,
            coding_bases=2400,
            mean_depth=row.mean_depth * scale,
            share_at_minimum=share,
            target_share_at_minimum=math.nan,
        )
        for row in rows
        for gene, scale, share in (("FLT3", 1.1, 1.0), ("TP53", 0.3, 0.62), ("NPM1", 1.0, 1.0))
    ]
    identity = filled(
        PairIdentity,
        patient=patient,
        sample_a=rows[0].sample,
        sample_b=rows[1].sample,
        sites=143,
        concordance=0.993,
        log10_likelihood_ratio=41.2,
        log10_ratio_relative=12.6,
        contamination=0.002,
        verdict="same_person",
        reason="142 of 143 genotypes agree",
    )
    write_table(folder / "alignment_qc/alignment_qc.tsv", AlignmentQc, rows)
    write_table(folder / "alignment_qc/gene_coverage.tsv", GeneCoverage, coverage)
    write_table(folder / "alignment_qc/pair_identity.tsv", PairIdentity, [identity])


def write_mirna(folder: Path, patient: str) -> None:
    """The review's miRNAs and some others."""
    review = [
        ("hsa-miR-181a-5p", 18_400.0, 1.9, "up"),
        ("hsa-miR-182-5p", 950.0, 0.3, "no_change_shown"),
        ("hsa-miR-223-3p", 44_000.0, -1.6, "down"),
        ("hsa-miR-149-5p", 3.0, 0.0, "not_evaluable"),
    ]
    others = [(f"hsa-miR-{i}-3p", 100.0 + i, (i % 9 - 4) / 4, "up") for i in range(300, 340)]
    rows = [
        filled(
            MirnaChange,
            patient=patient,
            comparison=PAIR,
            mirna=name,
            before_count=count,
            after_count=count * 2**change,
            before_rpm=count * 1.3,
            after_rpm=count * 1.3 * 2**change,
            log2_fold_change=change,
            log2_low=change - 1.1,
            log2_high=change + 1.1,
            dispersion=0.4,
            dispersion_source="prior (exploratory)",
            direction=direction,
            in_review=(name, count, change, direction) in review,
        )
        for name, count, change, direction in review + others
    ]
    qc = [
        filled(
            MirnaQc,
            patient=patient,
            timepoint=timepoint,
            sample=f"{patient}_{timepoint}_mirna",
            reads=1_000_000,
            adapter="TGGAATTCTCGGGTGCCAAGG",
            adapter_source="detected",
            share_20_24=0.81,
            assigned=640_000,
            n_mirnas=412,
            size_factor=1.0,
            verdict="good",
            reason="81 % of reads are 20 to 24 nt",
        )
        for timepoint in TIMEPOINTS
    ]
    write_table(folder / "mirna/mirna_change.tsv", MirnaChange, rows)
    write_table(folder / "mirna/mirna_qc.tsv", MirnaQc, qc)


def write_rna(folder: Path, patient: str) -> None:
    """Review genes and pathway scores."""
    genes = [
        filled(
            ExpressionChange,
            patient=patient,
            comparison=PAIR,
            gene=gene,
            before_tpm=before,
            after_tpm=after,
            before_percentile=60.0,
            after_percentile=80.0,
            log2_fold_change=math.log2(after / before),
            log2_low=math.log2(after / before) - 0.9,
            log2_high=math.log2(after / before) + 0.9,
            dispersion_source="prior (exploratory)",
            direction=direction,
            in_review=True,
        )
        for gene, before, after, direction in (
            ("ABCB1", 1.2, 14.8, "up"),
            ("MVP", 30.1, 34.0, "no_change_shown"),
            ("WT1", 22.0, 88.0, "up"),
            ("ATM", 12.0, 4.1, "down"),
        )
    ]
    pathways = [
        filled(
            PathwayChange,
            patient=patient,
            comparison=PAIR,
            pathway=name,
            mechanism=mechanism,
            method="singscore",
            before_score=0.1,
            after_score=0.1 + delta,
            delta=delta,
            delta_low=delta - 0.05,
            delta_high=delta + 0.05,
            p_value=0.004,
            q_value=q_value,
            genes_found=14,
            genes_in_set=16,
            direction=direction,
            driving_genes=("ABCB1 +3.3", "ABCC1 +0.9"),
            reason="rank among 1,000 matched random sets",
        )
        for name, mechanism, delta, q_value, direction in (
            ("drug_efflux", "P-gp", 0.14, 0.012, "up"),
            ("apoptosis", "Apoptosis", -0.02, 0.61, "no_change_shown"),
            ("autophagy", "Autophagy", math.nan, math.nan, "not_evaluable"),
        )
    ]
    write_table(folder / "expression/expression_change.tsv", ExpressionChange, genes)
    write_table(folder / "expression/pathways.tsv", PathwayChange, pathways)


MECHANISMS = (
    ("P-gp", "protein", "expression"),
    ("MRP1/LRP", "protein", "expression"),
    ("FLT3", "gene", "flt3_itd"),
    ("WT1", "gene", "variants"),
    ("Other genes", "gene", "variants"),
    ("miRNA", "mirna", "mirna"),
    ("PI3K/AKT", "pathway", "pathways"),
    ("Autophagy", "pathway", "pathways"),
)
LAYER_OF = {"expression": "rna", "pathways": "rna", "mirna": "mirna"}


def write_evidence(folder: Path, patient: str, measured: set[str]) -> None:
    """Two or three claims per mechanism; layers that were not measured are not assessed."""
    rows = [
        filled(
            Evidence,
            patient=patient,
            comparison=PAIR,
            claim=f"C{number}{part}",
            mechanism=mechanism,
            mechanism_class=mechanism_class,
            layer=layer,
            statement=f"{mechanism} rises with resistance ({part})",
            entity="ABCB1",
            status=status if LAYER_OF.get(layer, "dna") in measured else Status.NOT_ASSESSED,
            value=1.4,
            value_low=0.5,
            value_high=2.3,
            value_meaning="log2 fold change",
            direction="up",
            expected="up",
            source_table=f"{layer}.tsv",
            source_key="ABCB1",
            reason="interval excludes no change",
            references="21,22",
        )
        for number, (mechanism, mechanism_class, layer) in enumerate(MECHANISMS)
        for part, status in enumerate(
            (Status.SUPPORTED, Status.NOT_OBSERVED, Status.CONTRADICTED)[: 2 + number % 2]
        )
    ]
    mechanisms = [_mechanism(patient, *facts, rows) for facts in MECHANISMS]
    write_table(folder / "evidence/evidence.tsv", Evidence, rows)
    write_table(folder / "evidence/mechanisms.tsv", MechanismSummary, mechanisms)


def _mechanism(
    patient: str, mechanism: str, mechanism_class: str, layer: str, rows: list[Evidence]
) -> MechanismSummary:
    statuses = [row.status for row in rows if row.mechanism == mechanism]
    summary = next(status for status in Status if status in statuses)
    assessed = summary != Status.NOT_ASSESSED
    return filled(
        MechanismSummary,
        patient=patient,
        comparison=PAIR,
        mechanism=mechanism,
        mechanism_class=mechanism_class,
        **{str(status): statuses.count(status) for status in Status},
        summary=summary,
        agreement="one_layer" if assessed else "none",
        layers=(layer,) if assessed else (),
        missing_layers=() if assessed else (layer,),
        headline=f"{mechanism}: {summary.replace('_', ' ')} by {layer}",
    )


def make_hostile(folder: Path) -> None:
    """Put hostile names, one after the other, wherever the tables hold text from outside."""
    columns = {
        "variants/variants.tsv": (
            VariantChange,
            ("gene", "protein_change", "hgvs_c", "hotspot", "reason", "consequence", "flags"),
        ),
        "variants/clones.tsv": (CloneShare, ("clone",)),
        "evidence/evidence.tsv": (Evidence, ("statement", "mechanism", "reason", "claim")),
        "evidence/mechanisms.tsv": (MechanismSummary, ("mechanism", "headline")),
        "mirna/mirna_change.tsv": (MirnaChange, ("mirna", "dispersion_source")),
        "expression/pathways.tsv": (PathwayChange, ("pathway", "driving_genes", "reason")),
    }
    for path, (record, names) in columns.items():
        rows = read_table(folder / path, record)
        write_table(
            folder / path,
            record,
            map(_with_hostile, rows, cycle(HOSTILE_NAMES), [names] * len(rows)),
        )


def _with_hostile(row: Record, name: str, columns: Iterable[str]) -> Record:
    values = {
        column: (name,) if isinstance(getattr(row, column), tuple) else name for column in columns
    }
    return dataclasses.replace(row, **values)  # type: ignore[type-var]


def write_many_variants(results: Path, patient: str, number: int) -> Path:
    """An exome: so many variants, one in five of them somatic."""
    folder = write_example(results, patient, layers=("dna",))
    kinds = {
        "acquired": ((0, 120), (40, 110)),
        "lost": ((40, 120), (0, 110)),
        "stable": ((50, 120), (45, 110)),
        "not_evaluable": ((0, 12), (9, 110)),
    }
    labels = cycle(["germline"] * 16 + list(kinds))
    rows = []
    for i in range(number):
        label = next(labels)
        before, after = kinds.get(label, ((60, 120), (55, 110)))
        row = variant(f"GENE{i}", f"A{i + 1}V", label, before, after, probability=0.97)
        rows.append(dataclasses.replace(row, patient=patient, pos=1000 + i))
    write_table(folder / "variants/variants.tsv", VariantChange, rows)
    return folder


def write_page(folder: Path, patient: str, provenance: Path) -> Path:
    """Write the page of one patient."""
    out = folder / patient / "report" / f"{patient}.html"
    arguments = ["--patient", patient, "--results", str(folder / patient), "--out", str(out)]
    facts = ["--facts", facts_json(patient)]
    assert main(["report", "patient", *arguments, *facts, "--provenance", str(provenance)]) == 0
    return out
