"""Small facts about nucleotide sequences that every station shares."""

from itertools import product

_COMPLEMENT = str.maketrans("ACGTUNRYSWKMBDHVacgtunryswkmbdhv", "TGCAANYRSWMKVHDBtgcaanyrswmkvhdb")
_BASES = "TCAG"
_AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"  # NCBI table 1
CODONS = {
    "".join(codon): amino_acid
    for codon, amino_acid in zip(product(_BASES, repeat=3), _AMINO_ACIDS, strict=True)
}
THREE_LETTER = dict(
    zip(
        "ACDEFGHIKLMNPQRSTVWY*X",
        [
            "Ala",
            "Cys",
            "Asp",
            "Glu",
            "Phe",
            "Gly",
            "His",
            "Ile",
            "Lys",
            "Leu",
            "Met",
            "Asn",
            "Pro",
            "Gln",
            "Arg",
            "Ser",
            "Thr",
            "Val",
            "Trp",
            "Tyr",
            "Ter",
            "Xaa",
        ],
        strict=True,
    )
)


def reverse_complement(sequence: str) -> str:
    """Reverse complement; IUPAC codes and case are kept, U reads as T's partner."""
    return sequence.translate(_COMPLEMENT)[::-1]


def translate(cds: str) -> str:
    """Protein of a coding sequence read from its first base; `*` stop, `X` unknown codon.

    A last incomplete codon is ignored.
    """
    cds = cds.upper().replace("U", "T")
    return "".join(CODONS.get(cds[i : i + 3], "X") for i in range(0, len(cds) - 2, 3))
