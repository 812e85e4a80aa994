"""The station's VCF 4.3: one record per allele, one column per library."""

from collections.abc import Sequence

from amlresist import __version__
from amlresist.flt3_itd.calling import LibraryCall
from amlresist.flt3_itd.summary import NamedClone

_HEADER = """\
##fileformat=VCFv4.3
##source=amlresist {version} flt3-itd
##contig=<ID={chrom},length={length}>
##FILTER=<ID=PASS,Description="Present in at least one library">
##INFO=<ID=SVTYPE,Number=1,Type=String,Description="Type of structural variant">
##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Inserted bases">
##INFO=<ID=DUPLEN,Number=1,Type=Integer,Description="Inserted bases copied from the neighbourhood">
##INFO=<ID=NLEN,Number=1,Type=Integer,Description="Inserted bases that are no copy">
##INFO=<ID=CLONE,Number=1,Type=String,Description="Name of the clone">
##INFO=<ID=HGVSC,Number=1,Type=String,Description="HGVS coding change">
##INFO=<ID=HGVSP,Number=1,Type=String,Description="HGVS protein change">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype: 0/1 present, 0/0 not seen">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Fragments of wild type and ITD">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="VAF, start-position corrected">
##FORMAT=<ID=CI,Number=2,Type=Float,Description="95 % interval of the VAF">
"""
_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")


def vcf_text(
    calls: Sequence[LibraryCall], clones: Sequence[NamedClone], chrom: str, length: int
) -> str:
    """VCF of all clones of a patient; samples in the order of the libraries."""
    header = _HEADER.format(version=__version__, chrom=chrom, length=length)
    samples = [call.reads.library.sample for call in calls]
    lines = ["\t".join([*_COLUMNS, *samples])]
    keys = sorted({(c.names.pos, c.names.ref, c.names.alt) for c in clones})
    lines += [_record(chrom, key, calls, clones) for key in keys]
    return header + "\n".join(lines) + "\n"


def _record(
    chrom: str,
    key: tuple[int, str, str],
    calls: Sequence[LibraryCall],
    clones: Sequence[NamedClone],
) -> str:
    same = [c for c in clones if (c.names.pos, c.names.ref, c.names.alt) == key]
    first = same[0]
    names = first.names
    info = [
        f"SVTYPE={'DUP:TANDEM' if first.call.is_tandem else 'INS'}",
        f"SVLEN={first.call.allele.length}",
        f"DUPLEN={names.duplicated}",
        f"NLEN={names.novel}",
        f"CLONE={names.clone}",
        f"HGVSC={names.hgvs_c}",
    ]
    if names.hgvs_p:
        info.append(f"HGVSP={names.hgvs_p.replace('=', '%3D')}")
    columns = [
        chrom,
        str(names.pos),
        names.clone,
        names.ref,
        names.alt,
        ".",
        "PASS",
        ";".join(info),
        "GT:AD:AF:CI",
    ]
    by_library = {id(c.library): c for c in same}
    columns += [_sample(by_library.get(id(call))) for call in calls]
    return "\t".join(columns)


def _sample(clone: NamedClone | None) -> str:
    if clone is None:
        return "./.:.:.:."
    call = clone.call
    genotype = "0/1" if call.present else "0/0"
    counts = f"{call.wild_type:.0f},{call.itd:.0f}"
    return f"{genotype}:{counts}:{call.vaf.value:.4g}:{call.vaf.low:.4g},{call.vaf.high:.4g}"
