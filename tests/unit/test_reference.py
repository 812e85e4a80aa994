"""Any FASTA and annotation become one plain genome; downloads are verified and resumable."""

import functools
import gzip
import http.server
import subprocess
import threading

import pysam
import pytest

from amlresist.annotation import read_gene_models
from amlresist.errors import InputError
from amlresist.reference.builds import BUILD_LENGTHS, BUILDS, build_of
from amlresist.reference.contigs import match_names
from amlresist.reference.download import fetch
from amlresist.reference.prepare import prepare

GTF = (
    '1\tt\ttranscript\t2\t9\t.\t-\t.\tgene_id "G"; transcript_id "T"; gene_name "TOY";\n'
    '1\tt\texon\t2\t4\t.\t-\t.\tgene_id "G"; transcript_id "T"; gene_name "TOY";\n'
    '1\tt\texon\t7\t9\t.\t-\t.\tgene_id "G"; transcript_id "T"; gene_name "TOY";\n'
)


def test_prepare_unites_names_cases_and_line_ends(tmp_path):
    (tmp_path / "in.fa.gz").write_bytes(
        gzip.compress(b">chr1 x\r\nacgtac\r\nGTRN\r\n>chrM\r\nAC\r\n")
    )
    other = GTF + GTF.replace("1\tt", "9\tt").replace('"G"', '"H"').replace('"T"', '"U"')
    (tmp_path / "in.gtf").write_text(other)
    notes = prepare(tmp_path / "in.fa.gz", tmp_path / "in.gtf", tmp_path / "out")
    assert (tmp_path / "out/genome.fa").read_text() == ">chr1\nACGTACGTRN\n>chrM\nAC\n"
    with pysam.FastaFile(str(tmp_path / "out/genome.fa")) as genome:
        assert genome.fetch("chr1", 6, 10) == "GTRN"
    (model,) = read_gene_models(tmp_path / "out/gene_models.tsv")
    assert model.chrom == "chr1"
    assert (tmp_path / "out/transcripts.fa").read_text() == ">T\nYACACG\n"
    assert any("1 genes lie on contigs" in note for note in notes)


def test_annotation_of_another_build_is_refused(tmp_path):
    (tmp_path / "in.fa").write_text(">chr1\nACGT\n")
    (tmp_path / "in.gtf").write_text(GTF)
    with pytest.raises(InputError, match="past the end"):
        prepare(tmp_path / "in.fa", tmp_path / "in.gtf", tmp_path / "out")


def test_names_match_across_spellings():
    assert match_names(["1", "MT", "chrX", "other"], ["chr1", "chrM", "X"]) == {
        "1": "chr1",
        "MT": "chrM",
        "chrX": "X",
    }


@pytest.mark.parametrize("build", BUILD_LENGTHS)
def test_build_is_told_by_its_lengths(build):
    lengths = BUILD_LENGTHS[build]
    assert build_of({f"chr{name}": length for name, length in lengths.items()}) == build
    assert build_of({"1": 1000}) is None


@pytest.fixture
def server(tmp_path):
    """A folder that looks like Ensembl's, served on loopback; gives (folder, address)."""
    remote = BUILDS["GRCh38"].fasta
    folder = tmp_path / "server" / remote.folder
    folder.mkdir(parents=True)
    (folder / remote.name).write_bytes(gzip.compress(b">1\n" + b"ACGT" * 50_000))
    total = subprocess.run(
        ["sum", folder / remote.name], capture_output=True, text=True, check=True
    )
    words = total.stdout.split()
    (folder / "CHECKSUMS").write_text(f"{words[0]} {words[1]} {remote.name}\n")
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "server"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_download_is_verified_and_whole(server, tmp_path):
    folder, url = server
    remote = BUILDS["GRCh38"].fasta
    target = tmp_path / "got" / "genome.fa.gz"
    fetch(url, remote, target)
    assert target.read_bytes() == (folder / remote.name).read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["genome.fa.gz"]


def test_download_with_a_wrong_checksum_leaves_nothing(server, tmp_path):
    folder, url = server
    remote = BUILDS["GRCh38"].fasta
    (folder / "CHECKSUMS").write_text(f"1 2 {remote.name}\n")
    with pytest.raises(InputError, match="checksum"):
        fetch(url, remote, tmp_path / "got" / "genome.fa.gz")
    assert list((tmp_path / "got").iterdir()) == []


def test_download_without_server_is_a_named_problem(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        fetch("http://127.0.0.1:9", BUILDS["GRCh38"].fasta, tmp_path / "x.gz")
