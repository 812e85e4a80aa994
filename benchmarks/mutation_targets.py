"""What is mutated: per parser a sound file, the product's reader and an independent counter."""

import csv
import gzip
import io
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "faults")]

import pysam  # noqa: E402
from fault_files import GTF, sound_reads, write_bam, write_fasta  # noqa: E402

from amlresist.annotation import GeneModel, Transcript, read_gene_models, to_row  # noqa: E402
from amlresist.evidence.knowledge import own_claims  # noqa: E402
from amlresist.expression.gene_sets import read_gmt, read_network  # noqa: E402
from amlresist.expression.genes import GeneNames  # noqa: E402
from amlresist.expression.matrix import read_matrix  # noqa: E402
from amlresist.expression.salmon import read_salmon  # noqa: E402
from amlresist.inputs.alignments import examine_alignment  # noqa: E402
from amlresist.inputs.bam_index import read_index as index_of  # noqa: E402
from amlresist.inputs.bed import examine_bed, read_bed  # noqa: E402
from amlresist.inputs.config_files import read_configs  # noqa: E402
from amlresist.inputs.fastq import read_fastq  # noqa: E402
from amlresist.inputs.findings import UNREADABLE, require_sound  # noqa: E402
from amlresist.inputs.genome import Genome  # noqa: E402
from amlresist.inputs.maf import examine_maf  # noqa: E402
from amlresist.inputs.matrices import examine_table  # noqa: E402
from amlresist.inputs.reference_files import examine_annotation  # noqa: E402
from amlresist.inputs.vcf import examine_vcf  # noqa: E402
from amlresist.libraries import facts_from_json, from_json  # noqa: E402
from amlresist.mirna.matrix import read_sample  # noqa: E402
from amlresist.mirna.reference import read_fasta as read_small_rnas  # noqa: E402
from amlresist.plan import config_problems  # noqa: E402
from amlresist.reference.fasta import Contig, contigs_of  # noqa: E402
from amlresist.sheet import read_libraries, read_patient_facts  # noqa: E402
from amlresist.tables import table_text  # noqa: E402
from amlresist.variants.candidates import read_candidates  # noqa: E402
from amlresist.variants.given import read_given  # noqa: E402
from amlresist.variants.purity import read_segments  # noqa: E402
from amlresist.variants.regions import read_bed as read_targets  # noqa: E402

Count = Callable[[Path], int]
FORBIDDEN = ValueError, OSError, EOFError, LookupError, ArithmeticError, zlib.error, struct.error
"""What an independent counter may raise: it refuses the file."""


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        name: of the format.
        suffix: of its files.
        seed: a sound file.
        read: the product's count of records; raises InputError where it refuses.
        count: the same from other code; raises one of FORBIDDEN where it refuses.
        packed: mutate what is inside the gzip, not the gzip.
    """

    name: str
    suffix: str
    seed: bytes
    read: Count
    count: Count
    packed: bool = False


def text_of(path: Path) -> str:
    """Text of a plain or gzip file, unpacked by zlib alone; line ends as they are."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = unpacked(data)
    return data.decode()


def unpacked(data: bytes) -> bytes:
    """Content of every gzip member; nothing may follow the last.

    A checksum of the header alone (which Python's gzip passes over as well) is not asked for.
    """
    parts = []
    while data.strip(b"\0") or not parts:
        if data[:3] != b"\x1f\x8b\x08":
            raise ValueError("no gzip")
        member = zlib.decompressobj(-15)
        part = member.decompress(data[gzip_header(data) :]) + member.flush()
        if not member.eof or len(member.unused_data) < 8:
            raise ValueError("gzip is cut")
        if struct.unpack_from("<2I", member.unused_data) != (zlib.crc32(part), len(part)):
            raise ValueError("gzip is damaged")
        parts.append(part)
        data = member.unused_data[8:]
    return b"".join(parts)


def gzip_header(data: bytes) -> int:
    """Bytes of a gzip member's header (RFC 1952, section 2.3)."""
    flags, place = data[3], 10
    if flags & 4:
        place += 2 + struct.unpack_from("<H", data, place)[0]
    for _ in range(bool(flags & 8) + bool(flags & 16)):  # name, comment
        place = data.index(b"\0", place) + 1
    return place + (2 if flags & 2 else 0)


