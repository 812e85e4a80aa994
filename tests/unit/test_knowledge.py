"""The knowledge tables are complete, consistent and in step with one another."""

import csv
import re
from pathlib import Path

import pytest

from amlresist.evidence.claims_page import claims_markdown
from amlresist.evidence.knowledge import (
    KNOWLEDGE,
    claims,
    genes,
    mechanisms,
    resistance_facts,
    review_claims,
)
from amlresist.evidence.rules import ANY_GENE, Layer
from amlresist.settings import REPOSITORY

# Letter -> numbers of its claims; the genes gained or lost at relapse stand between.
_BEFORE = {"I": (1, 6), "P": (1, 13), "M": (1, 10), "G": (1, 6), "T": (1, 6), "K": (1, 7)}
_GENES = {"F": (0, 15), "W": (1, 7), "S": (1, 5)}
_AFTER = {"O": (1, 1), "N": (0, 10), "A": (1, 5), "U": (1, 8), "B": (1, 17), "Z": (1, 1)}
_ACQUIRED, _LOST = ("IDH1", "TP53", "ASXL1"), ("DNMT3A", "CEBPA", "IDH2", "PTPN11")


def _numbered(ranges: dict[str, tuple[int, int]]) -> list[str]:
    return [f"{key}{n:02d}" for key, (low, high) in ranges.items() for n in range(low, high + 1)]


CLAIM_IDS = [
    *_numbered(_BEFORE | _GENES),
    *(f"O_acq_{gene}" for gene in _ACQUIRED),
    *(f"O_lost_{gene}" for gene in _LOST),
    *_numbered(_AFTER),
]


@pytest.fixture(scope="session")
def shared_claims(real_data: Path) -> dict[str, dict[str, str]]:
    path = real_data.parent / "review_claims.tsv"
    if not path.is_file():
        pytest.skip("the list of the review's claims is not there")
    with path.open(encoding="utf-8") as handle:
        return {row["claim_id"]: row for row in csv.DictReader(handle, delimiter="\t")}


def clauses():
    return [
        (claim.claim, clause)
        for claim in [*review_claims(), *resistance_facts()]
        for clause in claim.rule.clauses
    ]


def test_all_126_claims_are_there_in_the_reviews_order():
    assert [claim.claim for claim in claims()] == CLAIM_IDS
    assert len(CLAIM_IDS) == 126


def test_the_stored_list_is_the_reviews_list(shared_claims):
    assert list(shared_claims) == CLAIM_IDS


def test_reference_numbers_are_the_reviews(shared_claims):
    for claim in claims():
        given = re.findall(
            r"\d+", re.sub(r"\(.*?\)", "", shared_claims[claim.claim]["review_refs"])
        )
        assert re.findall(r"\d+", claim.references) == given, claim.claim


def test_statements_are_in_our_own_words(shared_claims):
    """No run of six words in a row is shared with the list."""
    for claim in claims():
        theirs = " ".join(shared_claims[claim.claim].values()).lower()
        words = claim.statement.lower().rstrip(".").split()
        runs = [" ".join(words[i : i + 6]) for i in range(len(words) - 5)]
        assert not [run for run in runs if run in theirs], claim.claim


def test_every_claim_is_measurable_or_says_why_not():
    for claim in claims():
        assert claim.measurable == bool(claim.rule) == (not claim.why_not_measurable), claim.claim
        assert claim.statement and claim.section and claim.entity and claim.evidence_context


def test_two_thirds_of_the_claims_are_measurable():
    assert sum(claim.measurable for claim in claims()) == 85


def test_layers_are_those_of_the_rule():
    layers = {claim.claim: claim.layers for claim in claims()}
    assert all(claim.rule.layers == layers[claim.claim] for claim in review_claims())


def test_every_gene_of_a_rule_is_a_gene_of_interest_and_names_the_claim():
    by_symbol = {gene.gene: gene for gene in genes()}
    review = {claim.claim for claim in review_claims()}
    for claim, clause in clauses():
        names = ("FLT3",) if clause.layer is Layer.FLT3_ITD else clause.names
        if clause.layer in {Layer.MIRNA, Layer.PATHWAYS} or names == (ANY_GENE,):
            continue
        for name in names:
            assert name in by_symbol, (claim, name)
            assert claim in by_symbol[name].claims or claim not in review


def test_every_gene_set_of_a_rule_exists():
    with (KNOWLEDGE.parent / "gene_sets/themes.tsv").open(encoding="utf-8") as handle:
        themes = {row["pathway"] for row in csv.DictReader(handle, delimiter="\t")}
    for claim, clause in clauses():
        if clause.layer is Layer.PATHWAYS:
            assert {*clause.names} <= themes, claim
    assert {p for mechanism in mechanisms() for p in mechanism.pathways} == themes


