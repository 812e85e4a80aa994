"""Faults of FASTQ files (B015 to B025)."""

import gzip
import shutil

import numpy as np
import pytest

BASES = list("ACGT")


def records(mate: int = 1, count: int = 300, seed: int = 3) -> list[list[str]]:
    rng = np.random.default_rng([seed, mate])
    return [
        [
            f"@r{n} {mate}:N:0:ACGT",
            "".join(rng.choice(BASES, 50)),
            "+",
            "".join(rng.choice(list("5?FJ"), 50)),
        ]
        for n in range(count)
    ]


def text(reads, end="\n") -> str:
    return "".join(line + end for read in reads for line in read)


@pytest.fixture
def pair(cohort):
    """The cohort with a diagnosis given as two FASTQ files."""
    for mate in (1, 2):
        path = cohort.folder / f"dx_{mate}.fastq.gz"
        path.write_bytes(gzip.compress(text(records(mate)).encode()))
        cohort.rows[0][f"fq{mate}"] = str(path)
    del cohort.rows[0]["bam"]
    return cohort


def rewrite(cohort, mate: int, content: bytes | str, *, zipped: bool = True) -> None:
    data = content.encode() if isinstance(content, str) else content
    path = cohort.folder / f"dx_{mate}.fastq.gz"
    path.write_bytes(gzip.compress(data) if zipped else data)


def test_sound_pair_passes(pair):
    pair.check().is_sound()


def test_plain_fastq_passes(pair):
    for mate in (1, 2):
        rewrite(pair, mate, text(records(mate)), zipped=False)
    pair.check().is_sound()


def test_old_style_mate_suffixes_pass(pair):
    for mate in (1, 2):
        reads = [[f"@r{n}/{mate}", *read[1:]] for n, read in enumerate(records(mate))]
        rewrite(pair, mate, text(reads))
    pair.check().is_sound()


def test_b015_mates_out_of_step_name_the_record(pair):
    reads = records(2)
    rewrite(pair, 2, text(reads[:100] + reads[101:] + reads[100:101]))
    pair.check().stops("do not pair", "record 101", "r100")


def test_one_mate_file_is_shorter(pair):
    rewrite(pair, 2, text(records(2)[:-3]))
    pair.check().stops("fewer records", "record 298", "dx_2")


def test_b016_same_file_twice_by_copy(pair):
    shutil.copy(pair.folder / "dx_1.fastq.gz", pair.folder / "dx_2.fastq.gz")
    pair.check().stops("same content")


def test_b016_same_file_twice_by_link(pair):
    (pair.folder / "dx_2.fastq.gz").unlink()
    (pair.folder / "dx_2.fastq.gz").symlink_to(pair.folder / "dx_1.fastq.gz")
    pair.check().stops("same file")


def test_b016_first_mates_given_as_second(pair):
    rewrite(pair, 2, text(records(1, seed=4)))
    pair.check().stops("first mates")


def test_b018_concatenated_gzip_members_are_all_read(pair):
    for mate in (1, 2):
        first, second = records(mate)[:200], records(mate)[200:]
        data = gzip.compress(text(first).encode()) + gzip.compress(text(second).encode())
        rewrite(pair, mate, data, zipped=False)
    pair.check().is_sound()


def test_b018_garbage_behind_the_gzip(pair):
    path = pair.folder / "dx_1.fastq.gz"
    path.write_bytes(path.read_bytes() + b"x\n")
    pair.check().stops("dx_1", "gzip")


def test_gzip_cut_off(pair):
    path = pair.folder / "dx_1.fastq.gz"
    path.write_bytes(path.read_bytes()[:-700])
    assert pair.check().of("STOP")


def test_gzip_with_a_flipped_bit(pair):
    path = pair.folder / "dx_1.fastq.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))
    assert pair.check().of("STOP")


def test_b019_quality_shorter_than_sequence(pair):
    reads = records(1)
    reads[41][3] = reads[41][3][:-1]
    rewrite(pair, 1, text(reads))
    pair.check().stops("record 42", "Length of sequence and qualities differ")


def test_b021_file_ends_inside_a_record(pair):
    rewrite(pair, 1, text(records(1))[:-70])
    pair.check().stops("dx_1", "record 300")


@pytest.mark.parametrize("zipped", [True, False])
def test_b022_empty_fastq_is_not_evaluable(pair, zipped):
    for mate in (1, 2):
        rewrite(pair, mate, b"", zipped=zipped)
    pair.check().warns("no reads", "not evaluable")


@pytest.mark.parametrize("letter", ["X", ".", "*", "!"])
def test_b024_letters_that_are_no_nucleotides(pair, letter):
    reads = records(1)
    reads[9][1] = letter + reads[9][1][1:]
    rewrite(pair, 1, text(reads))
    pair.check().stops("no IUPAC nucleotide code", "record 10", letter)


def test_b024_mostly_n(pair):
    reads = [[read[0], "N" * 40 + read[1][40:], *read[2:]] for read in records(1)]
    rewrite(pair, 1, text(reads))
    pair.check().warns("80% of the bases are N")


def test_b024_lower_case_is_noted(pair):
    rewrite(pair, 1, text([[r[0], r[1].lower(), *r[2:]] for r in records(1)]))
    pair.check().notes("lower-case")


def test_b025_crlf_line_ends(pair):
    rewrite(pair, 1, text(records(1), end="\r\n"))
    pair.check().warns("CR LF")


def test_phred64_qualities(pair):
    for mate in (1, 2):
        reads = [
            [*read[:3], read[3].translate(str.maketrans("5?FJ", "Thgb"))] for read in records(mate)
        ]
        rewrite(pair, mate, text(reads))
    pair.check().stops("Phred+64")


def test_fasta_instead_of_fastq(pair):
    rewrite(pair, 1, ">r0\nACGT\n")
    assert pair.check().of("STOP")


def test_bytes_instead_of_fastq(pair):
    rewrite(pair, 1, bytes(range(256)) * 20)
    assert pair.check().of("STOP")