def lines_of(path: Path) -> list[str]:
    """Lines whatever their ends, blank ones left out."""
    text = text_of(path).removeprefix("\ufeff")
    return [line for line in re.split("\r\n|\r|\n", text) if line.strip()]


# --- FASTQ ---------------------------------------------------------------------------------------


def fastq_records(path: Path) -> int:
    """Records of four lines each."""
    lines = text_of(path).encode("ascii").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if len(lines) % 4:
        raise ValueError("record is cut")
    for first in range(0, len(lines), 4):
        name, bases, plus, qualities = (
            line.removesuffix(b"\r") for line in lines[first : first + 4]
        )
        if name[:1] != b"@" or plus[:1] != b"+" or len(bases) != len(qualities):
            raise ValueError("no record")
    return len(lines) // 4


def read_one_fastq(path: Path) -> int:
    """Records of a FASTQ as the product reads it."""
    findings, records = read_fastq(str(path))
    require_sound(findings)
    return records


def read_mates(path: Path) -> int:
    """Records of two FASTQs; the second one is sound."""
    mates = path.with_name("mates.fastq")
    if not mates.exists():
        mates.write_bytes(fastq(mate=2))
    findings, records = read_fastq(str(path), str(mates))
    require_sound(findings)
    return records


def fastq(mate: int = 0, records: int = 12) -> bytes:
    """A small sound FASTQ."""
    end = f"/{mate}" if mate else ""
    bases = "ACGTACGTNACGGTTACA"
    return "".join(
        f"@r{n}{end} lane\n{bases[n % 5 :]}\n+\n{'FFF:,#FFFFFFFFFFFFF'[n % 5 + 1 :]}\n"
        for n in range(records)
    ).encode()


# --- BAM, CRAM and their indexes -----------------------------------------------------------------


@cache
def work() -> Path:
    """Folder of the sound genome and BAM, made once per process tree."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="amlresist-mutations-"))
    write_fasta(folder / "genome.fa")
    pysam.faidx(str(folder / "genome.fa"))
    write_bam(folder / "sound.bam", sound_reads(1, pairs=12))
    pysam.index("-c", str(folder / "sound.bam"), str(folder / "sound.bam.csi"))
    options = ["-C", "-T", str(folder / "genome.fa"), "-o", str(folder / "sound.cram")]
    pysam.view(*options, str(folder / "sound.bam"), catch_stdout=False)
    return folder


@cache
def genome() -> Genome:
    """The genome of the sound files."""
    contigs = contigs_of(work() / "genome.fa")
    return Genome(str(work() / "genome.fa"), [Contig(c.name, c.length, "") for c in contigs])


def read_alignment(path: Path) -> int:
    """Records of a BAM or CRAM that the check accepts, as stations read them."""
    facts = genome()
    findings = examine_alignment(
        str(path), assay="dna", contigs=tuple(facts.contigs), fasta=facts.fasta
    )
    require_sound(findings)
    with pysam.AlignmentFile(str(path), reference_filename=facts.fasta, check_sq=False) as handle:
        return sum(1 for _ in handle.fetch(until_eof=True))


def bgzf(data: bytes) -> bytes:
    """Content of BGZF blocks, each with its own checksum."""
    parts, place = [], 0
    while place < len(data):
        if data[place : place + 4] != b"\x1f\x8b\x08\x04":
            raise ValueError("no block")
        length = struct.unpack_from("<H", data, place + 16)[0] + 1
        part = zlib.decompress(data[place + 18 : place + length - 8], -15)
        if zlib.crc32(part) != struct.unpack_from("<I", data, place + length - 8)[0]:
            raise ValueError("block is damaged")
        parts.append(part)
        place += length
    return b"".join(parts)


def bam_records(path: Path) -> int:
    """Records of a BAM by their lengths."""
    content = bgzf(path.read_bytes())
    magic, text = struct.unpack_from("<4si", content)
    if magic != b"BAM\1" or text < 0:
        raise ValueError("no BAM")
    place = 8 + text
    contigs = struct.unpack_from("<i", content, place)[0]
    place += 4
    for _ in range(contigs):
        place += 8 + struct.unpack_from("<i", content, place)[0]
    records = 0
    while place < len(content):
        size = struct.unpack_from("<i", content, place)[0]
        place += 4 + size
        records += 1
        if size < 32 or place > len(content):
            raise ValueError("record is cut")
    return records


def itf8(data: bytes, place: int) -> tuple[int, int]:
    """(value, next place) of CRAM's variable-length integer."""
    first = data[place]
    more = next((n for n in range(4) if not first & (0x80 >> n)), 4)
    if more == 4:
        rest = data[place + 1 : place + 5]
        value = (first & 0x0F) << 28 | rest[0] << 20 | rest[1] << 12 | rest[2] << 4 | rest[3] & 0x0F
        return value, place + 5
    value = first & (0x7F >> more)
    for byte in data[place + 1 : place + 1 + more]:
        value = value << 8 | byte
    return value, place + 1 + more


