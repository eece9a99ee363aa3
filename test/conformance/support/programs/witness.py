"""witness.py FILE COMMAND [ARG...]: runs COMMAND and writes how it ended: code, signal, and whether it dumped core."""

import os
import signal
import sys

child = os.fork()
if child == 0:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])
status = os.waitpid(child, 0)[1]
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
with open(sys.argv[1], "w") as report:
    report.write(f"code {code}, signal {number}, core {os.WCOREDUMP(status)}")
