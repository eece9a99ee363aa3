"""
daemonise.py FILE [WORD...]: starts a process in a separate session, two forks away, that ignores SIGTERM; writes its
id to FILE; stays. Each word gives that process
    cleared  an empty environment
    silent   /dev/null as its streams
    slow     a parent that lives for a second
"""

import os
import signal
import sys
import time

file, *words = sys.argv[1:]


def stay():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(file + ".new", "w") as report:
        report.write(str(os.getpid()))
    os.rename(file + ".new", file)
    time.sleep(60)
    os._exit(0)


if words == ["again"]:
    stay()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if "silent" in words:
            for fd in 0, 1, 2:
                os.dup2(os.open(os.devnull, os.O_RDWR), fd)
        if "cleared" in words:
            os.execve(sys.executable, [sys.executable, "-IS", __file__, file, "again"], {})
        stay()
    if "slow" in words:
        time.sleep(1)
    os._exit(0)
os.wait()
time.sleep(60)