def cram_records(path: Path) -> int:
    """Records of a CRAM 3 by its container headers."""
    data = path.read_bytes()
    if data[:4] != b"CRAM":
        raise ValueError("no CRAM")
    place, records, containers = 26, 0, 0
    while place < len(data):
        length = struct.unpack_from("<i", data, place)[0]
        cursor = place + 4
        numbers = []
        for _ in range(4):  # reference, start, span, records
            value, cursor = itf8(data, cursor)
            numbers.append(value)
        for _ in range(2):  # counter and bases are 64-bit; small here
            first = data[cursor]
            cursor += 1 + next((n for n in range(8) if not first & (0x80 >> n)), 8)
        blocks, cursor = itf8(data, cursor)
        landmarks, cursor = itf8(data, cursor)
        for _ in range(landmarks):
            _, cursor = itf8(data, cursor)
        if zlib.crc32(data[place:cursor]) != struct.unpack_from("<I", data, cursor)[0]:
            raise ValueError("container header is damaged")
        place = cursor + 4 + length
        containers += 1
        records += numbers[3] if blocks else 0
    if place != len(data) or containers < 2:
        raise ValueError("container is cut")
    return records


def read_index(path: Path) -> int:
    """Mapped records of an index."""
    try:
        return sum(index_of(str(path)).mapped)
    except UNREADABLE as error:
        raise REFUSED(str(error)) from error


def index_records(path: Path) -> int:
    """Mapped records of a BAI or CSI: sum over the pseudo-bins."""
    data = path.read_bytes()
    data = bgzf(data) if data.startswith(b"\x1f\x8b") else data
    if data[:4] not in {b"BAI\1", b"CSI\1"}:
        raise ValueError("no index")
    is_csi, place, count_bin = data[:3] == b"CSI", 4, 37450
    if is_csi:
        _, depth, aux = struct.unpack_from("<3i", data, 4)
        if not 0 <= depth <= 10 or aux < 0:
            raise ValueError("no CSI")
        place, count_bin = 16 + aux, ((1 << 3 * (depth + 1)) - 1) // 7 + 1
    contigs, place = struct.unpack_from("<i", data, place)[0], place + 4
    total = 0
    if contigs < 0:
        raise ValueError("negative count")
    for _ in range(contigs):
        bins, place = struct.unpack_from("<i", data, place)[0], place + 4
        mapped = 0
        for _ in range(bins):
            number = struct.unpack_from("<I", data, place)[0]
            place += 12 if is_csi else 4
            chunks, place = struct.unpack_from("<i", data, place)[0], place + 4
            if number == count_bin and chunks == 2:
                mapped = struct.unpack_from("<Q", data, place + 16)[0]
            if bins < 0 or chunks < 0 or place + 16 * chunks > len(data):
                raise ValueError("index is cut")
            place += 16 * chunks
        if bins < 0:
            raise ValueError("negative count")
        if not is_csi:
            intervals = struct.unpack_from("<i", data, place)[0]
            if intervals < 0 or place + 4 + 8 * intervals > len(data):
                raise ValueError("index is cut")
            place += 4 + 8 * intervals
        total += mapped
    return total


