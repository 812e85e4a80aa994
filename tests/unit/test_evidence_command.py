"""`amlresist evidence` end to end on small tables."""

import json

import pytest

from amlresist.__main__ import main
from amlresist.evidence.knowledge import resistance_facts, review_claims
from amlresist.evidence.records import Evidence, Flt3Npm1, MechanismSummary
from amlresist.expression.records import ExpressionChange
from amlresist.flt3_itd.records import ItdLibrary, ItdPair
from amlresist.tables import read_table, write_table
from amlresist.variants.records import PairSummary, VariantChange
from evidence_example import NAME, dna, expressed, itd_library, itd_pair, variant

FACTS = json.dumps(
    [
        {
            "patient": "P1",
            "timepoint": "relapse",
            "blast_fraction": None,
            "sex": "",
            "transplant_before": None,
            "flt3_inhibitor_before": True,
        }
    ]
)


@pytest.fixture
def results(tmp_path):
    tables = dna(variant("FLT3", "F691L", "acquired"))
    libraries = [itd_library("diagnosis", "itd", 0.8), itd_library("relapse", "itd", 0.9)]
    folder = tmp_path / "P1"
    write_table(folder / "variants/variants.tsv", VariantChange, tables.variants)
    write_table(folder / "variants/variant_summary.tsv", PairSummary, tables.variant_summary)
    write_table(folder / "flt3_itd/flt3_itd.tsv", ItdLibrary, libraries)
    write_table(folder / "flt3_itd/flt3_itd_pairs.tsv", ItdPair, [itd_pair("persistent")])
    change = [expressed("ABCB1", "up")]
    write_table(folder / "expression/expression_change.tsv", ExpressionChange, change)
    return folder


def run(results, out, settings="", facts=FACTS):
    options = {"--patient": "P1", "--results": results, "--facts": facts, "--out-dir": out}
    words = [str(word) for pair in (options | {"--settings": settings}).items() for word in pair]
    return main(["evidence", *words])


def test_every_measurable_claim_is_answered_once_per_comparison(results, tmp_path):
    assert run(results, tmp_path / "out") == 0
    rows = read_table(tmp_path / "out/evidence.tsv", Evidence)
    assert [row.claim for row in rows] == [claim.claim for claim in review_claims()]
    assert {row.comparison for row in rows} == {NAME}
    found = {row.claim: row for row in rows}
    assert found["F11"].status.value == "supported"
    assert found["P02"].status.value == "supported"
    assert found["N01"].status.value == "not_assessed"
    assert {row.knowledge for row in rows} == {"review"}


def test_facts_beyond_the_review_are_kept_apart_and_can_be_switched_off(results, tmp_path):
    run(results, tmp_path / "on")
    rows = read_table(tmp_path / "on/evidence_beyond_review.tsv", Evidence)
    assert len(rows) == len(resistance_facts())
    gatekeeper = next(row for row in rows if row.claim == "X01")
    assert gatekeeper.status.value == "supported"
    assert "Seen under FLT3 inhibitor (given before)" in gatekeeper.note
    run(results, tmp_path / "off", '{"beyond_review": false}')
    assert read_table(tmp_path / "off/evidence_beyond_review.tsv", Evidence) == []


def test_own_claims_are_weighed_in_a_table_of_their_own(results, tmp_path):
    table = tmp_path / "own.tsv"
    table.write_text(
        "claim\tmechanism\tmechanism_class\tstatement\tentity\texpected\trule\tnote\treferences\n"
        "MY1\tP-gp\tprotein\tABCB1 rises\tABCB1\tup\t"
        "expression gene=ABCB1 direction=up against=down\tNA\tours\n"
    )
    settings = json.dumps({"claims_tables": [str(table)]})
    assert run(results, tmp_path / "out", settings) == 0
    (row,) = read_table(tmp_path / "out/evidence_own_claims.tsv", Evidence)
    assert (row.claim, row.status.value, row.knowledge) == ("MY1", "supported", str(table))


@pytest.mark.parametrize(
    ("name", "rule", "complaint"),
    [
        ("MY1", "expression gene=ABCB1 direction=up", "needs against="),
        ("P02", "expression gene=ABCB1 direction=up against=none", "already used"),
    ],
)
def test_faulty_own_claims_are_named(results, tmp_path, capsys, name, rule, complaint):
    table = tmp_path / "own.tsv"
    table.write_text(
        "claim\tmechanism\tmechanism_class\tstatement\tentity\texpected\trule\tnote\treferences\n"
        f"{name}\tP-gp\tprotein\tABCB1 rises\tABCB1\tup\t{rule}\tNA\tours\n"
    )
    assert run(results, tmp_path / "out", json.dumps({"claims_tables": [str(table)]})) == 2
    told = capsys.readouterr().err
    assert complaint in told and str(table) in told and name in told


def test_missing_own_table_is_named(results, tmp_path, capsys):
    assert run(results, tmp_path / "out", '{"claims_tables": ["nowhere.tsv"]}') == 2
    assert "nowhere.tsv" in capsys.readouterr().err


def test_json_twin_holds_the_same_rows(results, tmp_path):
    run(results, tmp_path / "out")
    twin = json.loads((tmp_path / "out/evidence.json").read_text())
    table = read_table(tmp_path / "out/evidence.tsv", Evidence)
    assert [row["claim"] for row in twin["evidence"]] == [row.claim for row in table]
    assert len(twin["mechanisms"]) == len(
        read_table(tmp_path / "out/mechanisms.tsv", MechanismSummary)
    )
    assert len(twin["flt3_npm1"]) == len(read_table(tmp_path / "out/flt3_npm1.tsv", Flt3Npm1))


def test_same_input_gives_the_same_bytes(results, tmp_path):
    run(results, tmp_path / "a")
    run(results, tmp_path / "b")
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_patient_without_any_table_is_answered_not_assessed(tmp_path):
    (tmp_path / "P1").mkdir()
    facts = FACTS.replace("]", "," + FACTS.strip("[]").replace("relapse", "diagnosis") + "]")
    assert run(tmp_path / "P1", tmp_path / "out", facts=facts) == 0
    rows = read_table(tmp_path / "out/evidence.tsv", Evidence)
    assert {row.status.value for row in rows} == {"not_assessed"}
