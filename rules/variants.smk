# Candidates over all time points -> fragments counted at every time point -> one class per variant.


rule variants:
    input:
        libraries=of_patient(plan.files_of, "variants"),
        reference=rules.prepare_reference.output.fasta,
        beside=of_patient(plan.indexes_in_storage, "variants") if plan.root else [],
        gene_models=rules.prepare_reference.output.gene_models,
    output:
        candidates=f"{RESULTS}/{{patient}}/variants/candidates.vcf.gz",
        table=f"{RESULTS}/{{patient}}/variants/variants.tsv",
        counts=f"{RESULTS}/{{patient}}/variants/allele_counts.tsv",
        summary=f"{RESULTS}/{{patient}}/variants/variant_summary.tsv",
        clones=f"{RESULTS}/{{patient}}/variants/clones.tsv",
        hotspots=f"{RESULTS}/{{patient}}/variants/hotspots.tsv",
        points=f"{RESULTS}/{{patient}}/variants/vaf_points.tsv",
        vcf=f"{RESULTS}/{{patient}}/variants/variants.vcf.gz",
        vcf_index=f"{RESULTS}/{{patient}}/variants/variants.vcf.gz.tbi",
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
        runtime=growing(480),
    params:
        libraries=of_patient(plan.inputs_json, "variants"),
        settings=plan.settings_json("variants"),
        facts=of_patient(plan.facts_json),
        out_dir=folder_of("table"),
        source=source_digest("variants", "compare"),
    message:
        "{wildcards.patient}: finding, counting and classifying variants"
    shell:
        "python -m amlresist compare --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --facts {params.facts:q} --reference {input.reference:q}"
        " --gene-models {input.gene_models:q} --out-dir {params.out_dir:q}"
        " --settings {params.settings:q} >{log:q} 2>&1"
