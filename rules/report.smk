# Evidence -> a page per patient, cohort tables, a cohort page and MultiQC.


rule provenance:
    output:
        versions=f"{RESULTS}/provenance.json",
    log:
        f"{LOGS}/provenance.log",
    benchmark:
        f"{BENCHMARKS}/provenance.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        config=plan.config_json(),
        source=source_digest("provenance"),
    message:
        "Noting versions and settings"
    shell:
        "python -m amlresist provenance --config-json {params.config:q} --out {output.versions:q} >{log:q} 2>&1"


rule patient_page:
    input:
        evidence=rules.evidence.output.table,
        provenance=rules.provenance.output.versions,
        reads=of_patient(plan.files_of, "dna_reads"),
        reference=of_patient(plan.genome_for, "dna_reads"),
        beside=of_patient(plan.indexes_in_storage, "dna_reads") if plan.root else [],
        tables=of_patient(plan.tables_in_storage) if plan.root else [],
    output:
        page=f"{RESULTS}/{{patient}}/report/{{patient}}.html",
    log:
        f"{LOGS}/{{patient}}/report.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/report.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        tables=folder_of("page", up=2),
        facts=of_patient(plan.facts_json),
        libraries=of_patient(plan.inputs_json, "dna_reads"),
        settings=plan.settings_json("report"),
        counting=plan.settings_json("variants"),
        source=source_digest("report", "cohort", "evidence/records", "variants"),
    message:
        "{wildcards.patient}: writing the page"
    shell:
        "python -m amlresist report patient --patient {wildcards.patient:q} --results {params.tables:q}"
        " --facts {params.facts:q} --provenance {input.provenance:q} --out {output.page:q}"
        " --libraries {params.libraries:q} --reference={input.reference:q}"
        " --variants-settings {params.counting:q}"
        " --settings {params.settings:q} >{log:q} 2>&1"


rule cohort_tables:
    input:
        evidence=plan.paths("evidence", "evidence.tsv"),
        others=plan.tables_in_storage(*plan.patients),
    output:
        evidence=f"{RESULTS}/cohort/evidence.tsv",
        others=[f"{RESULTS}/cohort/{name}" for name in COHORT_TABLES],
    log:
        f"{LOGS}/cohort/tables.log",
    benchmark:
        f"{BENCHMARKS}/cohort/tables.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        results=folder_of("evidence", up=2),
        patients=plan.patients,
        out_dir=folder_of("evidence"),
        evidence_settings=plan.settings_json("evidence"),
        expression_settings=plan.settings_json("expression"),
        source=source_digest(
            "cohort", "evidence", "mirna", "expression", "flt3_itd", "alignment_qc"
        ),
    message:
        "Gathering the cohort tables"
    shell:
        "python -m amlresist cohort --results {params.results:q} --patients {params.patients:q}"
        " --out-dir {params.out_dir:q} --settings {params.evidence_settings:q}"
        " --expression-settings {params.expression_settings:q} >{log:q} 2>&1"


rule cohort_page:
    input:
        # The page links to the pages that are there, so it waits for all of them.
        pages=plan.paths("report", "{patient}.html"),
        tables=rules.cohort_tables.output,
        others=plan.tables_in_storage(*plan.patients),
        provenance=rules.provenance.output.versions,
    output:
        page=f"{RESULTS}/cohort/report.html",
    log:
        f"{LOGS}/cohort/report.log",
    benchmark:
        f"{BENCHMARKS}/cohort/report.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        results=folder_of("page", up=2),
        patients=plan.patients,
        settings=plan.settings_json("report"),
        source=source_digest("report", "cohort", "evidence/records"),
    message:
        "Writing the cohort page"
    shell:
        "python -m amlresist report cohort --results {params.results:q} --patients {params.patients:q}"
        " --provenance {input.provenance:q} --out {output.page:q} --settings {params.settings:q}"
        " >{log:q} 2>&1"


rule multiqc:
    input:
        tables=rules.cohort_tables.output.evidence,
        others=plan.tables_in_storage(*plan.patients),
    output:
        page=f"{RESULTS}/cohort/multiqc.html",
    log:
        f"{LOGS}/cohort/multiqc.log",
    benchmark:
        f"{BENCHMARKS}/cohort/multiqc.tsv"
    conda:
        "../envs/multiqc.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        results=folder_of("page", up=2),
        patients=plan.patients,
        content=folder_of("page", inside="multiqc_content"),
        benchmarks=BENCHMARKS,
        source=source_digest("report", "cohort", "evidence/records"),
    message:
        "Writing the MultiQC report"
    shell:
        "(python -m amlresist report multiqc --results {params.results:q} --patients {params.patients:q}"
        " --out-dir {params.content:q} --benchmarks {params.benchmarks:q} && multiqc --force --quiet --no-data-dir"
        " --config {params.content:q}/multiqc_config.yaml --filename {output.page:q}"
        " {params.content:q}) >{log:q} 2>&1"
