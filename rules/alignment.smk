# FASTQ -> aligned, duplicate-marked BAM with read groups; a given BAM or CRAM is checked to its last
# block, linked and indexed afresh. One job per DNA library (and per RNA library given as BAM).


rule align:
    input:
        reads=of_sample(plan.reads),
        reference=rules.prepare_reference.output.fasta,
        beside=[rules.prepare_reference.output.fai] if plan.root else [],
        bwa_index=rules.index_genome.output.index,
    output:
        alignment=f"{RESULTS}/{{patient}}/alignment/{{sample}}.bam",
        index=f"{RESULTS}/{{patient}}/alignment/{{sample}}.bam.bai",
    log:
        f"{LOGS}/{{patient}}/alignment/{{sample}}.log",
    benchmark:
        f"{BENCHMARKS}/{{patient}}/alignment/{{sample}}.tsv"
    conda:
        "../envs/alignment.yaml"
    threads: 4
    resources:
        mem_mb=growing(10000),
        runtime=growing(240),
    params:
        library=of_sample(plan.reads_json),
        settings=plan.settings_json("alignment"),
        source=source_digest("alignment", "inputs", "reference"),
    message:
        "{wildcards.patient}: aligning {wildcards.sample}"
    shell:
        "python -m amlresist align --patient {wildcards.patient:q} --libraries {params.library:q}"
        " --reference {input.reference:q} --threads {threads} --out {output.alignment:q}"
        " --settings {params.settings:q} >{log:q} 2>&1"


use rule align as adopt_cram with:
    output:
        alignment=f"{RESULTS}/{{patient}}/alignment/{{sample}}.cram",
        index=f"{RESULTS}/{{patient}}/alignment/{{sample}}.cram.crai",
