# Candidates over all time points -> fragments counted at every time point -> one class per variant.


rule candidates:
    input:
        libraries=of_patient(plan.files_of, "candidates"),
        reference=rules.prepare_reference.output.fasta,
        gene_models=rules.prepare_reference.output.gene_models,
    output:
        candidates=f"{RESULTS}/{{patient}}/variants/candidates.vcf.gz",
    log:
        f"{LOGS}/{{patient}}/candidates.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/candidates.tsv"
    conda:
        "../envs/variants.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        libraries=of_patient(plan.inputs_json, "candidates"),
        settings=plan.settings_json("variants"),
        source=source_digest("variants"),
    message:
        "{wildcards.patient}: looking for candidate variants at all time points"
    shell:
        "python -m amlresist candidates --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --reference {input.reference:q} --gene-models {input.gene_models:q}"
        " --out {output.candidates:q} --settings {params.settings:q} >{log:q} 2>&1"


rule variants:
    input:
        libraries=of_patient(plan.files_of, "variants"),
        candidates=of_patient(plan.candidates),
        reference=rules.prepare_reference.output.fasta,
        gene_models=rules.prepare_reference.output.gene_models,
    output:
        table=f"{RESULTS}/{{patient}}/variants/variants.tsv",
        counts=f"{RESULTS}/{{patient}}/variants/allele_counts.tsv",
        summary=f"{RESULTS}/{{patient}}/variants/variant_summary.tsv",
        clones=f"{RESULTS}/{{patient}}/variants/clones.tsv",
        hotspots=f"{RESULTS}/{{patient}}/variants/hotspots.tsv",
        points=f"{RESULTS}/{{patient}}/variants/vaf_points.tsv",
        vcf=f"{RESULTS}/{{patient}}/variants/variants.vcf.gz",
        maf=f"{RESULTS}/{{patient}}/variants/variants.maf",
    log:
        f"{LOGS}/{{patient}}/variants.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/variants.tsv"
    conda:
        "../envs/variants.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        libraries=of_patient(plan.inputs_json, "variants"),
        settings=plan.settings_json("variants"),
        candidates=of_patient(plan.candidates_option),
        facts=of_patient(plan.facts_json),
        out_dir=folder_of("table"),
        source=source_digest("variants"),
    message:
        "{wildcards.patient}: counting fragments and classifying variants"
    shell:
        "python -m amlresist compare --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --facts {params.facts:q} {params.candidates} --reference {input.reference:q}"
        " --gene-models {input.gene_models:q} --out-dir {params.out_dir:q}"
        " --settings {params.settings:q} >{log:q} 2>&1"
