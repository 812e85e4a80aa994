"""Faults of sheets, settings and paths (B001 to B012)."""

import os
import shutil
from pathlib import Path

import pytest
from fault_files import sound_reads, write_bam

from amlresist.inputs.quick import check_libraries_text
from amlresist.sheet import read_libraries


@pytest.mark.parametrize("content", [None, "", "patient\ttimepoint\tassay\tbam\n"])
def test_b001_sheet_missing_empty_or_header_only(cohort, run_check, content):
    if content is not None:
        Path(cohort.config["samples"]).write_text(content)
    done = run_check(cohort)
    assert done.returncode == 2
    assert "samples.tsv" in done.stderr
    assert "Traceback" not in done.stderr


def test_b003_single_time_point_goes_on_flagged_unpaired(cohort):
    del cohort.rows[1]
    cohort.check().warns("UNPAIRED", "P1")


def test_b004_same_file_by_path(cohort):
    cohort.rows[1]["bam"] = cohort.rows[0]["bam"]
    cohort.check().stops("same file", "row 2")


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_b004_same_file_by_link(cohort, make):
    link = cohort.folder / "other.bam"
    make(cohort.diagnosis, link)
    cohort.rows[1]["bam"] = str(link)
    cohort.check().stops("same file", "row 2")


def test_b004_same_content_by_copy(cohort):
    shutil.copy(cohort.diagnosis, cohort.relapse)
    cohort.check().stops("same content", "row 2")


def test_b006_sample_name_twice_names_both_rows(cohort):
    for row in cohort.rows:
        row["sample"] = "S1"
    cohort.check().stops("row 3", "row 2")


@pytest.mark.parametrize("name", ["a b/dx.bam", "Jörg/dx.bam", "a=b,c/dx.bam"])
def test_b007_blanks_and_unicode_in_paths_work(cohort, name):
    path = cohort.folder / name
    path.parent.mkdir()
    write_bam(path, sound_reads(1))
    cohort.rows[0]["bam"] = str(path)
    cohort.check().is_sound()


@pytest.mark.parametrize("name", ["$(touch hacked)", "a;b", "a`b`", "a|b", "-x.bam", "~/x.bam"])
def test_b007_dangerous_paths_are_refused_and_not_run(cohort, name, monkeypatch):
    monkeypatch.chdir(cohort.folder)
    cohort.rows[0]["bam"] = name
    cohort.check().stops("row 2, column bam", "path")
    assert not (cohort.folder / "hacked").exists()


def test_missing_files_are_all_named_at_once(cohort):
    cohort.rows[0]["bam"], cohort.rows[1]["bam"] = "nowhere/a.bam", "nowhere/b.bam"
    verdict = cohort.check()
    verdict.stops("does not exist", "nowhere/a.bam")
    verdict.stops("does not exist", "nowhere/b.bam")


def test_folder_instead_of_file(cohort):
    cohort.rows[0]["bam"] = str(cohort.folder)
    cohort.check().stops("no", "regular file")


def test_pipe_instead_of_file_does_not_hang(cohort):
    os.mkfifo(cohort.folder / "pipe.bam")
    cohort.rows[0]["bam"] = str(cohort.folder / "pipe.bam")
    cohort.check().stops("regular file")


@pytest.mark.parametrize(
    "section, values",
    [
        ("alignment_qc", {"minimum_depth": -1}),
        ("alignment_qc", {"minimum_depth": "abc"}),
        ("alignment_qc", {"good_share": 5}),
        ("alignment_qc", {"good_share": float("nan")}),
        ("alignment_qc", {"good_shaer": 0.5}),
    ],
)
def test_b010_settings_out_of_range(cohort, section, values):
    cohort.config[section] = values
    cohort.check().stops(f"{section}.{next(iter(values))}")


@pytest.mark.parametrize("value", ["0", "85", "1.2", "-0.1", "nan", "abc"])
def test_b012_blast_fraction_outside_0_to_1(cohort, value):
    path = cohort.folder / "patients.tsv"
    path.write_text(f"patient\ttimepoint\tblast_fraction\nP1\trelapse\t{value}\n")
    cohort.config["patients"] = str(path)
    cohort.check().stops("blast_fraction", "0.85")


def test_b012_blast_fraction_may_be_missing(cohort):
    path = cohort.folder / "patients.tsv"
    path.write_text("patient\ttimepoint\tblast_fraction\nP1\trelapse\t\n")
    cohort.config["patients"] = str(path)
    cohort.check().is_sound()


@pytest.mark.parametrize("content", ["- a\n", "a: [\n", "!!python/object/apply:os.system [echo]\n"])
def test_config_that_is_no_mapping(cohort, run_check, content):
    from amlresist.errors import InputError
    from amlresist.inputs.config_files import read_configs

    path = cohort.folder / "bad.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match="config cannot be read"):
        read_configs([str(path)])


def test_problems_are_written_for_people_and_programs(cohort, run_check):
    cohort.rows[0]["bam"] = "nowhere.bam"
    cohort.write_sheet()
    done = run_check(cohort)
    assert done.returncode == 2
    assert "nowhere.bam" in (cohort.folder / "out/problems.tsv").read_text()
    assert "nowhere.bam" in (cohort.folder / "out/problems.json").read_text()


def test_sound_cohort_ends_with_0_and_digests(cohort, run_check):
    cohort.write_sheet()
    done = run_check(cohort)
    assert done.returncode == 0, done.stderr
    assert "sha256:" in (cohort.folder / "out/inputs.json").read_text()


def test_quick_check_of_100_patients_takes_no_time(cohort):
    import time

    rows = []
    for number in range(100):
        for time_point in ("diagnosis", "relapse"):
            path = cohort.folder / f"{number}_{time_point}.bam"
            path.write_bytes(b"x")
            rows.append(
                {"patient": f"P{number}", "timepoint": time_point, "assay": "dna", "bam": str(path)}
            )
    cohort.rows = rows
    cohort.write_sheet()
    libraries = read_libraries(cohort.config["samples"])
    start = time.perf_counter()
    assert check_libraries_text(cohort.config, libraries) == []
    assert time.perf_counter() - start < 0.5


def test_mirna_files_that_nobody_needs_may_be_missing(cohort):
    cohort.config["reference"]["matures"] = "nowhere/mature.fa"
    cohort.check().is_sound()


def test_a_primer_that_is_none_is_refused(cohort):
    cohort.config["flt3_itd"] = {"primers": ["XX"]}
    cohort.check().stops("flt3_itd.primers", "XX")


@pytest.mark.parametrize("path", ["$(touch x)", "~/results", "-x", "a\nb", "a{patient}", "a'b"])
def test_a_results_folder_of_a_dangerous_name_is_refused(cohort, path):
    cohort.config["results"] = path
    cohort.check().stops("config, results")


def test_a_file_of_reads_given_as_regions_or_results_is_refused(cohort):
    cohort.rows[0]["targets"] = cohort.rows[0]["bam"]
    cohort.check().stops("given as reads in row 2, column bam", "column targets")
    cohort.rows[0] |= {"targets": "", "given": cohort.rows[1]["bam"]}
    cohort.check().stops("given as reads in row 3, column bam", "column given")


def test_small_rnas_in_a_bam_are_refused(cohort):
    cohort.rows[1]["assay"] = "mirna"
    cohort.check().stops("small-RNA reads are not read from a BAM", "row 3, column bam")
