"""What the simulated panel captures."""

from amlresist.simulate.genome import Genome

_FLANK = 10  # intronic bases beside a captured exon, bp


def panel_targets(genome: Genome) -> list[tuple[str, int, int]]:
    """(gene, start, end) of every captured exon, 0-based half-open, in genome order."""
    targets = []
    for gene, locus in genome.loci.items():
        parts = (
            locus.coding_parts
            if "cds" in locus.plan.targets
            else sorted({locus.exon_of_residue(int(residue)) for residue in locus.plan.targets})
        )
        places = (genome.to_genome(gene, start - _FLANK, end + _FLANK) for start, end in parts)
        targets += [(gene, start, end) for start, end in sorted(places)]
    return targets


def targets_bed(genome: Genome) -> str:
    """The captured exons as BED text."""
    rows = (
        f"{genome.loci[gene].plan.chrom}\t{start}\t{end}\t{gene}\n"
        for gene, start, end in panel_targets(genome)
    )
    return "".join(rows)