class REFUSED(Exception):  # noqa: N818
    """The product refused a file by another way than InputError."""


# --- variants ------------------------------------------------------------------------------------

VCF_HEAD = (
    "##fileformat=VCFv4.2\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">\n'
    "##contig=<ID=chr1,length=6000>\n##contig=<ID=chr2,length=4000>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
)
_PLAIN = re.compile("[ACGTNacgtn]+")


def vcf(samples: bool) -> bytes:
    """A small sound VCF, with or without a sample."""
    from fault_files import GENOME

    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    lines = [VCF_HEAD + ("\tFORMAT\tdiagnosis" if samples else "")]
    for position in range(100, 1300, 100):
        ref = GENOME["chr1"][position - 1]
        line = f"chr1\t{position}\t.\t{ref}\t{other[ref]}\t50\tPASS\t."
        lines.append(line + ("\tGT:AD:DP\t0/1:60,40:100" if samples else ""))
    return ("\n".join(lines) + "\n").encode()


def read_vcf(path: Path) -> int:
    """Lines of a VCF from which the product takes a variant."""
    require_sound(examine_vcf(str(path), genome()))
    table = read_given(str(path), "P1", "diagnosis", "P1_diagnosis_dna")
    return len({variant.line for variant in table.variants})


def vcf_records(path: Path) -> int:
    """Records that htslib reads, with a plain allele and with GT or AD where there are samples.

    It gets the text unpacked, with Unix line ends, without descriptions of fields: it refuses some
    of these that say nothing about the records.
    """
    lines = [line for line in lines_of(path) if line[:2] != "##" or line[:13] == "##fileformat="]
    plain = path.with_name("plain.vcf")
    plain.write_text("\n".join(lines) + "\n")
    with pysam.VariantFile(str(plain)) as handle:
        return sum(
            bool(_PLAIN.fullmatch(record.ref or ""))
            and any(_PLAIN.fullmatch(alt) for alt in record.alts or ())
            and (not record.samples or not {"GT", "AD"}.isdisjoint(record.format.keys()))
            for record in handle
        )


def read_candidate_vcf(path: Path) -> int:
    """Alleles of a candidate VCF."""
    return len(read_candidates(path))


def candidate_lines(path: Path) -> int:
    """Distinct alleles by plain splitting."""
    alleles = set()
    for line in lines_of(path):
        if not line.startswith("#"):
            fields = line.split("\t")
            alleles |= {(fields[0], int(fields[1]), fields[3], alt) for alt in fields[4].split(",")}
            fields[7]
    return len(alleles)


def bcf() -> bytes:
    """A small sound BCF."""
    source, target = work() / "sound.vcf", work() / "sound.bcf"
    source.write_bytes(vcf(samples=True))
    with (
        pysam.VariantFile(str(source)) as inp,
        pysam.VariantFile(str(target), "wb", header=inp.header) as out,
    ):
        for record in inp:
            out.write(record)
    return target.read_bytes()


def read_bcf(path: Path) -> int:
    """Records of a BCF that the check accepts."""
    require_sound(examine_vcf(str(path), genome()))
    with pysam.VariantFile(str(path)) as handle:
        return sum(1 for _ in handle)


def bcf_records(path: Path) -> int:
    """Records of a BCF by their lengths."""
    content = bgzf(path.read_bytes())
    if content[:5] != b"BCF\2\2":
        raise ValueError("no BCF")
    place, records = 9 + struct.unpack_from("<I", content, 5)[0], 0
    while place < len(content):
        shared, single = struct.unpack_from("<2I", content, place)
        place += 8 + shared + single
        records += 1
        if shared < 24 or place > len(content):
            raise ValueError("record is cut")
    return records


