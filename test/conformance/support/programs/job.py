"""
job.py TARGET SIGNAL SECONDS COMMAND [ARG...]: acts like a shell with one job. Starts COMMAND in a separate group. Once
the hook has written its process id to the file `hook`, sends SIGNAL to the group or to the process (TARGET) and prints
how both stopped. After SECONDS it sends SIGCONT, prints whether both continue, and then how the job ended.
"""

import os
import signal
import sys
import time

target, name, seconds, *command = sys.argv[1:]
# Gives the group a parent in its session; otherwise the system would not stop it from a terminal.
try:
    os.setsid()
except PermissionError:
    pass  # It leads a session already.
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.execvp(command[0], command)
try:
    os.setpgid(job, job)
except OSError:
    pass


def until(what):
    end = time.monotonic() + 10
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def read(path):
    try:
        with open(path, encoding="latin-1") as file:
            return file.read()
    except OSError:
        return ""


def is_stopped(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()[0] == "T"


def send(number):
    os.kill(-job if target == "group" else job, number)


until(lambda: read("hook").endswith("\n"))
hook = int(read("hook"))
send(getattr(signal, name))
print("hook stopped", until(lambda: is_stopped(hook)))
pid, status = os.waitpid(job, os.WUNTRACED)
print("job stopped by", os.WSTOPSIG(status) if os.WIFSTOPPED(status) else f"nothing: {status}")
time.sleep(float(seconds))
send(signal.SIGCONT)
print("both go on", until(lambda: not is_stopped(hook) and not is_stopped(job)))
open("go", "w").close()
print("ended", os.waitpid(job, 0)[1])
