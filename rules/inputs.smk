# Check everything that can be checked before any heavy job; report all problems at once.


rule check_inputs:
    input:
        given=plan.files_given(),
        sheets=plan.sheets(),
    output:
        problems=f"{RESULTS}/inputs/problems.tsv",
        digests=f"{RESULTS}/inputs/inputs.json",
    log:
        f"{LOGS}/inputs/check.log",
    benchmark:
        f"{BENCHMARKS}/inputs/check.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        config=plan.config_json(),
        out_dir=f"{RESULTS}/inputs",
        source=source_digest("inputs", "sheet", "plan"),
    message:
        "Checking sheets, settings and every input file"
    shell:
        "python -m amlresist check --config-json {params.config:q} --out-dir {params.out_dir:q} >{log:q} 2>&1"
