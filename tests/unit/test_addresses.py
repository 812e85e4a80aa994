"""Inputs at addresses: each gets one local copy, each fault is told by the row that names it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from amlresist import addresses
from amlresist.__main__ import main
from amlresist.addresses import fetch, with_copies
from amlresist.errors import InputError
from amlresist.inputs.check import check_everything
from amlresist.plan import COHORT_TABLES, TABLES, make_plan
from amlresist.settings import REPOSITORY

BAM = "https://example.org/reads/dx.bam"


class Stored(str):
    """A path as Snakemake's `storage()` gives it."""

    def __new__(cls, path: Path, content: bytes = b"", mtime: float = 0.0, fails: bool = False):
        made = super().__new__(cls, path)
        made.flags = {"storage_object": StorageObject(path, content, mtime, fails)}
        return made


class StorageObject:
    def __init__(self, path, content, mtime, fails):
        self.path, self.content, self.mtime, self.fails = path, content, mtime, fails
        self.print_query, self.retrieved = f"https://example.org/{path.name}", []

    def set_local_path(self, path):
        self.path = path

    async def managed_mtime(self):
        return self.mtime

    async def managed_retrieve(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(self.content[:3] if self.fails else self.content)
        self.retrieved.append(self.path.name)
        if self.fails:
            raise OSError("connection broken")


def run(coroutine):
    """To the end of a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    return end.value.value


def plan_of(folder: Path, cells: str, **config):
    sheet = folder / "samples.tsv"
    sheet.write_text(f"patient\ttimepoint\tassay\tfq1\tbam\ttargets\n{cells}\n")
    return make_plan({"samples": str(sheet), **config})


def local(address: str) -> str:
    return "copies/" + address.partition("://")[2].partition("?")[0]


def test_the_copy_stands_everywhere_for_its_address(tmp_path, monkeypatch):
    monkeypatch.setattr(addresses, "_is_installed", lambda plugin: True)
    cells = f"P\tdiagnosis\tdna\t\t{BAM}\ts3://bucket/panel.bed\nP\trelapse\tdna\t\trel.bam\t"
    reference = {"fasta": "https://example.org/g.fa", "annotation": "g.gtf"}
    expression = {"gene_sets": ["own.gmt", "gs://bucket/sets.gmt"]}
    plan = with_copies(plan_of(tmp_path, cells, reference=reference, expression=expression), local)
    assert plan.reads("P_diagnosis_dna") == ["copies/example.org/reads/dx.bam"]
    assert plan.reads("P_relapse_dna") == ["rel.bam"]
    assert "copies/bucket/panel.bed" in plan.files_of("P", "alignment_qc")
    assert "://" not in plan.inputs_json("P", "variants")
    assert plan.settings["reference"]["fasta"] == "copies/example.org/g.fa"
    assert plan.own_gene_sets() == ["own.gmt", "copies/bucket/sets.gmt"]
    assert plan.settings["reference"]["base_url"].startswith("https://")
    assert len(plan.copies) == 4


def test_without_addresses_nothing_is_asked_of_storage(tmp_path):
    plan = plan_of(tmp_path, "P\tdiagnosis\tdna\t\tdx.bam\t")
    assert with_copies(plan, lambda address: pytest.fail("asked")) is plan


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (BAM, "snakemake-storage-plugin-http"),
        ("s3://bucket/dx.bam", "snakemake-storage-plugin-s3"),
        ("gs://bucket/dx.bam", "snakemake-storage-plugin-gcs"),
        ("ftp://example.org/dx.bam", "no known kind"),
    ],
)
def test_a_missing_plugin_is_named_once_with_the_row(tmp_path, monkeypatch, address, told):
    monkeypatch.setattr(addresses, "_is_installed", lambda plugin: False)
    other = address.replace("dx", "rel")
    cells = f"P\tdiagnosis\tdna\t\t{address}\t\nP\trelapse\tdna\t\t{other}\t"
    with pytest.raises(InputError) as error:
        with_copies(plan_of(tmp_path, cells), local)
    (problem,) = error.value.problems
    assert told in str(problem) and "row 2, column bam" in str(problem)


@pytest.mark.parametrize("place", ["bam", "reference.fasta"])
def test_a_signed_address_is_refused_and_its_key_told_nowhere(tmp_path, place):
    signed = "https://bucket.example.org/dx.bam?X-Amz-Credential=AK&X-Amz-Signature=SECRET"
    bam, fasta = (signed, "g.fa") if place == "bam" else ("dx.bam", signed)
    with pytest.raises(InputError) as error:
        plan = plan_of(tmp_path, f"P\tdiagnosis\tdna\t\t{bam}\t", reference={"fasta": fasta})
        with_copies(plan, local)
    (problem,) = error.value.problems
    assert place in problem.where and problem.value == "https://bucket.example.org/dx.bam?…"
    assert "signed" in str(problem) and "curl" in problem.remedy
    assert "SECRET" not in repr(problem) and "AK" not in repr(problem)


def test_two_addresses_of_one_copy_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(addresses, "_is_installed", lambda plugin: True)
    cells = f"P\tdiagnosis\tdna\t\t{BAM}\t\nP\trelapse\tdna\t\t{BAM.replace('https', 'http')}\t"
    with pytest.raises(InputError, match=r"row 3, column bam.*same file as https://example.org"):
        with_copies(plan_of(tmp_path, cells), local)


def test_a_copy_is_fetched_once_and_again_when_the_source_is_newer(tmp_path):
    path = Stored(tmp_path / "a" / "dx.bam", b"reads")
    stored = path.flags["storage_object"]
    assert fetch({BAM: path}, run) == 1
    assert (tmp_path / "a" / "dx.bam").read_bytes() == b"reads"
    assert fetch({BAM: path}, run) == 0
    stored.mtime = (tmp_path / "a" / "dx.bam").stat().st_mtime + 10
    assert fetch({BAM: path}, run) == 1
    assert len(stored.retrieved) == 2


def test_what_breaks_off_leaves_no_file_and_every_fault_is_told(tmp_path):
    copies = {
        f"https://example.org/{name}": Stored(tmp_path / name, b"reads", fails=name != "b.bam")
        for name in ("a.bam", "b.bam", "c.bam")
    }
    with pytest.raises(InputError) as error:
        fetch(copies, run)
    assert [problem.file for problem in error.value.problems] == [
        "https://example.org/a.bam",
        "https://example.org/c.bam",
    ]
    assert "connection broken" in str(error.value)
    assert not (tmp_path / "a.bam").exists() and (tmp_path / "b.bam").exists()


def test_the_check_reads_the_copy_and_names_the_address(tmp_path):
    copy = tmp_path / "dx.fastq.gz"
    copy.write_bytes(b"no gzip at all")
    address = "https://example.org/dx.fastq.gz"
    plan = plan_of(tmp_path, f"P\tdiagnosis\trna\t{address}\t\t")
    config = {"samples": plan.sheet_paths["samples"]}
    findings, described = check_everything(config, tmp_path, 1, copies={address: str(copy)})
    assert address in {finding.problem.file for finding in findings}
    assert str(copy) in {item["path"] for item in described}


def test_in_storage_commands_are_told_the_places_of_the_copies(tmp_path):
    cells = f"P\tdiagnosis\tdna\t\t{BAM}\tpanel.bed\nP\trelapse\tdna\ta.fq.gz\t\t"
    plan = replace(plan_of(tmp_path, cells), root=".snakemake/storage/s3/b/", copies={BAM: BAM})
    libraries = json.loads(plan.inputs_json("P", "variants"))
    assert libraries[0]["paths"] == [
        ".snakemake/storage/s3/b/results/P/alignment/P_diagnosis_dna.bam"
    ]
    assert libraries[0]["targets"] == ".snakemake/storage/s3/b/panel.bed"
    assert json.loads(plan.reads_json("P_diagnosis_dna"))[0]["paths"] == [BAM]
    assert plan.indexes_in_storage("P", "variants") == [
        "results/P/alignment/P_diagnosis_dna.bam.bai",
        "results/P/alignment/P_relapse_dna.bam.bai",
        "results/reference/genome.fa.fai",
    ]


def test_storage_is_told_of_every_table_that_rules_make():
    for station, names in TABLES.items():
        rules = "".join(path.read_text() for path in sorted((REPOSITORY / "rules").glob("*.smk")))
        made = {
            line.rpartition("/")[2].rstrip('",')
            for line in rules.splitlines()
            if f"{{{{patient}}}}/{station}/" in line and "=f" in line and "{{sample}}" not in line
        }
        beside = {"candidates.vcf.gz", "variants.vcf.gz.tbi", "flt3_itd.json", "salmon)"}
        assert made - beside == set(names), station


def test_storage_is_told_of_every_table_of_the_cohort(tmp_path):
    out = tmp_path / "cohort"
    assert (
        main(["cohort", "--results", str(tmp_path), "--patients", "P", "--out-dir", str(out)]) == 0
    )
    assert {path.name for path in out.iterdir()} == {*COHORT_TABLES, "evidence.tsv"}