MAF = (
    "#version 2.4\nHugo_Symbol\tChromosome\tStart_Position\tReference_Allele\tTumor_Seq_Allele2\t"
    "Tumor_Sample_Barcode\tt_ref_count\tt_alt_count\n"
    + "".join(f"G{n}\tchr1\t{n * 100}\tA\tC\tP1_diagnosis_dna\t60\t{n}\n" for n in range(1, 12))
).encode()


def read_maf(path: Path) -> int:
    """Rows of a MAF that belong to the library."""
    require_sound(examine_maf(str(path), genome()))
    return len(read_given(str(path), "P1", "diagnosis", "P1_diagnosis_dna").variants)


def maf_rows(path: Path) -> int:
    """Rows of the library's barcode (of the only barcode, where there is one)."""
    lines = [line for line in lines_of(path) if not line.startswith("#")]
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if len({*rows[0]}) < 6 or any(len(row) > len(rows[0]) for row in rows[1:]):
        raise ValueError("row is too long")
    column = rows[0].index("Tumor_Sample_Barcode")
    barcodes = [row[column] for row in rows[1:]]
    wanted = "P1_diagnosis_dna"
    if wanted not in barcodes and len(set(barcodes)) == 1:
        wanted = barcodes[0]
    return barcodes.count(wanted)


TABLE = (
    "gene\tchrom\tpos\tref\talt\tdiagnosis_ref_count\tdiagnosis_alt_count\n"
    + "".join(f"G{n}\tchr1\t{n * 100}\tA\tC\t60\t{n}\n" for n in range(1, 12))
).encode()


def read_count_table(path: Path) -> int:
    """Rows of a table of counts."""
    require_sound(examine_table(str(path), is_matrix=False))
    return len(read_given(str(path), "P1", "diagnosis", "P1_diagnosis_dna").variants)


def plain_rows(path: Path) -> int:
    """Lines below the header."""
    return len(lines_of(path)) - 1


def table_rows(path: Path) -> int:
    """Lines below the header, comments left out."""
    return len([line for line in lines_of(path) if not line.startswith("#")]) - 1


# --- places, genes, sequences --------------------------------------------------------------------

BED = "".join(f"chr1\t{n * 100}\t{n * 100 + 50}\tx{n}\n" for n in range(1, 14)).encode()


def read_regions(path: Path) -> int:
    """Bases of a BED."""
    require_sound(examine_bed(str(path), genome()))
    bases = sum(end - start for _, start, end in read_bed(str(path)))
    if bases != sum(end - start for _, start, end in read_targets(str(path))):
        raise AssertionError("the two readers of BED differ")
    return bases


def bed_bases(path: Path) -> int:
    """Bases covered by the intervals, counted one by one."""
    covered: set[tuple[str, int]] = set()
    for line in lines_of(path):
        if not line.startswith(("#", "track", "browser")):
            contig, start, end, *_ = line.split("\t")
            if not 0 <= int(start) < int(end) < 10_000:
                raise ValueError("no region")
            covered |= {(contig, place) for place in range(int(start), int(end))}
    return len(covered)


def gff3() -> bytes:
    """The same models as GFF3."""
    lines = ["##gff-version 3"]
    for number in range(1, 4):
        first = number * 1000
        lines += [
            f"chr1\tt\tgene\t{first}\t{first + 600}\t.\t+\t.\tID=gene:G{number};Name=N{number}",
            f"chr1\tt\tmRNA\t{first}\t{first + 600}\t.\t+\t.\tID=transcript:T{number};"
            f"Parent=gene:G{number}",
            f"chr1\tt\texon\t{first}\t{first + 600}\t.\t+\t.\tParent=transcript:T{number}",
            f"chr1\tt\tCDS\t{first}\t{first + 600}\t.\t+\t0\tParent=transcript:T{number}",
        ]
    return ("\n".join(lines) + "\n").encode()


def gtf() -> bytes:
    """Three transcripts as GTF."""
    return "".join(
        GTF.replace("T1", f"T{n}").replace("G1", f"G{n}").replace("TP53", f"N{n}")
        for n in range(1, 4)
    ).encode()


def read_annotation(path: Path) -> int:
    """Transcripts of an annotation."""
    require_sound(examine_annotation(str(path), genome()))
    return len(read_gene_models(path))


