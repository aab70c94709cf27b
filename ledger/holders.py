"""持有者: which process holds a notice, and whether it still lives.

A process is told apart from every other by its host, the boot of that host, its process
namespace (containers may share the name of their host) and the instant it was started.
"""

import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def holder() -> str:
    """This process, as a lease names it: "host/boot.namespace/pid.start"."""
    return f"{_here()}/{os.getpid()}.{_started(os.getpid())}"


def dead(name: str) -> bool:
    """Whether that process surely lives no more.

    Only of a process that this one could see is anything known; for all others the lease runs out.
    """
    house, _, process = name.rpartition("/")
    pid, _, start = process.partition(".")
    if house != _here() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    # Its number may have been given to another since.
    return start != _started(int(pid))


@cache
def _here() -> str:
    boot = _read(_PROC / "sys/kernel/random/boot_id")[:8]
    try:
        namespace = str((_PROC / "self/ns/pid").readlink()).strip("pid:[]")
    except OSError:  # no Linux: there are no namespaces
        namespace = ""
    return f"{socket.gethostname()[:60]}/{boot}.{namespace}"


def _started(pid: int) -> str:
    """When the process was started, in ticks since the boot; "" where nobody can tell.

    What was killed and still waits for its parent to take notice ("Z") is nobody any more.
    """
    # The name of the program comes second, in brackets, and may hold anything.
    _, _, rest = _read(_PROC / str(pid) / "stat").rpartition(")")
    fields = rest.split()
    if len(fields) < 20:
        return ""
    return "over" if fields[0] in ("Z", "X") else fields[19]


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii", errors="replace").strip()
    except OSError:
        return ""
