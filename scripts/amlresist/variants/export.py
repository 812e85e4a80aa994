"""Variants as VCF 4.3 and as MAF."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from amlresist.files import write_text
from amlresist.variants.alleles import Allele, bare
from amlresist.variants.candidates import write_indexed_vcf
from amlresist.variants.records import VariantChange
from amlresist.variants.tracks import Track

_INFO = (
    ("GENE", "1", "String", "Gene symbol"),
    ("HGVSC", "1", "String", "HGVS coding change"),
    ("HGVSP", "1", "String", "HGVS protein change"),
    ("CSQ_TERM", ".", "String", "Sequence Ontology terms of the consequence"),
    ("HOTSPOT", "1", "String", "Curated hotspot"),
    ("COMPARISON", ".", "String", "Time points compared, before>after"),
    ("CLASS", ".", "String", "Class of each comparison"),
    ("PROB", ".", "Float", "Posterior probability of each class given"),
    ("QVALUE", ".", "Float", "Expected share of wrong labels at least as sure, per comparison"),
)
_FORMAT = (
    ("AD", "R", "Integer", "Fragments with the reference and the alternative allele"),
    ("DP", "1", "Integer", "Informative fragments"),
    ("AF", "A", "Float", "VAF"),
    ("U95", "1", "Float", "VAF excluded with 95 % where the variant was not seen"),
)
MAF_CHANGE_COLUMNS = (
    "Chromosome",
    "Start_Position",
    "End_Position",
    "Strand",
    "Variant_Classification",
    "Variant_Type",
    "Reference_Allele",
    "Tumor_Seq_Allele1",
    "Tumor_Seq_Allele2",
    "Tumor_Sample_Barcode",
)
MAF_NAME_COLUMNS = (
    "HGVSc",
    "HGVSp",
    "HGVSp_Short",
    "Transcript_ID",
)
MAF_COLUMNS = (
    "Hugo_Symbol",
    *MAF_CHANGE_COLUMNS,
    *MAF_NAME_COLUMNS,
    "t_depth",
    "t_ref_count",
    "t_alt_count",
    "comparison",
    "variant_class",
    "probability",
)
# Sequence Ontology -> MAF, after the GDC MAF specification.
_CLASSIFICATIONS = {
    "missense_variant": "Missense_Mutation",
    "stop_gained": "Nonsense_Mutation",
    "stop_lost": "Nonstop_Mutation",
    "start_lost": "Translation_Start_Site",
    "splice_acceptor_variant": "Splice_Site",
    "splice_donor_variant": "Splice_Site",
    "splice_region_variant": "Splice_Region",
    "synonymous_variant": "Silent",
    "5_prime_UTR_variant": "5'UTR",
    "3_prime_UTR_variant": "3'UTR",
    "intron_variant": "Intron",
    "non_coding_transcript_exon_variant": "RNA",
    "upstream_gene_variant": "5'Flank",
    "downstream_gene_variant": "3'Flank",
    "intergenic_variant": "IGR",
}


def write_vcf(
    path: Path,
    rows: Sequence[VariantChange],
    tracks: Sequence[Track],
    alleles: Sequence[Allele],
    excluded_above: Mapping[tuple[Allele, str], float],
    contigs: Mapping[str, int],
) -> None:
    """Write all variants with coordinates, one record each, bgzipped and indexed.

    Args:
        path: ends in `.vcf.gz`.
        rows: of all comparisons.
        tracks: libraries, one sample column each.
        alleles: loci of the tracks.
        excluded_above: (allele, time point) -> U95 where not seen.
        contigs: contig -> length in the reference's order; others are appended without length.
    """
    by_allele: dict[Allele, list[VariantChange]] = {}
    for row in rows:
        allele = Allele(row.chrom, row.pos - 1, row.ref, row.alt)
        if row.chrom and "<" not in row.alt:
            by_allele.setdefault(allele, []).append(row)
    names = [*contigs, *sorted({a.chrom for a in by_allele} - set(contigs))]
    rank = {name: i for i, name in enumerate(names)}
    place = {allele: i for i, allele in enumerate(alleles)}
    lines = _header(names, contigs, [track.sample for track in tracks])
    for allele in sorted(by_allele, key=lambda a: (rank[a.chrom], a.pos, a.ref, a.alt)):
        samples = [
            _sample(track, place[allele], excluded_above.get((allele, track.timepoint), math.nan))
            for track in tracks
        ]
        fields = [allele.chrom, str(allele.pos + 1), ".", allele.ref, allele.alt, ".", "PASS"]
        lines.append("\t".join([*fields, _info(by_allele[allele]), "AD:DP:AF:U95", *samples]))
    write_indexed_vcf(path, "\n".join(lines) + "\n")


def _header(names: Iterable[str], lengths: Mapping[str, int], samples: Sequence[str]) -> list[str]:
    lines = ["##fileformat=VCFv4.3", '##FILTER=<ID=PASS,Description="All filters passed">']
    for name in names:
        length = f",length={lengths[name]}" if name in lengths else ""
        lines.append(f"##contig=<ID={name}{length}>")
    for kind, fields in (("INFO", _INFO), ("FORMAT", _FORMAT)):
        for key, number, value, text in fields:
            lines.append(f'##{kind}=<ID={key},Number={number},Type={value},Description="{text}">')
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]
    return [*lines, "\t".join(columns)]


def _info(rows: Sequence[VariantChange]) -> str:
    first = rows[0]
    pairs = [
        ("GENE", first.gene),
        ("HGVSC", first.hgvs_c),
        ("HGVSP", first.hgvs_p),
        ("CSQ_TERM", first.consequence.replace("&", ",")),
        ("HOTSPOT", first.hotspot),
        ("COMPARISON", ",".join(row.comparison for row in rows)),
        ("CLASS", ",".join(row.variant_class for row in rows)),
        ("PROB", ",".join(_number(row.probability) for row in rows)),
        ("QVALUE", ",".join(_number(row.q_value) for row in rows)),
    ]
    return ";".join(f"{key}={_escaped(value)}" for key, value in pairs if value)


def _escaped(value: str) -> str:
    """Percent-encoding of VCF 4.3 for what has a meaning in INFO; commas separate values."""
    for letter in "%;= \t":
        value = value.replace(letter, f"%{ord(letter):02X}")
    return value


def _number(value: float) -> str:
    return "." if math.isnan(value) else f"{value:.6g}"


def _sample(track: Track, i: int, excluded: float) -> str:
    depth = int(track.depth[i])
    if depth < 0:
        return ".:.:.:."
    vaf = track.alt[i] / depth if depth else math.nan
    return f"{track.ref[i]},{track.alt[i]}:{depth}:{_number(float(vaf))}:{_number(excluded)}"


def write_maf(
    path: Path, rows: Sequence[VariantChange], tracks: Sequence[Track], alleles: Sequence[Allele]
) -> None:
    """Write a MAF: one row per variant and library that shows it, with its class."""
    place = {allele: i for i, allele in enumerate(alleles)}
    lines = ["#version 2.4", "\t".join(MAF_COLUMNS)]
    for row in rows:
        allele = Allele(row.chrom, row.pos - 1, row.ref, row.alt)
        if not row.chrom or "<" in row.alt:
            continue
        for track in tracks:
            i = place[allele]
            in_pair = track.timepoint in row.comparison.split(">")
            if in_pair and track.listed[i]:
                lines.append("\t".join(_maf_cells(row, track, i)))
    write_text(path, "\n".join(lines) + "\n")


def maf_variant(row: VariantChange) -> dict[str, str]:
    """Column -> cell of a MAF, for the columns that describe the variant itself."""
    change = bare(Allele(row.chrom, row.pos - 1, row.ref, row.alt))
    start, end = change.start + 1, change.end
    if not change.deleted:  # an insertion lies between the base before and the base after
        start, end = change.start, change.start + 1
    return {
        "Hugo_Symbol": row.gene or "Unknown",
        "Chromosome": row.chrom,
        "Start_Position": str(start),
        "End_Position": str(end),
        "Strand": "+",
        "Variant_Classification": _classification(row),
        "Variant_Type": _variant_type(change.deleted, change.inserted),
        "Reference_Allele": change.deleted or "-",
        "Tumor_Seq_Allele1": change.deleted or "-",
        "Tumor_Seq_Allele2": change.inserted or "-",
        "HGVSc": row.hgvs_c,
        "HGVSp": row.hgvs_p,
        "HGVSp_Short": f"p.{row.protein_change}" if row.protein_change else "",
        "Transcript_ID": row.transcript,
    }


def _maf_cells(row: VariantChange, track: Track, i: int) -> list[str]:
    known = track.depth[i] >= 0
    counts = [track.depth[i], track.ref[i], track.alt[i]]
    names = ("t_depth", "t_ref_count", "t_alt_count")
    cells = {
        **maf_variant(row),
        "Tumor_Sample_Barcode": track.sample,
        **{name: str(int(count)) for name, count in zip(names, counts, strict=True) if known},
        "comparison": row.comparison,
        "variant_class": row.variant_class.value,
        "probability": _number(row.probability),
    }
    return [cells.get(name, "") for name in MAF_COLUMNS]


def _classification(row: VariantChange) -> str:
    term = row.consequence.split("&")[0]
    deletion = len(row.ref) > len(row.alt)
    if term == "frameshift_variant":
        return "Frame_Shift_Del" if deletion else "Frame_Shift_Ins"
    if term in {"inframe_insertion", "inframe_deletion", "protein_altering_variant"}:
        return "In_Frame_Del" if deletion else "In_Frame_Ins"
    return _CLASSIFICATIONS.get(term, "Targeted_Region")


def _variant_type(deleted: str, inserted: str) -> str:
    if len(deleted) == len(inserted):
        return {1: "SNP", 2: "DNP", 3: "TNP"}.get(len(deleted), "ONP")
    return "INS" if len(inserted) > len(deleted) else "DEL"
