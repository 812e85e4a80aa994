# Coverage, identity of the patient and contamination, from all DNA alignments of a patient at once.


rule alignment_qc:
    input:
        libraries=of_patient(plan.files_of, "alignment_qc"),
        reference=rules.prepare_reference.output.fasta,
        beside=of_patient(plan.indexes_in_storage, "alignment_qc") if plan.root else [],
        gene_models=rules.prepare_reference.output.gene_models,
    output:
        table=f"{RESULTS}/{{patient}}/alignment_qc/alignment_qc.tsv",
        coverage=f"{RESULTS}/{{patient}}/alignment_qc/gene_coverage.tsv",
        identity=f"{RESULTS}/{{patient}}/alignment_qc/pair_identity.tsv",
        genotypes=f"{RESULTS}/{{patient}}/alignment_qc/genotypes.tsv",
    log:
        f"{LOGS}/{{patient}}/alignment_qc.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/alignment_qc.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(120),
    params:
        libraries=of_patient(plan.inputs_json, "alignment_qc"),
        settings=plan.settings_json("alignment_qc"),
        facts=of_patient(plan.facts_json),
        out_dir=folder_of("table"),
        source=source_digest("alignment_qc", "inputs", "reference"),
    message:
        "{wildcards.patient}: coverage and identity"
    shell:
        "python -m amlresist alignment-qc --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --reference {input.reference:q} --gene-models {input.gene_models:q} --facts {params.facts:q}"
        " --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
