"""Runs a command and takes it along when the process that asked for it is gone, however that one died.

A script of the standard library alone: `python guard.py WORD...`. It holds the read end of a pipe as its standard input;
the end of that pipe means that the asker is gone or has had enough, and the command's whole process group is killed.
Its exit status is the command's; 128 and the signal's number where a signal ended it, 127 where it cannot be started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

UNKNOWN = 127  # a shell's status for a command it cannot start


def main(words: list[str]) -> int:
    """Run the words to their end."""
    posix = os.name == "posix"
    try:
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=posix)
    except OSError as error:
        print(f"{words[0]}: {error.strerror}", file=sys.stderr)
        return UNKNOWN
    threading.Thread(target=_watch, args=(child, posix), daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


def _watch(child: subprocess.Popen[bytes], posix: bool) -> None:
    """Kill the command when standard input ends."""
    while os.read(0, 1):
        pass
    try:
        if posix:
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
