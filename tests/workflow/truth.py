"""Holds the results of a run against the truth of the simulated cohort."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from amlresist.evidence.records import Evidence
from amlresist.expression.records import PathwayChange
from amlresist.flt3_itd.records import ItdPair
from amlresist.mirna.records import MirnaChange, MirnaCount
from amlresist.simulate.records import TrueEvidence, TrueItd, TrueMirna, TruePathway, TrueVariant
from amlresist.tables import read_table
from amlresist.variants.records import VariantChange

SOMATIC = {"acquired", "lost", "expanding", "contracting", "stable"}


@dataclass
class Tally:
    """Per expected class: what the run said of each planted event."""

    right: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    not_evaluable: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unplanted: list[str] = field(default_factory=list)

    def add(self, expected: str, said: str | None, name: str) -> None:
        self.planted[expected] += 1
        if said is None:
            self.missing.append(f"{name}: expected {expected}")
        elif said == expected:
            self.right[expected] += 1
        elif said == "not_evaluable":
            self.not_evaluable.append(f"{name}: expected {expected}")
        else:
            self.wrong.append(f"{name}: expected {expected}, found {said}")

    def text(self) -> str:
        lines = [
            f"{name:15} recall {self.right[name]}/{count}" for name, count in self.planted.items()
        ]
        for what in ("wrong", "not_evaluable", "missing", "unplanted"):
            found = getattr(self, what)
            lines.append(f"{what:15} {len(found)}")
            lines += [f"    {name}" for name in found]
        return "\n".join(lines)


def _key(row: VariantChange | TrueVariant) -> tuple[str, str, int, str, str]:
    return row.comparison, row.chrom, row.pos, row.ref, row.alt


def variants(demo: Path) -> Tally:
    """Every planted variant against its label; ITDs have their own station."""
    tally = Tally()
    truth = read_table(demo / "truth/variants.tsv", TrueVariant)
    itds = {(t.chrom, t.pos) for t in read_table(demo / "truth/flt3_itd.tsv", TrueItd)}
    for patient in sorted({t.patient for t in truth}):
        planted = {
            _key(t): t for t in truth if t.patient == patient and (t.chrom, t.pos) not in itds
        }
        rows = read_table(demo / f"results/{patient}/variants/variants.tsv", VariantChange)
        found = {_key(row): row.variant_class.value for row in rows}
        for key, event in planted.items():
            said = found.get(key)
            expected = event.expected_class
            # Where the depth does not suffice, both the truth and "cannot be told" are right.
            if not event.evaluable and said != expected:
                expected = "not_evaluable"
            tally.add(expected, said, f"{patient} {event.gene} {event.protein_change}")
        tally.unplanted += [
            f"{patient} {row.comparison} {row.gene} {row.chrom}:{row.pos} {row.ref}>{row.alt}"
            f" {row.variant_class} VAF {row.before_vaf:.3f} > {row.after_vaf:.3f}"
            for row in rows
            if row.variant_class in SOMATIC
            and _key(row) not in planted
            and (row.chrom, row.pos) not in itds
        ]
    return tally


def itds(demo: Path) -> Tally:
    """Every planted FLT3-ITD clone against its change."""
    tally = Tally()
    truth = read_table(demo / "truth/flt3_itd.tsv", TrueItd)
    folders = sorted((demo / "results").glob("*/flt3_itd"))
    planted = {(t.patient, t.comparison, t.hgvs_c) for t in truth}
    found = {
        (row.patient, row.comparison, row.hgvs_c): row.change.value
        for folder in folders
        for row in read_table(folder / "flt3_itd_pairs.tsv", ItdPair)
        if row.assay == "dna"
    }
    for event in truth:
        if event.evaluable:
            key = event.patient, event.comparison, event.hgvs_c
            tally.add(event.expected_change, found.get(key), f"{event.patient} {event.clone}")
    tally.unplanted += [str(key) for key in found if key not in planted]
    return tally


def pathways(demo: Path) -> Tally:
    """Every planted pathway shift against its direction (singscore)."""
    tally = Tally()
    for event in read_table(demo / "truth/pathways.tsv", TruePathway):
        table = demo / f"results/{event.patient}/expression/pathways.tsv"
        said = {
            row.pathway: row.direction
            for row in read_table(table, PathwayChange)
            if row.method == "singscore" and row.comparison == event.comparison
        }
        name = f"{event.patient} {event.pathway}"
        tally.add(event.direction, said.get(event.pathway), name)
    return tally


def mirna_changes(demo: Path) -> Tally:
    """Planted fourfold and larger changes of well-counted miRNAs against their direction."""
    tally = Tally()
    truth = read_table(demo / "truth/mirna.tsv", TrueMirna)
    planted = {
        (t.patient, t.mirna): t.direction
        for t in truth
        if t.timepoint == "relapse" and abs(t.planted_log2) >= 2 and t.reads >= 20
    }
    for patient in sorted({patient for patient, _ in planted}):
        table = demo / f"results/{patient}/mirna/mirna_change.tsv"
        said = {
            name: row.direction
            for row in read_table(table, MirnaChange)
            for name in row.mirna.split("/")
        }
        for (whose, mirna), direction in planted.items():
            if whose == patient:
                tally.add(direction, said.get(mirna), f"{patient} {mirna}")
    return tally


def mirna_errors(demo: Path) -> dict[str, float]:
    """(sample, miRNA) with at least 100 true reads -> relative error of the count."""
    true_reads: Counter[tuple[str, str]] = Counter()
    for row in read_table(demo / "truth/mirna.tsv", TrueMirna):
        true_reads[row.sample, row.mirna] += row.reads
    errors = {}
    for table in sorted((demo / "results").glob("*/mirna/mirna_counts.tsv")):
        for row in read_table(table, MirnaCount):
            truth = sum(true_reads[row.sample, name] for name in row.mirna.split("/"))
            if truth >= 100:
                errors[f"{row.sample} {row.mirna}"] = abs(row.count - truth) / truth
    return errors


def evidence(demo: Path) -> Tally:
    """Every claim with a planted answer against its status in the first comparison."""
    tally = Tally()
    for event in read_table(demo / "truth/evidence.tsv", TrueEvidence):
        table = demo / f"results/{event.patient}/evidence/evidence.tsv"
        said: dict[str, str] = {}
        for row in read_table(table, Evidence):
            said.setdefault(row.claim, row.status.value)
        name = f"{event.patient} {event.claim} ({event.reason})"
        tally.add(event.status, said.get(event.claim), name)
    return tally
