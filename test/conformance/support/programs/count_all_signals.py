"""count_all_signals.py FILE: writes the number of each signal it gets to FILE, one per line; prints `ready`; ends with its input."""

import os
import signal
import sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(log, b"\n")
every = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
child = os.fork()
if child == 0:
    # It signals the end of input to the other process, which waits only for signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, every)
    while os.read(0, 4096):
        pass
    os._exit(0)
signal.pthread_sigmask(signal.SIG_BLOCK, every | {signal.SIGCHLD})
os.write(1, b"ready\n")
while (number := signal.sigwait(every | {signal.SIGCHLD})) != signal.SIGCHLD:
    os.write(log, b"%d\n" % number)
