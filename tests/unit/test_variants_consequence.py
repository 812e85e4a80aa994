import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from variants_world import CHROM, transcript

from amlresist.annotation import Transcript, canonical_transcripts, read_gene_models
from amlresist.dna import CODONS, reverse_complement, translate
from amlresist.variants.alleles import Allele, normalise
from amlresist.variants.consequence import Annotation, Annotator
from amlresist.variants.hgvs import CodingFrame, position_name

# Protein MKWAAALQSSETKR*, in three exons of 20, 16 and 9 coding bases.
CODING = "ATGAAATGGGCCGCTGCACTCCAGAGCTCTGAAACGAAACGATAA"
LEFT, UTR5, UTR3 = "GATTC" * 6, "CCGTACGTTC", "GACCTGTAGCTTGACTGACA"
INTRON = "GTAAGTCTTGCCATTCGACGATCCTTTTTCTTCAG"
FIRST, SECOND = CODING[:20], CODING[20:36]
GENE = UTR5 + FIRST + INTRON + SECOND + INTRON + CODING[36:] + UTR3
PLUS = LEFT + GENE + LEFT
MINUS = reverse_complement(PLUS)
START = len(LEFT)
_C1 = START + len(UTR5)
_C2 = _C1 + 20 + len(INTRON)
_C3 = _C2 + 16 + len(INTRON)
EXONS = ((START, _C1 + 20), (_C2, _C2 + 16), (_C3, START + len(GENE)))
CDS = ((_C1, _C1 + 20), (_C2, _C2 + 16), (_C3, _C3 + 9))


