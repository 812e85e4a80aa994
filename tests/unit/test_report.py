"""The pages and MultiQC sections: what they must never get wrong, without a browser."""

import base64
import dataclasses
import hashlib
import html
import json
import math
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import report_example
from amlresist.__main__ import main
from amlresist.alignment_qc.records import AlignmentQc, PairIdentity
from amlresist.evidence.records import Evidence
from amlresist.mirna.records import MirnaCount
from amlresist.report import labels, multiqc
from amlresist.report.checks import Check, State, pair_checks
from amlresist.report.cohort_page import first_comparisons
from amlresist.report.plots import Label, place_label
from amlresist.report.results import read_overview, read_results
from amlresist.report.run_times import StationTime, station_times
from amlresist.report.settings import Settings
from amlresist.report.wording import percent
from amlresist.settings import load
from amlresist.tables import read_table, write_table
from amlresist.variants.records import VariantChange

ALL = ("dna", "mirna", "rna")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("page")
    return page_text(folder, ALL)


def page_text(folder: Path, layers: tuple[str, ...]) -> str:
    report_example.write_example(folder, "P01", layers=layers)
    provenance = report_example.write_provenance(folder / "provenance.json")
    return report_example.write_page(folder, "P01", provenance).read_text()


def words(page: str, section: str) -> str:
    """Text of one section of a page."""
    start = page.index(f'<section id="{section}"')
    end = page.find("<section id=", start + 1)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page[start:end])).split())


def test_headline_names_every_class_and_the_expected_wrong_labels(page):
    summary = words(page, "summary")
    assert (
        "Of 31 somatic variants, 6 acquired, 4 lost, 1 expanding, 1 contracting, 17 stable; "
        "2 cannot be told. Of the labels given, 0.1 are expected to be wrong." in summary
    )
    assert "30 bp clone expanding in DNA (AR 0.32 → 0.69, crosses 0.5)" in summary


def test_a_variant_that_was_not_seen_is_excluded_above_a_limit_and_never_called_absent(page):
    drivers = words(page, "variants")
    assert "not seen excluded above 0.31 % 0 of 812 fragments" in drivers
    assert "absent" not in drivers


def test_open_questions_stand_with_the_depth_that_would_decide(page):
    text = words(page, "open")
    assert "TP53 R273H" in text
    assert "210×" in text
    assert "not assayed at the first time point" in text


def test_layers_without_a_library_are_not_assessed_in_words(tmp_path):
    text = page_text(tmp_path, ("dna",))
    for section in ("mirna", "pathways", "expression"):
        assert words(text, section).endswith("exclude a change there.")
    assert "not assessed: miRNA and Gene expression and pathways" in words(text, "summary")


