"""Inputs at addresses and files in Snakemake's storage give what files on this disk give."""

import importlib.util
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workflow")]
# Given BAM and table of one patient, given VCFs and counts of another: all of them small.
FETCHED = {
    "AML07": ("alignment_qc/alignment_qc.tsv", "expression/pathways.tsv"),
    "AML08": ("variants/variants.tsv", "mirna/mirna_change.tsv"),
}
CUT = "cut"


def needs(plugin: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(f"snakemake_storage_plugin_{plugin}") is None
    return pytest.mark.skipif(missing, reason=f"pip install snakemake-storage-plugin-{plugin}")


class Handler(SimpleHTTPRequestHandler):
    """Serves files, notes what was fetched, and breaks off in the middle of some."""

    fetched: list[str]

    def do_GET(self) -> None:
        self.fetched.append(self.path)
        super().do_GET()

    def copyfile(self, source, outputfile) -> None:
        if CUT in self.path:
            outputfile.write(source.read(1000))
            self.close_connection = True
        else:
            super().copyfile(source, outputfile)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def server(demo) -> Iterator[tuple[str, list[str]]]:
    """Address of the simulated cohort's folder, and the paths fetched from it."""
    handler = type("Noting", (Handler,), {"fetched": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(demo))) as serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}", handler.fetched
        serving.shutdown()


def write_cohort(folder: Path, demo: Path, patients: tuple[str, ...], files: str) -> None:
    """Config and sheets of some patients whose files lie at `files`."""
    config = folder / "demo" / "config"
    config.mkdir(parents=True)
    header, *rows = (demo / "config/samples.tsv").read_text().splitlines()
    kept = [row.replace("demo/", f"{files}/") for row in rows if row.startswith(patients)]
    (config / "samples.tsv").write_text("\n".join([header, *kept]) + "\n")
    shutil.copy(demo / "config/patients.tsv", config)
    text = (demo / "config/config.yaml").read_text()
    text = text.replace("demo/reference", f"{files}/reference")
    (config / "config.yaml").write_text(text.replace("demo/results", "results"))


def assert_same_tables(made: Path, whole_run: Path, *folders: str) -> None:
    """Every file of a station is the one of the run from this disk."""
    for folder in folders:
        names = sorted(path.name for path in (made / folder).iterdir())
        assert names
        for name in names:
            found = (made / folder / name).read_bytes()
            assert found == (whole_run / folder / name).read_bytes(), f"{folder}/{name}"


@needs("http")
def test_addresses_give_the_bytes_of_local_files_and_each_is_fetched_once(
    demo, server, snakemake, tmp_path
):
    address, fetched = server
    write_cohort(tmp_path, demo, tuple(FETCHED), address)
    targets = [f"results/{name}/{path}" for name, paths in FETCHED.items() for path in paths]
    done = snakemake(tmp_path, *targets)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for patient, paths in FETCHED.items():
        folders = [path.partition("/")[0] for path in paths]
        assert_same_tables(tmp_path / "results" / patient, demo / "results" / patient, *folders)
    assert len(fetched) == len(set(fetched)) > 5
    assert any(path.endswith(".bam") for path in fetched)


@needs("http")
@pytest.mark.parametrize(
    ("name", "told"),
    [("absent.vcf", "absent.vcf (in storage)"), (f"{CUT}.vcf", "could not be fetched")],
)
def test_what_cannot_be_fetched_is_named_and_no_job_starts(
    demo, server, snakemake, tmp_path, name, told
):
    address, _ = server
    write_cohort(tmp_path, demo, ("AML08",), address)
    given = demo / "given"
    cut = given / f"{CUT}.vcf"
    cut.write_bytes((given / "AML08_relapse_dna.vcf").read_bytes())
    sheet = tmp_path / "demo/config/samples.tsv"
    sheet.write_text(sheet.read_text().replace("AML08_relapse_dna.vcf", name))
    done = snakemake(tmp_path, "results/AML08/variants/variants.tsv")
    cut.unlink()
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert told in output and f"{address}/given/{name}" in output
    assert "Traceback" not in output and "Job 1:" not in output
    assert not list((tmp_path / "results").glob("AML08/*/*"))


@needs("fs")
@pytest.mark.skipif(shutil.which("rsync") is None, reason="the plugin copies with rsync")
def test_with_a_default_storage_jobs_find_all_they_read(demo, snakemake, tmp_path):
    bucket = tmp_path / "bucket"
    shutil.copytree(demo, bucket / "demo", ignore=shutil.ignore_patterns("results"))
    write_cohort(tmp_path, demo, ("AML07",), "demo")
    done = snakemake(
        tmp_path,
        "results/cohort/report.html",
        *("--default-storage-provider", "fs", "--default-storage-prefix", str(bucket)),
        *("--shared-fs-usage", "persistence", "sources", "source-cache", "software-deployment"),
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    stations = ("alignment_qc", "variants", "expression", "evidence")
    assert_same_tables(bucket / "results/AML07", demo / "results/AML07", *stations)
    assert (bucket / "results/AML07/report/AML07.html").is_file()
    assert not (tmp_path / "results/AML07").exists()