def mirrored(parts: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((len(PLUS) - end, len(PLUS) - start) for start, end in parts[::-1])


MODELS = {"+": transcript(EXONS, CDS), "-": transcript(mirrored(EXONS), mirrored(CDS), "-")}
GENOMES = {"+": PLUS, "-": MINUS}


def fetch_of(strand: str, start: int, end: int) -> str:
    return GENOMES[strand][max(0, start) : end]


def annotate(place: int, deleted: int, inserted: str, strand: str = "+") -> Annotation:
    """Annotation of a change on the plus-strand drawing of the gene, written on either strand."""
    genome = GENOMES[strand]
    start = place if strand == "+" else len(PLUS) - place - deleted
    bases = inserted if strand == "+" else reverse_complement(inserted)

    def fetch(chrom: str, left: int, right: int) -> str:
        return fetch_of(strand, left, right)

    anchor = genome[start - 1]
    allele = Allele(CHROM, start - 1, anchor + genome[start : start + deleted], anchor + bases)
    return Annotator([MODELS[strand]], fetch).annotate(normalise(allele, fetch))


def coding(position: int) -> int:
    """Place of 1-based coding base on the plus drawing."""
    return MODELS["+"].genome_position(position)


EXAMPLES = {
    "missense": (coding(4), 1, "G", "c.4A>G", "K2E", "missense_variant"),
    "synonymous": (coding(12), 1, "T", "c.12C>T", "A4=", "synonymous_variant"),
    "nonsense": (coding(9), 1, "A", "c.9G>A", "W3*", "stop_gained"),
    "start lost": (coding(1), 1, "G", "c.1A>G", "M1?", "start_lost"),
    "stop lost": (coding(43), 1, "C", "c.43T>C", "*15Qext*3", "stop_lost"),
    "stop kept": (coding(44), 1, "G", "c.44A>G", "*15=", "synonymous_variant"),
    "two bases": (coding(4), 2, "GG", "c.4_5delinsGG", "K2G", "missense_variant"),
    "frameshift": (coding(7), 0, "T", "c.7dup", "W3Lfs*9", "frameshift_variant"),
    "frameshift without a stop": (coding(7), 1, "", "c.7del", "W3Gfs*?", "frameshift_variant"),
    "in-frame deletion in a repeat": (coding(10), 3, "", "c.12_14del", "A6del", "inframe_deletion"),
    "codon inserted": (coding(7), 0, "GAC", "c.6_7insGAC", "K2_W3insD", "inframe_insertion"),
    "codon doubled": (coding(7), 0, "AAA", "c.4_6dup", "K2dup", "inframe_insertion"),
    "stop inserted": (coding(7), 0, "GACTAA", "c.6_7insGACTAA", "K2_W3insD*", "stop_gained"),
    "stop within two changed codons": (
        coding(7), 6, "TGCTGA", "c.9_12delinsCTGA", "W3_A4delinsC*", "stop_gained",
    ),
    "donor": (coding(20) + 1, 1, "A", "c.20+1G>A", "", "splice_donor_variant"),
    "acceptor": (coding(21) - 1, 1, "C", "c.21-1G>C", "", "splice_acceptor_variant"),
    "splice region": (
        coding(20) + 5, 1, "C", "c.20+5G>C", "", "splice_region_variant&intron_variant",
    ),
    "deep in the intron": (coding(20) + 15, 1, "A", "c.20+15T>A", "", "intron_variant"),
    "5' UTR": (coding(1) - 4, 1, "A", "c.-4G>A", "", "5_prime_UTR_variant"),
    "3' UTR": (coding(45) + 3, 1, "T", "c.*3C>T", "", "3_prime_UTR_variant"),
    "UTR and start": (coding(1) - 3, 5, "", "c.-3_2del", "M1?", "start_lost"),
    "stop and UTR": (coding(44), 4, "", "c.44_*2del", "*15Sext*?", "stop_lost"),
    "start codon made anew": (coding(3), 0, "CCAT", "c.2_3insCCAT", "", "5_prime_UTR_variant"),
    "before the start codon": (coding(1), 0, "G", "c.-1_1insG", "", "5_prime_UTR_variant"),
    "stop codon made anew": (
        coding(44), 3, "GA", "c.44_*1delinsGA", "*15=", "synonymous_variant",
    ),
    "last residues lost": (
        coding(37), 6, "", "c.37_42del", "K13_R14del", "inframe_deletion&splice_region_variant",
    ),
    "residue before the stop": (
        coding(43), 0, "TGG", "c.43_44insGGT", "R14_*15insW", "inframe_insertion",
    ),
    "frameshift at the end of an exon": (
        coding(20) + 1, 0, "CT", "c.19_20dup", "Q8Sfs*?",
        "frameshift_variant&splice_region_variant",
    ),
    "codon at the start of an exon": (
        coding(21), 0, "TGG", "c.21-1_21insTGG", "L7_Q8insG",
        "inframe_insertion&splice_region_variant",
    ),
    "exon edge": (
        coding(18), 6, "", "c.19_20+4del", "", "splice_donor_variant&coding_sequence_variant",
    ),
    "whole exon": (
        coding(21) - 5, 26, "", "c.21-4_36+6del", "",
        "splice_acceptor_variant&splice_donor_variant&coding_sequence_variant",
    ),
}  # fmt: skip


@pytest.mark.parametrize("strand", ["+", "-"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_changes_are_named_as_hgvs_asks(name: str, strand: str) -> None:
    place, deleted, inserted, hgvs_c, protein, consequence = EXAMPLES[name]
    found = annotate(place, deleted, inserted, strand)
    assert (found.hgvs_c, found.protein_change, found.consequence) == (hgvs_c, protein, consequence)


def test_three_letter_names_go_with_the_one_letter_ones() -> None:
    assert annotate(coding(4), 1, "G").hgvs_p == "p.Lys2Glu"
    assert annotate(coding(7), 0, "T").hgvs_p == "p.Trp3LeufsTer9"
    assert annotate(coding(43), 1, "C").hgvs_p == "p.Ter15GlnextTer3"


def test_a_change_outside_genes_is_intergenic() -> None:
    assert annotate(2, 1, "C") == Annotation()


def test_without_a_whole_reading_frame_no_protein_change_is_named() -> None:
    cut = transcript(EXONS, (*CDS[:2], (_C3, _C3 + 6)))

    def fetch(chrom: str, start: int, end: int) -> str:
        return fetch_of("+", start, end)

    place = coding(9)
    found = Annotator([cut], fetch).annotate(Allele(CHROM, place, PLUS[place], "A"))
    assert (found.hgvs_c, found.hgvs_p) == ("c.9G>A", "")
    assert found.consequence == "coding_sequence_variant"


@given(place=st.integers(START, START + len(GENE) - 1))
def test_every_base_has_the_same_name_on_both_strands(place: int) -> None:
    plus, minus = CodingFrame.of(MODELS["+"]), CodingFrame.of(MODELS["-"])
    assert position_name(plus, place) == position_name(minus, len(PLUS) - 1 - place)


@given(position=st.integers(4, 41), deleted=st.integers(0, 6), inserted=st.text("ACGT", max_size=7))
def test_in_frame_or_not_agrees_with_the_changed_protein(
    position: int, deleted: int, inserted: str
) -> None:
    deleted = min(deleted, 43 - position)
    place = coding(position)
    spliced_at_once = coding(position + max(deleted, 1) - 1) - place == max(deleted, 1) - 1
    if not spliced_at_once or inserted == CODING[position - 1 : position - 1 + deleted]:
        return
    changed = CODING[: position - 1] + inserted + CODING[position - 1 + deleted :]
    product = translate(changed + UTR3).split("*")[0]
    found = annotate(place, deleted, inserted)
    if "splice" in found.consequence and not found.protein_change:
        return
    named = found.protein_change
    same = product == translate(CODING).split("*")[0]
    assert (named.endswith("=") or named == "") == same
    if "fs" in named:
        assert (len(inserted) - deleted) % 3 != 0
        residue, length = re.fullmatch(r"[A-Z*](\d+)[A-Z]fs\*(\d+|\?)", named).groups()  # type: ignore[union-attr]
        if length != "?":
            assert int(residue) + int(length) - 1 == len(product) + 1


# Real loci: residues of the references, and what the literature calls them.


class Loci:
    """Slices of GRCh38 at their true coordinates; N elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._slices: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for record in (folder / "aml_loci_GRCh38.fa").read_text().split(">")[1:]:
            head, _, body = record.partition("\n")
            match = re.match(r"(\S+):(\d+)-", head)
            assert match
            self._slices[match[1]].append((int(match[2]) - 1, body.replace("\n", "")))
        models = read_gene_models(folder / "aml_loci_GRCh38.gtf.gz")
        self.models = canonical_transcripts(models)
        self.annotator = Annotator(models, self.fetch)

    def fetch(self, chrom: str, start: int, end: int) -> str:
        for offset, bases in self._slices[chrom]:
            if offset <= start < offset + len(bases):
                return bases[start - offset : end - offset].ljust(end - start, "N")
        return "N" * (end - start)

    def insert(self, gene: str, after: int, inserted: str) -> Annotation:
        """Annotation of bases inserted behind a coding position."""
        model = self.models[gene]
        plus = model.strand == "+"
        position = model.genome_position(after) - (0 if plus else 1)
        base = self.fetch(model.chrom, position, position + 1)
        bases = inserted if plus else reverse_complement(inserted)
        allele = Allele(model.chrom, position, base, base + bases)
        return self.annotator.annotate(normalise(allele, self.fetch))

    def delete(self, gene: str, first: int, last: int) -> Annotation:
        """Annotation of the loss of coding bases `first` to `last`."""
        model = self.models[gene]
        start, end = sorted((model.genome_position(first), model.genome_position(last)))
        bases = self.fetch(model.chrom, start - 1, end + 1)
        return self.annotator.annotate(
            normalise(Allele(model.chrom, start - 1, bases, bases[0]), self.fetch)
        )

    def coding_bases(self, gene: str, first: int, last: int) -> str:
        return self.models[gene].coding_sequence(self.fetch)[first - 1 : last]

    def changes_to(self, gene: str, residue: int, to: str) -> Iterator[Annotation]:
        """Annotations of the SNVs that lead to an amino acid."""
        model = self.models[gene]
        codon = self.coding_bases(gene, 3 * residue - 2, 3 * residue)
        for i, position in enumerate(model.codon_positions(residue)):
            for base in "ACGT":
                if CODONS[codon[:i] + base + codon[i + 1 :]] == to:
                    yield self.annotator.annotate(snv(model, position, base, self))


def snv(model: Transcript, position: int, coding_base: str, loci: Loci) -> Allele:
    base = coding_base if model.strand == "+" else reverse_complement(coding_base)
    return Allele(model.chrom, position, loci.fetch(model.chrom, position, position + 1), base)


@pytest.fixture(scope="session")
def loci(real_data: Path) -> Loci:
    return Loci(real_data / "reference")


@pytest.mark.parametrize(
    ("gene", "residue", "to", "hgvs_c"),
    [
        ("FLT3", 835, "Y", "c.2503G>T"),
        ("IDH1", 132, "H", "c.395G>A"),
        ("IDH2", 140, "Q", "c.419G>A"),
        ("IDH2", 172, "K", "c.515G>A"),
        ("DNMT3A", 882, "H", "c.2645G>A"),
        ("NRAS", 12, "D", "c.35G>A"),
        ("KIT", 816, "V", "c.2447A>T"),
        ("TP53", 175, "H", "c.524G>A"),
        ("TP53", 213, "*", "c.637C>T"),
    ],
)
def test_known_mutations_have_their_published_names(
    loci: Loci, gene: str, residue: int, to: str, hgvs_c: str
) -> None:
    (found,) = loci.changes_to(gene, residue, to)
    assert found.hgvs_c == hgvs_c
    assert (
        found.protein_change == f"{loci.models[gene].protein(loci.fetch)[residue - 1]}{residue}{to}"
    )


@pytest.mark.parametrize(
    ("gene", "first", "last", "hgvs_c", "protein"),
    [
        ("ASXL1", 1900, 1922, "c.1900_1922del", "E635Rfs*15"),
        ("CEBPA", 247, 247, "c.247del", "Q83Sfs*77"),
        ("FLT3", 2508, 2510, "c.2508_2510del", "I836del"),
        ("TP53", 747, 747, "c.747del", "R249Sfs*96"),
    ],
)
def test_known_deletions_have_their_published_names(
    loci: Loci, gene: str, first: int, last: int, hgvs_c: str, protein: str
) -> None:
    found = loci.delete(gene, first, last)
    assert (found.hgvs_c, found.protein_change) == (hgvs_c, protein)


@pytest.mark.parametrize(
    ("gene", "after", "inserted", "hgvs_c", "protein"),
    [
        ("ASXL1", 1934, "G", "c.1934dup", "G646Wfs*12"),
        ("CEBPA", 68, "C", "c.68dup", "H24Afs*84"),
        ("CEBPA", 939, "AAG", "c.937_939dup", "K313dup"),
    ],
)
def test_known_insertions_have_their_published_names(
    loci: Loci, gene: str, after: int, inserted: str, hgvs_c: str, protein: str
) -> None:
    found = loci.insert(gene, after, inserted)
    assert (found.hgvs_c, found.protein_change) == (hgvs_c, protein)


def test_npm1_insertions_have_their_listed_names_and_protein_tails(
    loci: Loci, real_data: Path
) -> None:
    table = real_data / "reference" / "npm1_insertions_verified.tsv"
    with table.open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    coding_sequence = loci.models["NPM1"].coding_sequence(loci.fetch)
    spliced = loci.models["NPM1"].spliced_sequence(loci.fetch)
    tail = spliced[spliced.index(coding_sequence) + len(coding_sequence) :]
    for row in rows:
        places = [int(number) for number in re.findall(r"\d+", row["hgvs_c"])]
        after = places[1] if "dup" in row["hgvs_c"] else places[0]
        found = loci.insert("NPM1", after, row["inserted"])
        listed = (
            row["hgvs_c"].removesuffix(row["inserted"]) if "dup" in row["hgvs_c"] else row["hgvs_c"]
        )
        assert found.hgvs_c == listed
        changed = coding_sequence[:after] + row["inserted"] + coding_sequence[after:] + tail
        product = translate(changed).split("*")[0]
        assert product.endswith(row["mutant_protein_tail"])
        residue = int(re.findall(r"\d+", found.protein_change)[0])
        if found.consequence == "frameshift_variant":
            length = int(found.protein_change.rpartition("*")[2])
            assert residue + length - 1 == len(product) + 1
        else:
            assert (found.consequence, residue) == ("stop_gained", len(product) + 1)
    type_a = loci.insert("NPM1", 863, "TCTG")
    assert (type_a.hgvs_c, type_a.protein_change) == ("c.860_863dup", "W288Cfs*12")


def test_internal_tandem_duplications_are_named_dup(loci: Loci) -> None:
    protein = {(1775, 1795): "E598_Y599insFDFREYE", (1772, 1801): "D600_L601insHVDFREYEYD"}
    for (first, last), named in protein.items():
        found = loci.insert("FLT3", last, loci.coding_bases("FLT3", first, last))
        assert found.hgvs_c == f"c.{first}_{last}dup"
        assert found.consequence == "inframe_insertion"
        assert found.protein_change.startswith(named)


def test_the_name_is_that_of_the_three_prime_most_place() -> None:
    for strand in "+-":
        found = annotate(coding(4), 1, "", strand)
        assert found.hgvs_c == "c.6del"
