"""Files that the settings name: read as their station will read them."""

from amlresist.inputs.findings import Finding, Findings

MOSTLY = 0.5  # share of a file's genes that are known by their names


def examine_gene_sets(path: str, *, is_network: bool) -> list[Finding]:
    """Whether gene sets (GMT) or a weighted network can be read and name human genes."""
    from amlresist.expression.gene_sets import read_gmt, read_network
    from amlresist.expression.genes import GeneNames, NameStatus

    findings = Findings(path)
    with findings.guarded():
        names = GeneNames()
        sets = (read_network if is_network else read_gmt)(path, names)
        genes = sorted({gene for gene_set in sets for gene in gene_set.genes})
        if not genes:
            findings.stop("has no gene set", "Give one set per line: name, description, genes.")
            return findings.all
        known = {NameStatus.KNOWN, NameStatus.ALIAS}
        unknown = [gene for gene in genes if names.resolve(gene).status not in known]
        if len(unknown) > MOSTLY * len(genes):
            findings.warn(
                f"{len(unknown)} of {len(genes)} genes are not known by these names",
                "Give HGNC symbols, Ensembl or Entrez ids of human genes.",
                value=", ".join(unknown[:5]),
            )
    return findings.all


def examine_reference_cohort(path: str, *, scale: str, minimum_samples: int) -> list[Finding]:
    """Whether a reference cohort is a matrix of enough samples on a known scale."""
    from amlresist.expression.genes import GeneNames
    from amlresist.expression.matrix import read_matrix
    from amlresist.expression.reference_cohort import prepare_cohort

    findings = Findings(path)
    with findings.guarded():
        prepare_cohort(
            read_matrix(path),
            GeneNames(),
            left_out=(),
            scale_setting=scale,
            minimum_samples=minimum_samples,
        )
    return findings.all


def examine_claims(path: str) -> list[Finding]:
    """Whether a table of own claims can be read."""
    from amlresist.evidence.knowledge import own_claims

    findings = Findings(path)
    with findings.guarded():
        own_claims([path])
    return findings.all


def examine_mirna_reference(
    matures: str, hairpins: str, gff3: str, species: str, max_unplaced_share: float
) -> list[Finding]:
    """Whether matures, hairpins and GFF3 are of the species and of one release."""
    from amlresist.mirna.reference import read_reference

    findings = Findings(matures)
    with findings.guarded():
        read_reference(matures, hairpins, species, max_unplaced_share, gff3)
    return findings.all


def examine_mirna_variants(
    path: str, matures: str, hairpins: str, gff3: str, species: str, max_unplaced_share: float
) -> list[Finding]:
    """Whether known variants lie in the hairpins and have their bases."""
    from amlresist.mirna.alleles import with_variants
    from amlresist.mirna.reference import read_reference
    from amlresist.mirna.variants import read_variants

    findings = Findings(path)
    with findings.guarded():
        reference = read_reference(matures, hairpins, species, max_unplaced_share, gff3)
        known = read_variants(path, reference.hairpins, gff3)
        sites = with_variants(reference, known, path).sites
        if not sites:
            findings.warn(
                f"none of its {known.records} variants lies in a miRNA",
                "Is it the right file? Without known variants leave mirna.variants empty.",
            )
        if known.unusable:
            findings.note(
                f"{known.unusable} records inside hairpins are no single-base variants",
                "They are not used: reads with an insertion or deletion are not assigned.",
            )
    return findings.all
