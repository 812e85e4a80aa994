# RNA reads or a given matrix -> gene expression -> pathway scores -> their change within the pair.


rule quantify_transcripts:
    input:
        reads=of_sample(plan.reads),
        index=rules.index_transcripts.output.index,
    output:
        quantification=f"{RESULTS}/{{patient}}/expression/{{sample}}/quant.sf",
    log:
        f"{LOGS}/{{patient}}/expression/{{sample}}.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/expression/{{sample}}.tsv"
    conda:
        "../envs/expression.yaml"
    # More threads make the estimates differ in the last digits from run to run.
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        reads=of_sample(plan.salmon_reads),
        out_dir=folder_of("quantification"),
    message:
        "{wildcards.patient}: quantifying transcripts of {wildcards.sample}"
    shell:
        "salmon quant --index {input.index:q} --libType A {params.reads} --validateMappings"
        " --threads {threads} --output {params.out_dir:q} >{log:q} 2>&1"


rule expression:
    input:
        libraries=of_patient(plan.files_of, "expression"),
        gene_models=rules.prepare_reference.output.gene_models,
        reference=rules.prepare_reference.output.fasta,
        gene_sets=plan.own_gene_sets(),
    output:
        expression=f"{RESULTS}/{{patient}}/expression/expression.tsv",
        change=f"{RESULTS}/{{patient}}/expression/expression_change.tsv",
        pathways=f"{RESULTS}/{{patient}}/expression/pathways.tsv",
        qc=f"{RESULTS}/{{patient}}/expression/expression_qc.tsv",
        unmapped=f"{RESULTS}/{{patient}}/expression/expression_unmapped.tsv",
    log:
        f"{LOGS}/{{patient}}/expression.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/expression.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        libraries=of_patient(plan.inputs_json, "expression"),
        settings=plan.settings_json("expression"),
        facts=of_patient(plan.facts_json),
        out_dir=folder_of("expression"),
        source=source_digest("expression", "inputs", "evidence", "multiple_testing"),
        gene_sets=resource_digest("gene_sets"),
        knowledge=resource_digest("knowledge"),
    message:
        "{wildcards.patient}: gene expression and pathway scores"
    shell:
        "python -m amlresist expression --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --gene-models {input.gene_models:q} --reference {input.reference:q} --facts {params.facts:q}"
        " --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