def test_single_time_point_says_that_nothing_can_be_compared(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    write_table(folder / "variants/variants.tsv", VariantChange, [])
    for path in ("variants/variant_summary.tsv", "flt3_itd/flt3_itd_pairs.tsv"):
        (folder / path).unlink()
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert "Only one time point has DNA" in words(text, "summary")
    assert "30 bp" in words(text, "flt3-itd")


def test_single_time_point_shows_its_variants(tmp_path):
    text = one_time_point_page(tmp_path)
    summary = words(text, "summary")
    assert "IDH2 R140Q" in text
    assert "diagnosis 85 % (given blast fraction)" in summary


def test_single_time_point_claims_no_change(tmp_path):
    summary = words(one_time_point_page(tmp_path), "summary")
    assert "no change can be shown or excluded" in summary
    for label in ("acquired", "lost", "expanding", "contracting"):
        assert not re.search(rf"\d+ {label}", summary)


def test_single_time_point_sets_germline_aside(tmp_path):
    text = one_time_point_page(tmp_path)
    assert "TET2 L1721W" not in words(text, "variants")
    assert "TET2 L1721W germline" in words(text, "all-variants")


def one_time_point_page(folder: Path) -> str:
    report_example.write_single(folder, "P01")
    provenance = report_example.write_provenance(folder / "provenance.json")
    return report_example.write_page(folder, "P01", provenance).read_text()


def test_candidates_at_the_level_of_errors_do_not_bury_what_was_seen(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "variants/variants.tsv"
    noise = [
        report_example.variant("KRAS", f"G12{x}", "not_evaluable", (1, 900), (0, 800), pos=i)
        for i, x in enumerate("ACDRSV", start=1)
    ]
    write_table(path, VariantChange, [*read_table(path, VariantChange), *noise])
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert "2 cannot be told" in words(text, "summary")
    assert "7 further candidates never rose above sequencing error" in words(text, "summary")
    assert "KRAS G12D" not in words(text, "variants")
    assert "KRAS G12D not above error" in words(text, "all-variants")


def test_itd_among_the_variants_has_the_name_of_its_clone(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "variants/variants.tsv"
    itd = report_example.variant(
        "FLT3", "D600_L601insX", "expanding", (190, 800), (330, 800), hgvs_c="c.1772_1801dup"
    )
    write_table(path, VariantChange, [*read_table(path, VariantChange), itd])
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert "FLT3-ITD 30 bp 24 % → 41 %" in words(text, "summary")


def test_candidates_without_depth_stay_open(tmp_path):
    shallow = report_example.variant("KRAS", "G12D", "not_evaluable", (1, 900), (0, 21))
    assert labels.is_somatic(shallow)


def test_three_time_points_show_each_driver_over_all_of_them(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "variants/variants.tsv"
    rows = read_table(path, VariantChange)
    second = [dataclasses.replace(row, comparison="diagnosis>relapse2") for row in rows]
    write_table(path, VariantChange, [*rows, *second])
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert "VAF at diagnosis VAF at relapse VAF at relapse2" in words(text, "summary")
    assert "FLT3 F691L <0.31 % 22 % 22 % acquired acquired" in words(text, "summary")


def test_input_files_of_other_patients_stay_off_the_page(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    names = ["reads/P01_dx.bam", "reads/P011_dx.bam", "reads/P02_dx.bam", "reference/genome.fa.gz"]
    files = [{"path": name, "digest": f"sha256:{i}", "size": 10} for i, name in enumerate(names)]
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs/inputs.json").write_text(json.dumps(files))
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    shown = words(text, "provenance")
    assert "reads/P01_dx.bam 10 sha256:0" in shown and "genome.fa.gz 10 sha256:3" in shown
    assert "P02_dx" not in text and "P011_dx" not in text
    assert folder.is_dir()


def test_failed_stations_are_named_first(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna", "rna"))
    (folder / "mirna").mkdir()
    (folder / "expression/pathways.tsv").unlink()
    checks = pair_checks(read_results(folder, "P01"), {})
    assert [check.title for check in checks[:2]] == [
        "miRNA failed",
        "Gene expression and pathways failed",
    ]
    assert checks[0].state == State.BAD


def test_missing_variants_are_never_counted_as_zero(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    for path in (folder / "variants").iterdir():
        path.unlink()
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    summary = words(text, "summary")
    assert "not assessed: the station failed" in summary
    assert "0 acquired" not in summary


def test_planned_station_without_a_table_counts_as_failed(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    assert read_results(folder, "P01").failed == []
    assert read_results(folder, "P01", planned=("mirna",)).failed == ["mirna"]


def test_different_people_turn_the_banner_red(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "alignment_qc/pair_identity.tsv"
    path.write_text(path.read_text().replace("same_person", "different_people"))
    checks = {check.title: check for check in pair_checks(read_results(folder, "P01"), {})}
    assert checks["Same person"].state == State.BAD
    assert "different people" in checks["Same person"].text


def test_reads_of_another_person_or_time_point_stand_in_the_banner(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    assert "Mixed or swapped reads" not in banner(folder)
    path = folder / "alignment_qc/pair_identity.tsv"
    pairs = read_table(path, PairIdentity)
    told = "same genotypes; all 4 clonal changes of P01_diagnosis alone are seen in P01_relapse"
    write_table(path, PairIdentity, [dataclasses.replace(row, reason=told) for row in pairs])
    path = folder / "alignment_qc/alignment_qc.tsv"
    foreign = "depth suffices; about 4 % of the reads are of another person"
    rows = [dataclasses.replace(row, reason=foreign) for row in read_table(path, AlignmentQc)]
    write_table(path, AlignmentQc, rows)
    check = banner(folder)["Mixed or swapped reads"]
    assert check.state == State.WARNING
    assert "all 4 clonal changes of P01_diagnosis" in check.text
    assert "about 4 % of the reads are of another person" in check.text


def banner(folder: Path) -> dict[str, Check]:
    return {check.title: check for check in pair_checks(read_results(folder, "P01"), {})}


def test_mirnas_that_reads_hardly_tell_apart_name_each_other(tmp_path):
    counts = [
        report_example.filled(
            MirnaCount, patient="P01", mirna="hsa-miR-181a-5p", cannot_tell_from=(other,)
        )
        for other in ("hsa-miR-181b-5p", "hsa-miR-181d-5p")
    ]
    report_example.write_example(tmp_path, "P01")
    write_table(tmp_path / "P01/mirna/mirna_counts.tsv", MirnaCount, counts)
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = words(report_example.write_page(tmp_path, "P01", provenance).read_text(), "mirna")
    assert "hardly tell it from hsa-miR-181b-5p and hsa-miR-181d-5p, hence its wide" in text


def test_targets_stand_beside_the_mirna_that_claims_speak_of(tmp_path):
    folder = report_example.write_example(tmp_path, "P01")
    path = folder / "evidence/evidence.tsv"
    rows = read_table(path, Evidence)
    told = ("ATM down -2.57 (claim: down)",)
    own = {"layer": "mirna", "entity": "hsa-miR-181a-5p", "beside": told}
    write_table(path, Evidence, [dataclasses.replace(rows[0], **own), *rows[1:]])
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert told[0] in words(text, "mirna")
    assert told[0] in words(text, "evidence")


def test_cohort_counts_a_patient_by_the_first_comparison():
    later, first = Counter({"acquired": 5}), Counter({"acquired": 2})
    counts = {("P", "relapse>relapse2"): later, ("P", "diagnosis>relapse"): first}
    assert first_comparisons(counts) == {("P", "diagnosis>relapse"): first}


def test_labels_of_the_ratio_plot_do_not_cover_each_other():
    taken: list[Label] = []
    places = [place_label("AML03", 100 + i, 50 + i, 400, taken) for i in range(4)]
    heights = sorted(y for _, y, _ in places)
    assert all(b - a >= 12.9 for a, b in pairwise(heights))


def test_policy_allows_only_the_hashed_style_and_script(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    policy = html.unescape(policy)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind, pattern in (
        ("style", r"<style>(.*?)</style>"),
        ("script", r"<script>(.*?)</script>"),
    ):
        body = re.search(pattern, page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_page_asks_for_nothing_and_has_no_inline_style_or_handler(page):
    class Attributes(HTMLParser):
        def handle_starttag(self, tag, attributes):
            for name, value in attributes:
                assert name != "style" and not name.startswith("on"), (tag, name)
                if name in {"src", "href"} and tag != "use":
                    assert value.startswith(("#", "../", "data:image/svg+xml;base64,")), value

    Attributes().feed(page)


def test_hostile_names_stay_text(tmp_path):
    folder = report_example.write_example(tmp_path, "P01")
    report_example.make_hostile(folder)
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    text = report_example.write_page(tmp_path, "P01", provenance).read_text()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count("<script") == 2
    assert "{{ 7 * 7 }}" in html.unescape(text)


def test_page_of_a_panel_is_small_and_the_same_every_time(page, tmp_path):
    assert len(page.encode()) < 1_500_000
    assert page_text(tmp_path, ALL) == page


def test_embedded_tables_are_the_stations_own(page, tmp_path):
    folder = report_example.write_example(tmp_path, "P01")
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)[1])
    own = (folder / "evidence/evidence.tsv").read_text()
    assert data["tables"]["evidence.tsv"] == own
    shown = data["tables"]["variants.tsv"].splitlines()
    assert sorted(shown) == sorted((folder / "variants/variants.tsv").read_text().splitlines())


def test_rows_beyond_the_limit_are_counted_not_hidden(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "variants/variants.tsv"
    rows = read_table(path, VariantChange)
    write_table(
        path, VariantChange, [dataclasses.replace(r, pos=r.pos + i) for i in range(3) for r in rows]
    )
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    out = tmp_path / "page.html"
    options = ["--patient", "P01", "--results", str(folder), "--provenance", str(provenance)]
    settings = ["--settings", '{"max_rows": 50}', "--out", str(out)]
    assert main(["report", "patient", *options, *settings]) == 0
    assert f"{3 * len(rows) - 50} further rows" in words(out.read_text(), "open")


def test_damaged_table_is_refused_with_its_place(tmp_path, capsys):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    path = folder / "variants/clones.tsv"
    path.write_text(path.read_text().replace("\t9\t", "\tnine\t", 1))
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    options = ["--patient", "P01", "--results", str(folder), "--provenance", str(provenance)]
    assert main(["report", "patient", *options, "--out", str(tmp_path / "p.html")]) == 2
    assert "clones.tsv, line 2, column n_variants" in capsys.readouterr().err
    assert not (tmp_path / "p.html").exists()


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    results = tmp_path_factory.mktemp("cohort")
    for patient, layers in {"P01": ALL, "P02": ("dna",), "P03": ("rna",)}.items():
        report_example.write_example(results, patient, layers=layers)
    report_example.write_provenance(results / "provenance.json")
    return results


def common(results: Path) -> list[str]:
    return ["--results", str(results), "--patients", "P01", "P02", "P03"]


def test_cohort_page_without_gathered_tables_says_so(cohort, tmp_path):
    out = tmp_path / "cohort.html"
    provenance = ["--provenance", str(cohort / "provenance.json")]
    assert main(["report", "cohort", *common(cohort), *provenance, "--out", str(out)]) == 0
    text = out.read_text()
    assert "cohort tables have not been gathered" in words(text, "genes")
    assert "12 variants acquired" in words(text, "summary")


def test_run_times_are_shown_only_when_asked_for(cohort, tmp_path):
    folder = tmp_path / "benchmarks/P01"
    (folder / "alignment").mkdir(parents=True)
    for name, seconds in (
        ("variants.tsv", "2.5"),
        ("alignment/a.tsv", "4"),
        ("alignment/b.tsv", "6"),
    ):
        (folder / name).write_text(f"s\tcpu_time\tmax_rss\n{seconds}\t1\t100.5\n")
    out = tmp_path / "cohort.html"
    options = ["--provenance", str(cohort / "provenance.json"), "--out", str(out)]
    assert main(["report", "cohort", *common(cohort), *options]) == 0
    assert "Run times" not in out.read_text()
    times = ["--benchmarks", str(tmp_path / "benchmarks")]
    assert main(["report", "cohort", *common(cohort), *options, *times]) == 0
    assert "P01 alignment 2 10 100" in words(out.read_text(), "provenance").replace("100.5", "100")


def test_run_times_of_every_rule_stand_in_the_multiqc_report(cohort, tmp_path):
    jobs = {
        "P01/variants": 3.0,
        "P02/variants": 5.0,
        "P01/alignment/P01_dx": 9.0,
        "provenance": 1.0,
    }
    for name, seconds in jobs.items():
        path = tmp_path / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tcpu_time\tmax_rss\n{seconds}\t{2 * seconds}\t{10 * seconds}\n")
    times = station_times(tmp_path / "benchmarks", ["P01", "P02"])
    assert times == [
        StationTime("alignment", 1, 18.0, 9.0, 9.0, 90.0),
        StationTime("variants", 2, 16.0, 8.0, 5.0, 50.0),
        StationTime("provenance", 1, 2.0, 1.0, 1.0, 10.0),
    ]
    out = ["--out-dir", str(tmp_path / "content"), "--benchmarks", str(tmp_path / "benchmarks")]
    words = ["report", "multiqc", "--results", str(cohort), "--patients", "P01", "P02", *out]
    assert main(words) == 0
    section = json.loads((tmp_path / "content" / multiqc.TIMES).read_text())
    assert section["data"]["variants"] == {
        "Jobs": 2,
        "Processor": 16.0,
        "Total": 8.0,
        "Longest": 5.0,
        "Memory": 50.0,
    }


def test_the_threshold_starts_at_the_rule_of_the_run_and_says_it(tmp_path):
    folder = report_example.write_example(tmp_path, "P01")
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    out = folder / "report/P01.html"
    arguments = ["--patient", "P01", "--results", str(folder), "--out", str(out)]
    settings = ["--variants-settings", '{"fdr": 0.011, "max_label_error": 0.07}']
    words_ = ["report", "patient", *arguments, *settings, "--provenance", str(provenance)]
    assert main(words_) == 0
    text = out.read_text()
    assert "1.1 % of acquired and lost labels expected to be wrong" in text
    assert "stayed within 1.1 % among acquired, and among lost" in text
    data = json.loads(text.split('id="page-data">')[1].split("</script>")[0])
    assert data["runThreshold"] == 0.07 and 0.07 in data["thresholds"]


def test_variants_that_the_page_does_not_carry_are_counted(tmp_path):
    folder = report_example.write_many_variants(tmp_path, "P01", 2000)
    out = folder / "report/P01.html"
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    arguments = ["--patient", "P01", "--results", str(folder), "--out", str(out)]
    settings = ["--settings", '{"max_rows": 150}', "--provenance", str(provenance)]
    assert main(["report", "patient", *arguments, *settings]) == 0
    text = out.read_text()
    summary = words(text, "summary")
    assert "Of 400 somatic variants, 100 acquired, 100 lost" in summary
    data = json.loads(text.split('id="page-data">')[1].split("</script>")[0])
    assert len(data["beyond"]) == 250 and sum(data["somatic"]) == 150


def test_a_patient_without_somatic_variant_still_shows_the_itds(tmp_path):
    folder = report_example.write_example(tmp_path, "P01", layers=("dna",))
    write_table(folder / "variants/variants.tsv", VariantChange, [])
    provenance = report_example.write_provenance(tmp_path / "provenance.json")
    summary = words(report_example.write_page(tmp_path, "P01", provenance).read_text(), "summary")
    assert "No somatic variant was found at either time point." in summary
    assert "FLT3-ITD 30 bp expanding" in summary


def test_multiqc_content_is_valid(cohort, tmp_path):
    assert main(["report", "multiqc", *common(cohort), "--out-dir", str(tmp_path)]) == 0
    general = json.loads((tmp_path / "amlresist_general_mqc.json").read_text())
    assert general["data"]["P01_diagnosis_dna"]["Depth"] == 812
    mechanisms = json.loads((tmp_path / "amlresist_mechanisms_mqc.json").read_text())
    assert mechanisms["data"][0][0] == 1.0
    assert mechanisms["data"][2][2] is None
    config = yaml.safe_load((tmp_path / "multiqc_config.yaml").read_text())
    assert config["plots_force_flat"] is False


def test_multiqc_sees_every_table_that_it_speaks_of(cohort):
    settings = load(Settings, "report")
    names = ("P01", "P02")
    whole = [read_results(cohort / name, name) for name in names]
    chosen = [read_overview(cohort / name, name, multiqc.RECORDS) for name in names]
    assert multiqc.multiqc_files(chosen, settings) == multiqc.multiqc_files(whole, settings)


def test_multiqc_content_is_escaped(tmp_path):
    report_example.make_hostile(report_example.write_example(tmp_path, "P01"))
    options = ["--results", str(tmp_path), "--patients", "P01", "--out-dir", str(tmp_path / "out")]
    assert main(["report", "multiqc", *options]) == 0
    texts = [path.read_text() for path in (tmp_path / "out").glob("*.json")]
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script" in text or "<img" in text for text in texts)


def test_multiqc_draws_flat_plots_for_many_libraries(cohort, tmp_path):
    options = ["--out-dir", str(tmp_path), "--settings", '{"flat_plots_from": 10}']
    many = [*common(cohort), *["P01"] * 3]
    assert main(["report", "multiqc", *many, *options]) == 0
    config = yaml.safe_load((tmp_path / "multiqc_config.yaml").read_text())
    assert config["plots_force_flat"] is True
    assert "static pictures" in config["intro_text"]


def test_multiqc_itself_shows_every_section(cohort, tmp_path):
    assert main(["report", "multiqc", *common(cohort), "--out-dir", str(tmp_path / "in")]) == 0
    command = [
        *(sys.executable, "-m", "multiqc", "--quiet", "--force", "--no-data-dir"),
        *("--config", str(tmp_path / "in/multiqc_config.yaml")),
        *("--filename", str(tmp_path / "multiqc.html"), str(tmp_path / "in")),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    text = (tmp_path / "multiqc.html").read_text()
    for title in ("Variant classes", "Mechanisms of resistance", "FLT3-ITD", "miRNA libraries"):
        assert title in text


@given(st.floats(0, 1))
def test_percent_never_shows_more_than_it_knows(value):
    shown = float(percent(value, 3).removesuffix(" %").replace(",", "")) / 100
    assert math.isclose(shown, value, rel_tol=0.005, abs_tol=1e-6)