def annotated_transcripts(path: Path) -> int:
    """Transcripts named by exon lines."""
    names: set[str] = set()
    lines = [line for line in lines_of(path) if not line.startswith("#")]
    first = lines[0].split("\t")[8].split(";")[0]
    pattern = r'transcript_id "([^"]*)"' if '"' in first or "=" not in first else r"Parent=([^;]*)"
    for line in lines:
        fields = line.split("\t")
        if len(fields) != 9 or not 0 < int(fields[3]) <= int(fields[4]):
            raise ValueError("no feature")
        if fields[2] == "exon":
            found = re.findall(pattern, fields[8])
            names |= {part.strip() for part in (found[-1] if found else "").split(",")}
    return len(names)


def gene_models() -> bytes:
    """The table the product writes."""
    path = work() / "genes.gtf"
    path.write_bytes(gtf())
    return table_text(GeneModel, [to_row(model) for model in read_gene_models(path)]).encode()


FASTA = b">chr1 first\nACGTACGTNN\nACGT\n>chr2\nacgtRYacgt\n>chr3\nGGGG\n"
SMALL_RNAS = (
    b">hsa-let-7a-5p MIMAT0000062 Homo sapiens let-7a-5p\nUGAGGUAGUAGGUUGUAUAGUU\n"
    b">hsa-miR-21-5p MIMAT0000076\nUAGCUUAUCAGACUGAUGUUGA\n>hsa-miR-26a-5p MIMAT0000082\n"
    b"UUCAAGUAAUCCAGGAUAGGCU\n"
)


def fasta_entries(path: Path) -> int:
    """Header lines, where each has letters below it."""
    lines = lines_of(path)
    if not lines[0].strip().startswith(">"):
        raise ValueError("no FASTA")
    return sum(line.strip().startswith(">") for line in lines)


def distinct_entries(path: Path) -> int:
    """Distinct first words of the header lines."""
    fasta_entries(path)
    headers = [line.strip() for line in lines_of(path) if line.strip().startswith(">")]
    return len({header[1:].split()[0] for header in headers})


# --- expression ----------------------------------------------------------------------------------

GENES = ("TP53", "FLT3", "NPM1", "IDH1", "IDH2", "DNMT3A", "WT1", "KIT", "NRAS", "KRAS", "MYC")
MATRIX = (
    "gene\tdiagnosis\trelapse\n" + "".join(f"{g}\t{n * 7}\t{n + 3}\n" for n, g in enumerate(GENES))
).encode()
QUANT = (
    "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"
    + "".join(f"T{n}\t600\t450.5\t{n * 10.5}\t{n * 12}\n" for n in range(1, 4))
).encode()
GMT = "".join(f"SET_{n}\tdescription\t" + "\t".join(GENES[n:]) + "\n" for n in range(6)).encode()
NETWORK = (
    "source\ttarget\tweight\n" + "".join(f"P{n % 3}\t{g}\t{n - 5.5}\n" for n, g in enumerate(GENES))
).encode()


@cache
def names() -> GeneNames:
    """Gene names without annotation."""
    return GeneNames()


def read_expression(path: Path) -> int:
    """Rows of an expression matrix."""
    require_sound(examine_table(str(path), is_matrix=True))
    return len(read_matrix(path).identifiers)


def read_quantification(path: Path) -> int:
    """Transcripts of a salmon table."""
    return read_salmon(path, models(), names())[2]


@cache
def models() -> list[Transcript]:
    """Gene models of the sound GTF."""
    path = work() / "models.gtf"
    path.write_bytes(gtf())
    return read_gene_models(path)


def read_mirnas(path: Path) -> int:
    """Sum of the names' rows of a miRNA matrix."""
    require_sound(examine_table(str(path), is_matrix=True))
    return len(read_sample(str(path), "relapse"))


def first_cells(path: Path, *, comments: bool = True) -> int:
    """Distinct first cells below the header."""
    lines = [line for line in lines_of(path) if not comments or not line.startswith("#")]
    separator = "\t" if "\t" in lines[0] else ","
    rows = [line.split(separator) for line in lines]
    return len({row[0].strip().strip('"') for row in rows[1:]})


