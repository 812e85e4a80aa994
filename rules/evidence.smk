# Every table of a patient against the claims: supported, contradicted, not observed, not assessed.


rule evidence:
    input:
        tables=of_patient(plan.station_files),
        own_claims=plan.settings["evidence"]["claims_tables"],
    output:
        table=f"{RESULTS}/{{patient}}/evidence/evidence.tsv",
        mechanisms=f"{RESULTS}/{{patient}}/evidence/mechanisms.tsv",
        beyond_review=f"{RESULTS}/{{patient}}/evidence/evidence_beyond_review.tsv",
        own_claims=f"{RESULTS}/{{patient}}/evidence/evidence_own_claims.tsv",
        flt3_npm1=f"{RESULTS}/{{patient}}/evidence/flt3_npm1.tsv",
        twin=f"{RESULTS}/{{patient}}/evidence/evidence.json",
    log:
        f"{LOGS}/{{patient}}/evidence.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/evidence.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        facts=of_patient(plan.facts_json),
        tables=folder_of("table", up=2),
        out_dir=folder_of("table"),
        settings=plan.settings_json("evidence"),
        source=source_digest("evidence", "variants/records", "flt3_itd/records"),
        knowledge=resource_digest("knowledge"),
    message:
        "{wildcards.patient}: weighing the evidence per mechanism"
    shell:
        "python -m amlresist evidence --patient {wildcards.patient:q} --results {params.tables:q}"
        " --facts {params.facts:q} --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
