# Genome and annotation: given by path or fetched by name, then indexed once for all stations.


rule download_reference:
    output:
        fasta=f"{RESULTS}/reference/download/genome.fa.gz",
        annotation=f"{RESULTS}/reference/download/annotation.gtf.gz",
    log:
        f"{LOGS}/reference/download.log",
    benchmark:
        f"{BENCHMARKS}/reference/download.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(240),
    params:
        name=plan.settings["reference"]["name"],
        base_url=plan.settings["reference"]["base_url"],
        out_dir=folder_of("fasta"),
    message:
        "Fetching {params.name}"
    shell:
        "python -m amlresist reference download --name {params.name:q} --base-url {params.base_url:q}"
        " --out-dir {params.out_dir:q} >{log:q} 2>&1"


rule prepare_reference:
    input:
        fasta=plan.settings["reference"]["fasta"]
        or rules.download_reference.output.fasta,
        annotation=plan.settings["reference"]["annotation"]
        or rules.download_reference.output.annotation,
    output:
        fasta=f"{RESULTS}/reference/genome.fa",
        fai=f"{RESULTS}/reference/genome.fa.fai",
        gene_models=f"{RESULTS}/reference/gene_models.tsv",
        transcripts=f"{RESULTS}/reference/transcripts.fa",
    log:
        f"{LOGS}/reference/prepare.log",
    benchmark:
        f"{BENCHMARKS}/reference/prepare.tsv"
    conda:
        "../envs/python.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        out_dir=folder_of("fasta"),
        source=source_digest("reference"),
    message:
        "Preparing genome and gene models"
    shell:
        "python -m amlresist reference prepare --fasta {input.fasta:q} --annotation {input.annotation:q}"
        " --out-dir {params.out_dir:q} >{log:q} 2>&1"


rule index_genome:
    input:
        fasta=rules.prepare_reference.output.fasta,
    output:
        index=multiext(
            f"{RESULTS}/reference/genome.fa", ".amb", ".ann", ".bwt", ".pac", ".sa"
        ),
    log:
        f"{LOGS}/reference/bwa_index.log",
    benchmark:
        f"{BENCHMARKS}/reference/bwa_index.tsv"
    conda:
        "../envs/alignment.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(180),
    message:
        "Indexing the genome for bwa"
    shell:
        "bwa index {input.fasta:q} >{log:q} 2>&1"


rule index_transcripts:
    input:
        transcripts=rules.prepare_reference.output.transcripts,
    output:
        index=directory(f"{RESULTS}/reference/salmon"),
    log:
        f"{LOGS}/reference/salmon_index.log",
    benchmark:
        f"{BENCHMARKS}/reference/salmon_index.tsv"
    conda:
        "../envs/expression.yaml"
    threads: 2
    resources:
        mem_mb=growing(16000),
        runtime=growing(60),
    message:
        "Indexing the transcripts for salmon"
    shell:
        "salmon index --threads {threads} --transcripts {input.transcripts:q} --index {output.index:q}"
        " >{log:q} 2>&1"
