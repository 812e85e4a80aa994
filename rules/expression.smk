# RNA reads or a given matrix -> gene expression -> pathway scores -> their change within the pair.


rule quantify_transcripts:
    input:
        reads=of_patient(plan.files_of, "rna_reads"),
        index=rules.index_transcripts.output.index,
    output:
        quantifications=directory(f"{RESULTS}/{{patient}}/expression/salmon"),
    log:
        f"{LOGS}/{{patient}}/quantify_transcripts.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/quantify_transcripts.tsv"
    conda:
        "../envs/expression.yaml"
    # More threads make the estimates differ in the last digits from run to run.
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        libraries=of_patient(plan.inputs_json, "rna_reads"),
        source=source_digest(
            "quantify_transcripts",
            "expression/quantify",
            "alignment/pipeline",
            "inputs/fastq",
        ),
    message:
        "{wildcards.patient}: quantifying transcripts"
    shell:
        "python -m amlresist quantify-transcripts --patient {wildcards.patient:q}"
        " --libraries {params.libraries:q} --index {input.index:q} --out-dir {output.quantifications:q}"
        " >{log:q} 2>&1"


rule expression:
    input:
        libraries=of_patient(plan.expression_files),
        gene_models=rules.prepare_reference.output.gene_models,
        reference=rules.prepare_reference.output.fasta,
        beside=of_patient(plan.indexes_in_storage, "expression") if plan.root else [],
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
