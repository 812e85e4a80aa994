"""Sample sheet, patient sheet and config of a simulated cohort."""

from collections.abc import Iterable
from pathlib import Path

from amlresist.files import write_text
from amlresist.sheet import OPTIONAL_COLUMNS, PATIENT_COLUMNS, REQUIRED_COLUMNS

SAMPLE_COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)

_CONFIG = """\
# The simulated cohort. Every setting left out takes its default; see config/config.yaml.
samples: {out}/config/samples.tsv
patients: {out}/config/patients.tsv
results: {out}/results

reference:
  name: simulated # a name for the report
  fasta: {out}/reference/genome.fa
  annotation: {out}/reference/genome.gtf
  matures: {out}/reference/mature.fa
  hairpins: {out}/reference/hairpin.fa
  gff3: {out}/reference/mirna.gff3
"""


def write_config(out: Path) -> None:
    """`config/config.yaml`, with paths as `out` is written."""
    write_text(out / "config" / "config.yaml", _CONFIG.format(out=out))


def write_samples(out: Path, rows: Iterable[dict[str, str]]) -> None:
    """`config/samples.tsv`."""
    write_text(out / "config" / "samples.tsv", _sheet(SAMPLE_COLUMNS, rows))


def write_patients(out: Path, rows: Iterable[dict[str, str]]) -> None:
    """`config/patients.tsv`."""
    write_text(out / "config" / "patients.tsv", _sheet(PATIENT_COLUMNS, rows))


def write_empty_cohort(out: Path, n_patients: int) -> None:
    """Sheets of `n_patients` pairs with all assays, and empty files: enough for a dry run."""
    for name in ("genome.fa", "genome.gtf", "mature.fa", "hairpin.fa", "mirna.gff3"):
        write_text(out / "reference" / name, "")
    samples: list[dict[str, str]] = []
    patients: list[dict[str, str]] = []
    for number in range(1, n_patients + 1):
        patient = f"P{number:04d}"
        for timepoint in ("diagnosis", "relapse"):
            stem = f"{out}/reads/{patient}_{timepoint}"
            facts = {"patient": patient, "timepoint": timepoint}
            for assay, capture in (("dna", "panel"), ("rna", "")):
                mates = {f"fq{mate}": f"{stem}_{assay}_{mate}.fastq.gz" for mate in (1, 2)}
                samples.append(facts | {"assay": assay, "capture": capture} | mates)
            samples.append(facts | {"assay": "mirna", "fq1": f"{stem}_mirna_1.fastq.gz"})
            patients.append(facts | {"blast_fraction": "0.8"})
    for row in samples:
        for name in ("fq1", "fq2"):
            if name in row:
                path = Path(row[name])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
    write_samples(out, samples)
    write_patients(out, patients)
    write_config(out)


def _sheet(columns: tuple[str, ...], rows: Iterable[dict[str, str]]) -> str:
    lines = ["\t".join(columns)]
    lines += ["\t".join(row.get(name, "") for name in columns) for row in rows]
    return "\n".join(lines) + "\n"
