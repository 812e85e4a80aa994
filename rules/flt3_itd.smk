# FLT3-ITD clones, their allelic ratio, and each clone followed over the time points.


rule flt3_itd:
    input:
        libraries=of_patient(plan.files_of, "flt3_itd"),
        reference=rules.prepare_reference.output.fasta,
        beside=of_patient(plan.indexes_in_storage, "flt3_itd") if plan.root else [],
        gene_models=rules.prepare_reference.output.gene_models,
    output:
        libraries=f"{RESULTS}/{{patient}}/flt3_itd/flt3_itd.tsv",
        clones=f"{RESULTS}/{{patient}}/flt3_itd/flt3_itd_clones.tsv",
        pairs=f"{RESULTS}/{{patient}}/flt3_itd/flt3_itd_pairs.tsv",
        vcf=f"{RESULTS}/{{patient}}/flt3_itd/flt3_itd.vcf",
        twin=f"{RESULTS}/{{patient}}/flt3_itd/flt3_itd.json",
    log:
        f"{LOGS}/{{patient}}/flt3_itd.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/flt3_itd.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        libraries=of_patient(plan.inputs_json, "flt3_itd"),
        settings=plan.settings_json("flt3_itd"),
        facts=of_patient(plan.facts_json),
        out_dir=folder_of("libraries"),
        source=source_digest("flt3_itd"),
    message:
        "{wildcards.patient}: looking for FLT3-ITD and its allelic ratio"
    shell:
        "python -m amlresist flt3-itd --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --facts {params.facts:q} --reference {input.reference:q} --gene-models {input.gene_models:q}"
        " --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