def all_lines(path: Path) -> int:
    """Lines that are no comments."""
    return len([line for line in lines_of(path) if not line.startswith("#")])


# --- sheets, settings, claims --------------------------------------------------------------------

SAMPLES = (
    b"patient\ttimepoint\tassay\tsample\tfq1\tfq2\tbam\tcapture\n"
    b"P1\tdiagnosis\tdna\tP1_d\t\t\tdx.bam\tpanel\nP1\trelapse\tdna\tP1_r\ta_1.fq\ta_2.fq\t\tpanel\n"
    b"P2\tdiagnosis\trna\tP2_d\tb.fq\t\t\t\nP2\trelapse2\tmirna\tP2_r\tc.fq\t\t\t\n"
)
PATIENTS = (
    b"patient\ttimepoint\tblast_fraction\tsex\ttransplant_before\nP1\tdiagnosis\t0.9\tfemale\tno\n"
    b"P1\trelapse\t0.5\tfemale\tyes\nP2\tdiagnosis\t\tmale\t\n"
)
CONFIG = (
    b"samples: config/samples.tsv\nresults: results\n"
    b"variants:\n  absence_limit: 0.02\n  fdr: 0.004\nreport: {max_rows: 100, covered_share: 0.9}\n"
    b"expression:\n  gene_sets: [a.gmt, b.gmt]\n  seed: 1\n"
)
LIBRARIES = json.dumps(
    [{"sample": "a", "timepoint": "diagnosis", "assay": "dna", "capture": "", "paths": ["a.bam"]}]
).encode()
FACTS = json.dumps(
    [
        {
            "patient": "P1",
            "timepoint": "diagnosis",
            "blast_fraction": 0.8,
            "sex": "",
            "transplant_before": None,
            "flt3_inhibitor_before": False,
        }
    ]
).encode()
CLAIMS = (
    b"claim\tmechanism\tmechanism_class\tstatement\tentity\texpected\trule\tnote\treferences\n"
    b"Z1\tP-gp\tgene\twords\tABCB1\tup\texpression gene=ABCB1 direction=up against=down\tNA\there\n"
    b"Z2\tRAS\tgene\tw\tNRAS\tgained\tvariants gene=NRAS change=acquired against=lost\tNA\tthere\n"
)
SEGMENTS = (
    b"timepoint\tchrom\tstart\tend\ttotal_copies\tmutated_copies\n"
    b"diagnosis\tchr1\t1\t1000\t3\t1\nrelapse\tchr1\t1001\t2000\t1\tNA\n"
)


def read_settings(path: Path) -> int:
    """Values of a config."""
    config = read_configs([str(path)])
    if problems := config_problems(config):
        from amlresist.errors import InputError

        raise InputError(problems)
    return len(config)


def config_names(path: Path) -> int:
    """Top-level names of the YAML, by indentation (JSON: by the JSON parser)."""
    text = re.sub("\r\n|\r", "\n", path.read_bytes().decode().removeprefix("\ufeff"))
    if text.lstrip().startswith("{"):
        return len(json.loads(text))
    text = re.sub(r":\s*\{[^}]*\}", ":", text)  # names inside braces are no names of sections
    found = re.findall(r"^\s{0,0}[\"']?([a-z0-9_]+)[\"']?\s*:", text, re.MULTILINE)
    return len(set(found))


def sheet_rows(path: Path) -> int:
    """Rows of a sheet by Python's csv, comments left out."""
    lines = [line for line in lines_of(path)[1:] if not line.startswith("#")]
    return len(list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)))


def json_items(path: Path) -> int:
    """Items of a JSON list."""
    items = json.loads(path.read_bytes().decode("latin-1"))
    if not isinstance(items, list):
        raise ValueError("no list")
    return len(items)


def distinct_timepoints(path: Path) -> int:
    """Distinct time points of a JSON list; an empty text is none."""
    if not path.read_bytes():
        return 0
    return len(
        {item["timepoint"] for item in json.load(io.StringIO(path.read_bytes().decode("latin-1")))}
    )


