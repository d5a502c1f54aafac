"""Walls that the kernel puts around a worker: calls it may not make, files it may not open.

*Calls* are walled off by a filter of system calls (seccomp(2)): no connection, no other program,
no word to another process, no descriptor handed on. *Files* are walled off by a Landlock domain
(landlock(7)): none can be opened but, of a store on disk, those in its folder, for reading. Both
hold until the process ends, whatever it does, and need no privilege. A kernel, or a container's
own filter, may refuse either: so it is tried, in a process of its own, what holds here. A limit of
*descriptors* holds everywhere: who may have no more of them opens neither connection nor file. It
stands too, but where a worker has to open files of its store and both other walls are there.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS: Final = 38

# Calls by name, with their numbers on x86_64 and on aarch64 (-1: not there). From unistd_64.h and
# asm-generic/unistd.h of Linux; numbers from 424 on are the same everywhere.
_FORBIDDEN: Final = {
    # connections, and descriptors that come over one
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "accept4": (288, 242),
    "recvmmsg": (299, 243),
    "sendmmsg": (307, 269),
    # the same by way of a ring
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # other programs and processes
    "clone": (56, 220),
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "clone3": (435, 435),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "rt_sigqueueinfo": (129, 138),
    "tkill": (200, 130),
    "rt_tgsigqueueinfo": (297, 240),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    # another view of the files, or a way to them that has no name
    "chroot": (161, 51),
    "mount": (165, 40),
    "unshare": (272, 97),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    # ways into the kernel
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
}


@dataclass(frozen=True)
class _Machine:
    """How a processor's calls are told: its name in audit.h, which numbers, the call seccomp."""

    audit: int
    column: int
    seccomp: int


_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, 0, 317),
    "aarch64": _Machine(0xC00000B7, 1, 277),
}

# Of linux/filter.h, linux/seccomp.h: load a word; jump if equal, if at least; return.
_LOAD: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_JUMP_IF_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_NUMBER_AT: Final = 0
_MACHINE_AT: Final = 4
_ALLOW: Final = 0x7FFF0000
_FAIL: Final = 0x00050000
_KILL: Final = 0x80000000
# Numbers of the other convention that x86_64 knows, with pointers of 32 bits.
_FIRST_X32: Final = 0x40000000
_SET_MODE_FILTER: Final = 1
# A worker runs no code of a stranger: it need not pay for what keeps speculation in.
_SPEC_ALLOW: Final = 4

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_READ_FILE: Final = 1 << 2
# What each version of Landlock can forbid, by the number of rights it knows.
_RIGHTS: Final = (0, 13, 14, 15, 15, 16)


@dataclass(frozen=True)
class Walls:
    """Which walls hold on this machine."""

    calls: bool
    files: bool

    @property
    def are_whole(self) -> bool:
        """Whether a process that may have new descriptors reaches nothing that is not its own."""
        return self.calls and self.files

    def may_open(self, folder: Path | None) -> bool:
        """Tell whether a worker may open files of a folder: where these are all it can reach."""
        return folder is not None and self.are_whole

    def names(self, folder: Path | None) -> list[str]:
        """Name those that stand around a worker, for the log."""
        standing = {
            "descriptors": not self.may_open(folder),
            "seccomp": self.calls,
            "Landlock": self.files,
        }
        return [name for name, stands in standing.items() if stands]

    def raise_here(self, folder: Path | None, descriptors: int) -> None:
        """Raise them around this process, for good.

        ``folder``: where the files lie that it needs; ``descriptors``: how many it has beside them.
        Errors: OSError.
        """
        if self.files:
            forbid_files(folder)
        if self.calls:
            forbid_calls()
        if not self.may_open(folder):
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


def tried(folder: Path | None) -> Walls:
    """Tell which walls hold here: raise them in a child of this process, and run against them.

    ``folder``: of a store on disk, whose files are to stay within reach.
    """
    pid = os.fork()
    if pid == 0:
        held = 0
        try:
            # In the order in which a worker raises them.
            held = _keeps_files(folder) | _keeps_calls() << 1
        finally:
            os._exit(held)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    # Who is killed for trying has no walls.
    return Walls(calls=code in (2, 3), files=code in (1, 3))


def _keeps_files(folder: Path | None) -> bool:
    with contextlib.suppress(OSError):
        own = [] if folder is None else list(folder.glob("*.sst"))
        forbid_files(folder)
        for path in own:
            path.open("rb").close()
        return not _can(lambda: os.close(os.open("/proc/self/stat", os.O_RDONLY)))
    return False


def _keeps_calls() -> bool:
    with contextlib.suppress(OSError):
        forbid_calls()
        return not _can(lambda: socket.socket().close())
    return False


def _can(act: Callable[[], None]) -> bool:
    try:
        act()
    except PermissionError:
        return False
    return True


def forbid_calls() -> None:
    """Take from this process the calls that lead out of it: from now on they fail with EPERM.

    Errors: OSError where the kernel does not do it; then nothing has changed.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter for {platform.machine()}")
    program = _program(machine)
    code = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: how many instructions, and where.
    filtering = struct.pack("@HP", len(program), ctypes.addressof(code))
    _give_up_privileges()
    _call(machine.seccomp, _SET_MODE_FILTER, _SPEC_ALLOW, ctypes.c_char_p(filtering))


def _program(machine: _Machine) -> Sequence[bytes]:
    """Write the filter for a kind of processor."""
    numbers = sorted(call[machine.column] for call in _FORBIDDEN.values())
    numbers = [number for number in numbers if number >= 0]
    # What each jump leaps over: the comparisons after it, and the instruction that allows.
    over = range(len(numbers), 0, -1)
    return [
        _instruction(_LOAD, _MACHINE_AT),
        _instruction(_JUMP_IF_EQUAL, machine.audit, then=1),
        # Numbers of another machine mean other calls; without any a process could not even end.
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
        _instruction(_JUMP_IF_AT_LEAST, _FIRST_X32, then=len(numbers) + 1),
        *(
            _instruction(_JUMP_IF_EQUAL, number, then=distance)
            for number, distance in zip(numbers, over, strict=True)
        ),
        _instruction(_RETURN, _ALLOW),
        _instruction(_RETURN, _FAIL | errno.EPERM),
    ]


def _instruction(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def forbid_files(folder: Path | None) -> None:
    """Let this process open no file from now on, but for reading those in a folder.

    What is open stays open. Errors: OSError where the kernel does not do it.
    """
    version = _call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    rights = struct.pack("=Q", (1 << _RIGHTS[min(version, len(_RIGHTS) - 1)]) - 1)
    ruleset = _call(_CREATE_RULESET, ctypes.c_char_p(rights), len(rights), 0)
    try:
        if folder is not None:
            beneath = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", _READ_FILE, beneath)
                _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
            finally:
                os.close(beneath)
        _give_up_privileges()
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _give_up_privileges() -> None:
    """Promise to gain none by another program: the kernel asks that of whoever builds walls."""
    nothing = ctypes.c_ulong(0)
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), nothing, nothing, nothing):
        raise OSError(ctypes.get_errno(), "prctl")


def _call(number: int, *arguments: int | ctypes.c_char_p | None) -> int:
    """Make a system call. Errors: OSError."""
    passed = [
        ctypes.c_long(argument) if isinstance(argument, int) else argument or ctypes.c_void_p()
        for argument in arguments
    ]
    _LIBC.syscall.restype = ctypes.c_long
    result: int = _LIBC.syscall(ctypes.c_long(number), *passed)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result
