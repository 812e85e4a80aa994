# The cohort's findings in the formats of other programs: MAF, cBioPortal study, Phenopackets.


rule exports:
    input:
        evidence=plan.paths("evidence", "evidence.tsv"),
        others=plan.tables_in_storage(*plan.patients),
        provenance=rules.provenance.output.versions,
        patient_sheet=[path for path in [plan.sheet_paths["patients"]] if path],
    output:
        maf=f"{RESULTS}/cohort/exports/cohort.maf",
        study=f"{RESULTS}/cohort/exports/cbioportal/meta_study.txt",
        mutations=f"{RESULTS}/cohort/exports/cbioportal/data_mutations.txt",
        phenopackets=expand(
            f"{RESULTS}/cohort/exports/phenopackets/{{patient}}.json",
            patient=plan.patients,
        ),
    log:
        f"{LOGS}/cohort/exports.log",
    benchmark:
        f"{BENCHMARKS}/cohort/exports.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        results=folder_of("maf", up=3),
        patients=plan.patients,
        out_dir=folder_of("maf"),
        settings=plan.settings_json("report"),
        source=source_digest("exports", "report/labels", "variants/export"),
    message:
        "Writing MAF, cBioPortal study and Phenopackets"
    shell:
        "python -m amlresist export --results {params.results:q} --patients {params.patients:q}"
        " --patient-sheet={input.patient_sheet:q} --provenance {input.provenance:q}"
        " --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