def targets() -> list[Target]:
    """Every parser, by name."""
    folder = work()
    found = [
        Target("fastq", ".fastq", fastq(), read_one_fastq, fastq_records),
        Target("fastq.gz", ".fastq.gz", gzip.compress(fastq()), read_one_fastq, fastq_records),
        Target("fastq mates", ".fastq", fastq(mate=1), read_mates, lambda p: 2 * fastq_records(p)),
        Target("bam", ".bam", (folder / "sound.bam").read_bytes(), read_alignment, bam_records),
        Target(
            "bam inside",
            ".bam",
            bgzf((folder / "sound.bam").read_bytes()),
            read_alignment,
            bam_records,
            packed=True,
        ),
        Target("cram", ".cram", (folder / "sound.cram").read_bytes(), read_alignment, cram_records),
        Target("bai", ".bai", (folder / "sound.bam.bai").read_bytes(), read_index, index_records),
        Target(
            "csi",
            ".csi",
            bgzf((folder / "sound.bam.csi").read_bytes()),
            read_index,
            index_records,
            packed=True,
        ),
        Target("vcf", ".vcf", vcf(samples=False), read_vcf, vcf_records),
        Target("vcf sample", ".vcf", vcf(samples=True), read_vcf, vcf_records),
        Target("vcf.gz", ".vcf.gz", gzip.compress(vcf(samples=False)), read_vcf, vcf_records),
        Target("candidates", ".vcf", vcf(samples=False), read_candidate_vcf, candidate_lines),
        Target("bcf", ".bcf", bcf(), read_bcf, bcf_records),
        Target("bcf inside", ".bcf", bgzf(bcf()), read_bcf, bcf_records, packed=True),
        Target("maf", ".maf", MAF, read_maf, maf_rows),
        Target("count table", ".tsv", TABLE, read_count_table, table_rows),
        Target("bed", ".bed", BED, read_regions, bed_bases),
        Target("gtf", ".gtf", gtf(), read_annotation, annotated_transcripts),
        Target("gff3", ".gff3", gff3(), read_annotation, annotated_transcripts),
        Target(
            "gene models", ".tsv", gene_models(), lambda p: len(read_gene_models(p)), plain_rows
        ),
        Target("fasta", ".fa", FASTA, lambda p: len(contigs_of(p)), fasta_entries),
        Target(
            "small RNAs",
            ".fa",
            SMALL_RNAS,
            lambda p: len(read_small_rnas(str(p))),
            distinct_entries,
        ),
        Target("expression matrix", ".tsv", MATRIX, read_expression, all_lines_below_header),
        Target("salmon", ".sf", QUANT, read_quantification, plain_rows),
        Target(
            "mirna matrix", ".tsv", MATRIX, read_mirnas, lambda p: first_cells(p, comments=False)
        ),
        Target("gmt", ".gmt", GMT, lambda p: len(read_gmt(p, names())), all_lines),
        Target("network", ".tsv", NETWORK, lambda p: len(read_network(p, names())), first_cells),
        Target("samples", ".tsv", SAMPLES, lambda p: len(read_libraries(p)), sheet_rows),
        Target("patients", ".tsv", PATIENTS, lambda p: len(read_patient_facts(p)), sheet_rows),
        Target("yaml", ".yaml", CONFIG, read_settings, config_names),
        Target(
            "json libraries",
            ".json",
            LIBRARIES,
            lambda p: len(from_json(p.read_bytes().decode("latin-1"))),
            json_items,
        ),
        Target(
            "json facts",
            ".json",
            FACTS,
            lambda p: len(facts_from_json(p.read_bytes().decode("latin-1"))),
            distinct_timepoints,
        ),
        Target("claims", ".tsv", CLAIMS, lambda p: len(own_claims([str(p)])), plain_rows),
        Target("segments", ".tsv", SEGMENTS, lambda p: len(read_segments(str(p))), table_rows),
    ]
    return found


def all_lines_below_header(path: Path) -> int:
    """Lines that are no comments, without the first."""
    return all_lines(path) - 1
