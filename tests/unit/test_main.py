"""What the machine refuses is told in one line; an unreadable file is named."""

import gzip
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from amlresist.errors import InputError
from amlresist.files import open_text
from amlresist.sheet import read_libraries
from amlresist.tables import read_table, write_table
from amlresist.variants.records import PairSummary


def test_full_disk_is_one_line_and_its_own_exit_code():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "amlresist", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "No space left" in done.stderr and "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_that_cannot_be_made_is_one_line(tmp_path):
    command = [sys.executable, "-m", "amlresist", "check", "--config-json", "{}"]
    done = subprocess.run(
        [*command, "--out-dir", "/proc/amlresist"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "/proc/amlresist" in done.stderr and "Traceback" not in done.stderr


def test_memory_used_up_is_one_line(tmp_path):
    (tmp_path / "huge.tsv").write_bytes(b"x" * (250 << 20))
    command = [sys.executable, "-m", "amlresist", "compare", "--library", "diagnosis=huge.tsv"]
    done = subprocess.run(
        [*command, "--library", "relapse=huge.tsv", "--out-dir", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20)),
    )
    assert done.returncode == 3, done.stderr
    assert "memory is used up" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"patient\t" * 999, mtime=0)[:-9], b"patient\xff\xfe\n", b"\x1f\x8bno gzip"],
)
def test_every_text_reader_names_the_unreadable_file(tmp_path, content):
    path = tmp_path / "broken.tsv"
    path.write_bytes(content)
    for read in (
        read_libraries,
        lambda p: read_table(p, PairSummary),
        lambda p: list(open_text(p)),
    ):
        with pytest.raises(InputError, match=r"broken\.tsv.*cannot be read to the end"):
            read(path)


def test_text_reads_alike_whatever_its_line_ends(tmp_path):
    for number, end in enumerate((b"\n", b"\r\n", b"\r")):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(gzip.compress(b"a" + end + b"b" + end) if number else b"a\nb\n")
        with open_text(path) as handle:
            assert [handle.readline(), *handle] == ["a\n", "b\n"]
    write_table(tmp_path / "t.tsv", PairSummary, [])
    assert read_table(tmp_path / "t.tsv", PairSummary) == []