def test_every_mirna_of_a_rule_has_an_accession():
    by_claim = {claim.claim: claim for claim in claims()}
    for name, clause in clauses():
        if clause.layer is Layer.MIRNA:
            claim = by_claim[name]
            assert {*clause.names} == {*claim.entity}
            assert len(claim.entity_ids) == len(claim.entity)
            assert all(re.fullmatch(r"MIMAT\d{7}", i) for i in claim.entity_ids)


def test_mirna_accessions_are_those_of_mirbase(real_data):
    accessions = dict(
        line[1:].split()[:2]
        for line in (real_data / "mirna/hsa_matures_miRBase_v22.fa").read_text().splitlines()
        if line.startswith(">")
    )
    for claim in claims():
        if claim.entity[0].startswith("hsa-"):
            assert tuple(accessions[name] for name in claim.entity) == claim.entity_ids


def test_gene_identifiers_are_those_of_mane(real_data):
    with (real_data / "reference/review_genes_MANE_v1.5.tsv").open(encoding="utf-8") as handle:
        mane = {row["symbol"]: row for row in csv.DictReader(handle, delimiter="\t")}
    known = {gene.gene: gene for gene in genes()}
    for symbol in mane.keys() & known.keys():
        assert known[symbol].hgnc_id == mane[symbol]["HGNC_ID"]
        assert known[symbol].ensembl_gene == mane[symbol]["Ensembl_Gene"].split(".")[0]
    assert len(mane.keys() & known.keys()) > 50


def test_contradictions_are_mutual():
    by_claim = {claim.claim: claim for claim in claims()}
    for claim in claims():
        for other in claim.contradicts:
            assert claim.claim in by_claim[other].contradicts
    assert "N06" in by_claim["N01"].contradicts
    assert "M08" in by_claim["M07"].contradicts
    assert "U07" in by_claim["U01"].contradicts


def test_a_claim_that_repeats_another_has_its_rule():
    by_claim = {claim.claim: claim for claim in claims()}
    for claim in claims():
        if claim.repeats:
            assert claim.rule == by_claim[claim.repeats].rule


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("M01", "16p13.11"),
        ("M05", "major vault protein"),
        ("T01", "not ribozymes"),
        ("S01", "CDKN1A"),
        ("N06", "high BCL2 is probably meant"),
        ("N02", "sensitises"),
        ("K06", "Gly185Val"),
        ("F08", "left open"),
        ("O_lost_DNMT3A", "most stable"),
        ("U08", "not AML"),
    ],
)
def test_errors_of_the_review_are_corrected_with_a_note(claim, words):
    assert words in {row.claim: row for row in claims()}[claim].correction


def test_directions_the_review_leaves_out_are_not_invented():
    for name in ("N05", "N07", "N08"):
        claim = next(claim for claim in review_claims() if claim.claim == name)
        assert claim.expected == "no direction stated"
        assert claim.rule.clauses[0].expects == ("up", "down")


def test_mechanisms_of_claims_exist_and_their_layers_are_those_of_the_claims():
    for mechanism in mechanisms():
        own = [claim for claim in review_claims() if claim.mechanism == mechanism.mechanism]
        assert {*mechanism.layers} == {layer for claim in own for layer in claim.rule.layers}
        assert all(claim.mechanism_class == mechanism.mechanism_class for claim in own)
    assert {claim.mechanism for claim in claims()} == {m.mechanism for m in mechanisms()}


def test_facts_beyond_the_review_bring_their_own_sources():
    facts = resistance_facts()
    assert len({fact.claim for fact in facts}) == len(facts) >= 15
    assert not {fact.claim for fact in facts} & {*CLAIM_IDS}
    for fact in facts:
        for source in fact.references.split("; "):
            cited = r"\w+ et al\., [A-Z][\w ]+ \d{4};\d+:\d+(, doi:10\.\d{4,}/\S+)?"
            assert re.fullmatch(cited, source), source


def test_genes_of_aml_are_there_once_each():
    symbols = [gene.gene for gene in genes()]
    assert symbols == sorted(set(symbols))
    assert {"FLT3", "NPM1", "DNMT3A", "TP53", "SRSF2", "CBL", "STAG2", "RAD21"} <= {*symbols}
    assert all(re.fullmatch(r"HGNC:\d+", gene.hgnc_id) for gene in genes())


def test_gene_table_agrees_with_the_canonical_transcripts():
    with (KNOWLEDGE / "canonical_transcripts.tsv").open(encoding="utf-8") as handle:
        canonical = {row["gene"]: row["hgnc_id"] for row in csv.DictReader(handle, delimiter="\t")}
    for gene in genes():
        assert canonical.get(gene.gene, gene.hgnc_id) == gene.hgnc_id


def test_claims_page_is_up_to_date():
    page = (REPOSITORY / "docs/claims.md").read_text(encoding="utf-8")
    assert page == claims_markdown(), (
        "run: python -m amlresist.evidence.claims_page > docs/claims.md"
    )
