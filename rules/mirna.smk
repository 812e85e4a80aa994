# Small-RNA reads (or a given count matrix) -> miRNA counts, isomiRs and their change within the pair.


rule mirna:
    input:
        libraries=of_patient(plan.files_of, "mirna"),
        matures=plan.settings["reference"]["matures"] or [],
        hairpins=plan.settings["reference"]["hairpins"] or [],
        gff3=plan.settings["reference"]["gff3"] or [],
        variants=plan.settings["mirna"]["variants"] or [],
    output:
        counts=f"{RESULTS}/{{patient}}/mirna/mirna_counts.tsv",
        change=f"{RESULTS}/{{patient}}/mirna/mirna_change.tsv",
        qc=f"{RESULTS}/{{patient}}/mirna/mirna_qc.tsv",
        hairpins=f"{RESULTS}/{{patient}}/mirna/mirna_hairpins.tsv",
        lengths=f"{RESULTS}/{{patient}}/mirna/mirna_lengths.tsv",
        alleles=f"{RESULTS}/{{patient}}/mirna/mirna_alleles.tsv",
    log:
        f"{LOGS}/{{patient}}/mirna.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/mirna.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        libraries=of_patient(plan.inputs_json, "mirna"),
        settings=plan.settings_json("mirna"),
        out_dir=folder_of("counts"),
        source=source_digest("mirna"),
    message:
        "{wildcards.patient}: counting miRNAs and their change"
    shell:
        "python -m amlresist mirna --patient {wildcards.patient:q} --libraries {params.libraries:q}"
        " --matures {input.matures:q} --hairpins {input.hairpins:q} --gff3={input.gff3:q}"
        " --out-dir {params.out_dir:q} --settings {params.settings:q} >{log:q} 2>&1"
