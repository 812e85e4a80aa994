"""A given result against the library it is for: read as its station will read it."""

from collections.abc import Sequence

from amlresist.inputs.findings import Finding, Findings
from amlresist.inputs.genome import Genome
from amlresist.inputs.maf import examine_maf
from amlresist.inputs.matrices import examine_table
from amlresist.inputs.vcf import examine_vcf
from amlresist.libraries import from_sheet
from amlresist.sheet import Assay, GivenKind, Library

FEWEST = 5  # variants of which some have a read
FIRST_LINES = 100_000


def examine_given(libraries: Sequence[Library], genome: Genome, build: str) -> list[Finding]:
    """Grammar and places of one file, then the rows of each of its libraries.

    Args:
        libraries: those for which the file is given.
        build: name of the genome's build.
    """
    first = libraries[0]
    findings = Findings(first.given)
    if first.given_kind is GivenKind.VCF:
        findings.all += examine_vcf(first.given, genome)
    elif first.given_kind is GivenKind.MAF:
        findings.all += examine_maf(first.given, genome, build)
    else:
        findings.all += examine_table(first.given, is_matrix=first.assay is not Assay.DNA)
    if not findings.stopped():
        for library in libraries:
            with findings.guarded():
                _read_rows(library, findings)
    return findings.all


def _read_rows(library: Library, findings: Findings) -> None:
    """Read the library's rows; an `InputError` says why that cannot be done."""
    if library.assay is Assay.DNA:
        _read_variants(library, findings)
    elif library.assay is Assay.MIRNA:
        from amlresist.mirna.matrix import read_sample

        read_sample(library.given, library.sample)
    else:
        _read_expression(library)


def _read_variants(library: Library, findings: Findings) -> None:
    from amlresist.variants.given import read_given

    # A VCF has been streamed; held in memory are its first records.
    limit = FIRST_LINES if library.given_kind is GivenKind.VCF else None
    table = read_given(library.given, library.patient, library.timepoint, library.sample, limit)
    counted = [variant.alt for variant in table.variants if variant.alt is not None]
    if len(counted) >= FEWEST and not any(counted):
        findings.warn(
            f"none of the {len(counted)} variants has a read in {library.sample}",
            "Are the columns of tumour and normal swapped?",
        )
    alleles = [variant.allele for variant in table.variants]
    repeated = len(alleles) - len(set(alleles))
    if repeated:
        findings.warn(
            "variants stand in the file more than once",
            "Keep one row of each, or their counts may be of either.",
            value=f"{repeated} rows of {library.sample}",
        )


def _read_expression(library: Library) -> None:
    from amlresist.expression.libraries import column_of
    from amlresist.expression.matrix import read_matrix
    from amlresist.expression.salmon import is_salmon_table

    if not is_salmon_table(library.given):
        name = column_of(from_sheet(library, [library.given], given=True), library.patient)
        read_matrix(library.given, [name])
