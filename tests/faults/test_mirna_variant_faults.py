"""Faults of the known variants of miRNAs (`mirna.variants`)."""

import gzip
from pathlib import Path

import pytest
from fault_files import Cohort

MATURE = "TGAGGTAGTAGGTTGTATAGTT"
HAIRPIN = f"GGGA{MATURE}TTAGGGTCACACCCACCACTGGGAGATAACTATACAATC"
READ = f"{MATURE}TGGAATTCTCGGGTGCCAAGG"
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def with_mirna(cohort) -> Cohort:
    """The sound cohort with a small-RNA library and known variants."""
    folder = Path(cohort.folder)
    (folder / "m.fa").write_text(f">hsa-let-7a-5p\n{MATURE}\n")
    (folder / "h.fa").write_text(f">hsa-let-7a-1\n{HAIRPIN}\n")
    with gzip.open(folder / "s.fq.gz", "wt") as reads:
        reads.writelines(f"@r{i}\n{READ}\n+\n{'I' * len(READ)}\n" for i in range(50))
    (folder / "v.vcf").write_text(f"{HEADER}hsa-let-7a-1\t13\trs9\tT\tC\t.\tPASS\t.\n")
    names = {"matures": "m.fa", "hairpins": "h.fa"}
    cohort.config["reference"] |= {name: str(folder / file) for name, file in names.items()}
    cohort.config["mirna"] = {"variants": str(folder / "v.vcf")}
    cohort.rows.append(
        {
            "patient": "P1",
            "timepoint": "relapse",
            "assay": "mirna",
            "fq1": str(folder / "s.fq.gz"),
        }
    )
    return cohort


def test_sound_variants_pass(with_mirna):
    with_mirna.check().is_sound()


def test_variants_of_another_build_stop_before_any_job(with_mirna):
    path = Path(with_mirna.folder) / "v.vcf"
    path.write_text(path.read_text().replace("T\tC", "G\tA"))
    with_mirna.check().stops("bases that are not those of the hairpins", "rs9: G,A, but T")


def test_variants_that_are_not_there_stop(with_mirna):
    with_mirna.config["mirna"]["variants"] = "no.vcf"
    with_mirna.check().stops("mirna.variants", "no.vcf")


def test_a_vcf_used_twice_is_looked_into_twice(with_mirna):
    """As known variants it is sound; as the calls of a DNA library it is not."""
    path = str(Path(with_mirna.folder) / "v.vcf")
    with_mirna.rows.append(
        {"patient": "P2", "timepoint": "diagnosis", "assay": "dna", "given": path}
    )
    with_mirna.check().stops("no contig of the file is in the genome")
