"""conditions.py JSON COMMAND [ARG...]: puts this process into the state that the JSON describes, then becomes COMMAND."""

import ctypes
import json
import os
import resource
import signal
import sys

# Uses rt_sigaction, which alone accepts every signal: libc reserves 32 and 33, and Python has no names for them.
SYSTEM_CALLS = {"x86_64": 13, "aarch64": 134, "riscv64": 134}
SIGNALS = range(1, 65)


def reset_signals():
    """Gives every signal its default action and unblocks it, whatever the starter or Python changed."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    number = SYSTEM_CALLS.get(os.uname().machine)
    if number is None:
        for one in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(one, signal.SIG_DFL)
        return
    # A struct of zeros: SIG_DFL, no flags, no mask.
    action = ctypes.create_string_buffer(64)
    call = ctypes.CDLL(None).syscall
    for one in SIGNALS:
        if one not in (signal.SIGKILL, signal.SIGSTOP) and call(number, one, action, None, 8) != 0:
            raise OSError(f"rt_sigaction of {one} failed")


wanted = json.loads(sys.argv[1])
command = [os.fsencode(word) for word in sys.argv[2:]]
command += [bytes.fromhex(word) for word in wanted.get("rawArguments", [])]
environment = dict(os.environb)
for name in wanted.get("unset", []):
    environment.pop(name.encode(), None)
for name, value in wanted.get("rawEnvironment", {}).items():
    environment[name.encode()] = bytes.fromhex(value)

reset_signals()
for name in wanted.get("ignore", []):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [getattr(signal, name) for name in wanted.get("block", [])])

for name, (soft, hard) in wanted.get("limits", {}).items():
    kind = getattr(resource, "RLIMIT_" + name)
    maximum = resource.getrlimit(kind)[1] if hard is None else hard
    resource.setrlimit(kind, (maximum if soft is None else soft, maximum))
if "umask" in wanted:
    os.umask(wanted["umask"])
if "nice" in wanted:
    os.nice(wanted["nice"])
if "deletedDirectory" in wanted:
    os.mkdir(wanted["deletedDirectory"])
    os.chdir(wanted["deletedDirectory"])
    os.rmdir(wanted["deletedDirectory"])
for descriptor in wanted.get("close", []):
    os.close(descriptor)
os.execvpe(command[0], command, environment)
