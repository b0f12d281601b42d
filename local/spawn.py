"""Become another program that cannot outlive its parent. Run as a script, standard library only: it starts in 15 ms.

    python -I -S spawn.py PARENT_PID DEATH_SIGNAL UID GID -- COMMAND...

The kernel sends DEATH_SIGNAL when the parent dies, even by `kill -9`; that is how nothing is left behind. UID -1 keeps
the user. Another UID is for PostgreSQL, which refuses to be root: the new user keeps only the right to walk through
folders and read files, so that a clone under /root (mode 0700) works; it writes nothing that is not its own.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1 << 1, 1 << 2
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Drop the user, tie the life to the parent's, exec. In this order: a change of user forgets the death signal."""
    parent, signal_number, uid, gid = (int(value) for value in sys.argv[1:5])
    command = sys.argv[6:]
    if uid >= 0:
        _become(uid, gid, command[0])
    libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor ended before this part began")
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def _become(uid: int, gid: int, program: str) -> None:
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([gid])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # Reading is enough as a rule. A container often grants only the wider right, and a wheel unpacked under umask 077
    # can be executed only with it.
    for rights in (0, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if _hold(rights, keep=CAP_DAC_READ_SEARCH | CAP_DAC_OVERRIDE) and _reaches(program):
            break
    # The folder of the data may be as closed as the program's, so reading stays where it can.
    _hold(rights | CAP_DAC_READ_SEARCH, keep=0) or _hold(CAP_DAC_OVERRIDE, keep=0)
    for capability in (1, 2):
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _reaches(program: str) -> bool:
    return os.access(program, os.X_OK, effective_ids=True)


def _hold(rights: int, keep: int) -> bool:
    """Make `rights` effective and inheritable, and what is in `keep` still obtainable."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(rights, rights | keep, rights, 0, 0, 0)
    return bool(libc.capset(header, data) == 0)


if __name__ == "__main__":
    main()
