"""Salmon runs on sound FASTQs only, and must have seen every fragment of them."""

import gzip
import json
import random
import subprocess

import pytest

from amlresist.alignment.pipeline import PipelineError
from amlresist.errors import InputError
from amlresist.expression.quantify import quantify, salmon_command
from amlresist.libraries import LibraryInput

PAIRS = {"T1": 300, "T2": 100}
READ, FRAGMENT = 75, 180
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def transcripts():
    rng = random.Random(3)
    return {name: "".join(rng.choices("ACGT", k=900)) for name in PAIRS}


@pytest.fixture(scope="module")
def index(tmp_path_factory, transcripts):
    folder = tmp_path_factory.mktemp("salmon")
    fasta = folder / "transcripts.fa"
    fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in transcripts.items()))
    words = ["salmon", "index", "-t", str(fasta), "-i", str(folder / "index"), "-p", "1"]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "index"


@pytest.fixture
def library(tmp_path, transcripts):
    rng = random.Random(5)
    texts = ["", ""]
    for name, pairs in PAIRS.items():
        for number in range(pairs):
            start = rng.randrange(900 - FRAGMENT)
            fragment = transcripts[name][start : start + FRAGMENT]
            mates = fragment[:READ], fragment[-READ:].translate(COMPLEMENT)[::-1]
            for mate, bases in enumerate(mates):
                texts[mate] += f"@{name}.{number}\n{bases}\n+\n{'I' * READ}\n"
    paths = [tmp_path / "r_1.fastq.gz", tmp_path / "r_2.fastq.gz"]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(gzip.compress(text.encode()))
    return LibraryInput("S", "diagnosis", "rna", "", tuple(map(str, paths)))


def test_fragments_of_each_transcript_are_counted(tmp_path, library, index):
    assert quantify(library, index, tmp_path / "out" / "S") == sum(PAIRS.values())
    rows = (tmp_path / "out/S/quant.sf").read_text().splitlines()[1:]
    counted = {row.split("\t")[0]: float(row.split("\t")[4]) for row in rows}
    assert counted == pytest.approx(PAIRS, abs=1)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["S"]


def test_a_cut_fastq_is_named_and_leaves_no_table(tmp_path, library, index):
    path = tmp_path / "r_2.fastq.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"r_2\.fastq\.gz"):
        quantify(library, index, tmp_path / "out" / "S")
    assert not (tmp_path / "out/S").exists()


def test_fragments_that_salmon_did_not_see_are_no_silent_loss(tmp_path, library, monkeypatch):
    program = tmp_path / "bin" / "salmon"
    program.parent.mkdir()
    report = json.dumps({"num_processed": 399})
    program.write_text(
        "#!/bin/sh\nfor word; do out=$word; done\n"
        f'mkdir -p "$out/aux_info" && echo \'{report}\' > "$out/aux_info/meta_info.json"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(PipelineError, match="400 fragments expected, 399 seen by salmon"):
        quantify(library, tmp_path / "index", tmp_path / "out" / "S")
    assert not (tmp_path / "out/S").exists()


def test_a_single_file_goes_as_unpaired_reads_and_no_path_as_an_option(tmp_path):
    words = salmon_command(["-odd.fq"], tmp_path / "index", tmp_path / "out")
    assert words[words.index("-r") + 1] == "./-odd.fq"
    assert "--mates1" not in words
