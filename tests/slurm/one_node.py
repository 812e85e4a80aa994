"""A Slurm of one node on the loopback address, all it writes in one folder.

Needs Debian's packages slurm-wlm and munge, and root; no systemd, no cgroups, no database.
"""

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CONTROLLER_PORT, NODE_PORT = 26817, 26818
DAEMONS = ("slurmd", "slurmctld", "munged")  # in the order they are stopped
CONFIGURATION = """\
ClusterName=onenode
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
# Memory is watched by looking once a second: a job over its limit is killed.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
MinJobAge=900
KillWait=2
ReturnToService=2
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName=localhost NodeAddr=127.0.0.1 NodeHostname=localhost CPUs={cpus} RealMemory={memory}
PartitionName=main Nodes=localhost Default=YES State=UP DefMemPerCPU=500
"""
# The plugin clears SLURM_* for the steps it starts, and with it the place of the configuration.
SRUN = '#!/bin/sh\nexport SLURM_CONF={folder}/slurm.conf\nexec /usr/bin/srun "$@"\n'


@contextmanager
def one_node(folder: Path) -> Iterator[dict[str, str]]:
    """Run the daemons; yields the environment in which commands reach them."""
    environment = _write_files(folder)
    try:
        _start(folder, environment)
        yield environment
    finally:
        subprocess.run(["scancel", "--user=root"], env=environment, check=False)
        for daemon in DAEMONS:
            _stop(folder / f"{daemon}.pid")


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it does not in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.2)


def _write_files(folder: Path) -> dict[str, str]:
    for name in ("munge", "state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o711)
    key = folder / "munge/key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    text = CONFIGURATION.format(
        folder=folder,
        controller_port=CONTROLLER_PORT,
        node_port=NODE_PORT,
        cpus=os.cpu_count(),
        memory=int(pages * 0.9) >> 20,
    )
    (folder / "slurm.conf").write_text(text)
    wrapper = folder / "bin/srun"
    wrapper.write_text(SRUN.format(folder=folder))
    wrapper.chmod(0o755)
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"], "/usr/sbin"])
    return {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}


def _start(folder: Path, environment: dict[str, str]) -> None:
    munge = ["munged", "--force", f"--key-file={folder}/munge/key"]
    munge += [f"--socket={folder}/munge/socket", f"--seed-file={folder}/munge/seed"]
    munge += [f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log"]
    subprocess.run(munge, env=environment, check=True)
    subprocess.run(["slurmctld", "-f", f"{folder}/slurm.conf"], env=environment, check=True)
    wait_for(lambda: _works("scontrol ping", environment), 30, f"{folder}/slurmctld.log")
    node = ["slurmd", "-f", f"{folder}/slurm.conf", "-N", "localhost"]
    subprocess.run(node, env=environment, check=True)
    wait_for(lambda: _works("sinfo -h | grep -q idle", environment), 60, f"{folder}/slurmd.log")


def _works(command: str, environment: dict[str, str]) -> bool:
    done = subprocess.run(command, shell=True, env=environment, check=False, capture_output=True)
    return done.returncode == 0


def _stop(pid_file: Path) -> None:
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    try:
        os.kill(pid, 15)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 15, f"{pid_file.stem} to end")
    except ProcessLookupError:
        pass
    except TimeoutError:
        os.kill(pid, 9)
