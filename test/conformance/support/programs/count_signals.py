"""count_signals.py FILE: writes a line to FILE for each signal delivered; says `ready`; answers each line of input; ends with its input."""

import os
import signal
import sys

log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
for number in (1, 2, 3, 10, 12, 14, 15, 18, 28):
    signal.signal(number, lambda seen, _: os.write(log, signal.Signals(seen).name.encode() + b"\n"))
os.write(1, b"ready\n")
while os.read(0, 4096):
    os.write(1, b"answer\n")
