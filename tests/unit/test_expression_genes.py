"""Identifiers of every kind become the genes they mean."""

import pytest

from amlresist.annotation import Transcript
from amlresist.errors import InputError
from amlresist.evidence.knowledge import genes as genes_of_interest
from amlresist.expression.gene_sets import (
    load_gene_sets,
    read_gmt,
    read_network,
    shipped_themes,
)
from amlresist.expression.genes import GeneNames, NameStatus


@pytest.fixture(scope="module")
def names() -> GeneNames:
    return GeneNames()


def transcript(gene: str, gene_id: str) -> Transcript:
    return Transcript(gene, gene_id, f"{gene}-201", "1", "+", "", True, ((0, 100),), ())


@pytest.mark.parametrize(
    ("identifier", "gene"),
    [
        ("ABCB1", "ABCB1"),
        ("MDR1", "ABCB1"),
        ("mdr1", "ABCB1"),
        ("P-gp", "ABCB1"),
        ("MRP1", "ABCC1"),
        ("LRP", "MVP"),
        ("LRP1", "LRP1"),
        ("TOP2", "TOP2A"),
        ("ENSG00000085563", "ABCB1"),
        ("ENSG00000085563.15", "ABCB1"),
        ("5243", "ABCB1"),
        ("ABCB1|5243", "ABCB1"),
        ("ENSG00000085563.15|ABCB1", "ABCB1"),
        ("ENSG00000085563.15_ABCB1", "ABCB1"),
        ("H2AFX", "H2AX"),
        ("NSD2", "NSD2"),
        ("WHSC1", "NSD2"),
        ("SEPT2", "SEPTIN2"),
        ("SEPT9", "SEPTIN9"),
        ("MARCH3", "MARCHF3"),
    ],
)
def test_identifiers_are_resolved(names, identifier, gene):
    found = names.resolve(identifier)
    assert found.gene == gene
    assert found.status in {NameStatus.KNOWN, NameStatus.ALIAS}


@pytest.mark.parametrize(
    "identifier", ["2-Sep", "1-Mar", "Sep-02", "2023-09-02", "2/9/2023", "SEP-2", "01-Mar-2023"]
)
def test_dates_are_named_as_what_a_spreadsheet_did(names, identifier):
    assert names.resolve(identifier).status is NameStatus.DATE_LIKE


@pytest.mark.parametrize("identifier", ["p21", "AKT", "RAS", "MARCH1"])
def test_names_of_two_genes_are_not_guessed(names, identifier):
    assert names.resolve(identifier).status is NameStatus.AMBIGUOUS


@pytest.mark.parametrize("identifier", ["Abcb1a", "Trp53", "", "foo", "99999999999"])
def test_other_names_stay_unknown(names, identifier):
    assert names.resolve(identifier).status is NameStatus.UNKNOWN


def test_the_annotations_old_symbols_become_todays():
    names = GeneNames([transcript("MRE11A", "ENSG00000020922"), transcript("TOY1", "TOYG01")])
    assert names.resolve("MRE11A").gene == "MRE11"
    assert names.resolve("TOY1").status is NameStatus.KNOWN
    assert names.resolve("TOYG01").gene == "TOY1"


def test_every_gene_of_themes_and_knowledge_is_known(names):
    theme_genes = {gene for theme in shipped_themes() for gene in theme.genes}
    others = {gene.gene for gene in genes_of_interest()} - {"MIR17HG"}
    for gene in theme_genes | others:
        assert names.resolve(gene).status is NameStatus.KNOWN, gene
    for gene in genes_of_interest():
        if gene.gene != "MIR17HG":
            assert names.resolve(gene.ensembl_gene).gene == gene.gene


def test_curated_aliases_agree_with_the_knowledge_table(names):
    for gene in genes_of_interest():
        for alias in gene.aliases:
            assert names.resolve(alias).gene in {gene.gene, alias, alias.upper()}, alias


def test_themes_cover_the_review_with_sources():
    themes = {theme.name: theme for theme in shipped_themes()}
    expected = (
        "drug_efflux glutathione_gst topoisomerase_ii pkc pi3k_akt_mtor jnk_p38 nf_kb"
        " ras_raf_mek_erk flt3_signalling wt1_qprt dna_damage_response cell_cycle apoptosis"
        " autophagy hgf_met ros_erk hsp90"
    )
    assert set(themes) == set(expected.split())
    assert all(theme.source and theme.mechanism and len(theme.genes) for theme in themes.values())
    assert {"ABCB1", "ABCC1", "MVP"} <= set(themes["drug_efflux"].genes)
    weights = dict(zip(themes["apoptosis"].genes, themes["apoptosis"].weights, strict=True))
    assert weights["BAX"] == 1 and weights["BCL2"] == -1


def test_a_gmt_and_networks_are_read_in_any_naming(tmp_path, names):
    gmt = tmp_path / "sets.gmt"
    gmt.write_text("one\thttp://x\tMDR1\tENSG00000013364\nTWO\tna\tTP53\n")
    assert [s.genes for s in read_gmt(gmt, names)] == [("ABCB1", "MVP"), ("TP53",)]
    network = tmp_path / "net.csv"
    network.write_text('"source","target","weight"\n"a","P53","-2.5"\n"a","MYC","1"\n')
    (only,) = read_network(network, names)
    assert only.genes == ("MYC", "TP53") and only.weights.tolist() == [1, -2.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\tonly\n", "not a gene set"),
        ("a\tx\tTP53\na\tx\tMYC\n", "not a gene set of its own"),
        ("autophagy\tx\tTP53\n", "already in the shipped themes"),
    ],
)
def test_faulty_gmt_files_are_refused(tmp_path, names, text, message):
    gmt = tmp_path / "sets.gmt"
    gmt.write_text(text)
    with pytest.raises(InputError, match=message):
        load_gene_sets([str(gmt)], [], names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\n", "column is missing"),
        ("source\ttarget\tweight\nx\tTP53\tmuch\n", "no weight"),
        ("source\ttarget\tweight\nx\tTP53\n", "no weight"),
        ("source\ttarget\tweight\nx\tTP53\tnan\n", "no weight"),
        ("", "column is missing"),
    ],
)
def test_faulty_networks_are_refused(tmp_path, names, text, message):
    network = tmp_path / "net.tsv"
    network.write_text(text)
    with pytest.raises(InputError, match=message):
        load_gene_sets([], [str(network)], names)
