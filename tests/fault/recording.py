# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a login does to the disk, as strace sees it, and each disk that a power cut can leave of that.

A name is on the disk when its folder was synced, and bytes are when their file was. What was not
synced is lost, or there, each name and each sector for itself: a file system that promises no more than
POSIX may write them in any order. So a disk that ext4, XFS or btrfs leaves is one of these."""

import itertools
import os
import re

CALLS = ("openat,mkdir,mkdirat,write,pwrite64,pwritev2,fsync,fdatasync,syncfs,rename,renameat,"
         "renameat2,linkat,unlink,unlinkat,ftruncate,read")
# Calls that would change files and that nothing here follows: the recording refuses them.
UNKNOWN = "truncate,fallocate,sendfile,copy_file_range,writev,pwritev,symlinkat,creat,open,sync"
ALL_SUBSETS = 6  # of so many things or fewer; of more: some


def unescape(word):
    return bytes(int(pair, 16) for pair in re.findall(r"\\x(..)", word))


class File:
    """Bytes on the disk, and writes since."""

    def __init__(self):
        self.synced, self.writes = b"", []

    def sync(self):
        self.synced, self.writes = put(self.synced, self.writes), []


def put(data, writes):
    """The bytes with these writes, each an offset and bytes; what is between them is zero."""
    data = bytearray(data)
    for offset, piece in writes:
        data.extend(bytes(max(0, offset + len(piece) - len(data))))
        data[offset:offset + len(piece)] = piece
    return bytes(data)


def sectors(writes, size):
    """The writes as pieces that do not go beyond a sector."""
    for offset, data in writes:
        while data:
            room = size - offset % size
            yield offset, data[:room]
            offset, data = offset + room, data[room:]


def subsets(things, rng):
    """Which of them are on the disk: none, all, and each other choice, or some where there are many."""
    things = list(things)
    if len(things) <= ALL_SUBSETS:
        for count in range(len(things) + 1):
            yield from map(list, itertools.combinations(things, count))
        return
    yield []
    yield things
    for at in range(1, len(things)):
        yield things[:at]
        yield things[at:]
    for _ in range(8):
        yield [thing for thing in things if rng.random() < 0.5]


class Disk:
    """Files by name below a folder; names and files that are not synced yet."""

    def __init__(self, top):
        self.top = top
        self.synced_names, self.steps = {}, []  # a step: the names that it sets; None removes one

    def begin(self):
        """What is there before, synced."""
        for folder, _, files in os.walk(self.top):
            self.synced_names[folder] = "folder"
            for name in files:
                file = File()
                with open(f"{folder}/{name}", "rb") as stream:
                    file.synced = stream.read()
                self.synced_names[f"{folder}/{name}"] = file

    def names(self):
        """As the processes see them now."""
        return apply(self.synced_names, self.steps)

    def change(self, **step):
        self.steps.append(step["names"])

    def sync(self, path):
        """Of a file or a folder."""
        file = self.names().get(path)
        if isinstance(file, File):
            file.sync()
        else:
            mine = [step for step in self.steps if all(os.path.dirname(name) == path for name in step)]
            self.synced_names = apply(self.synced_names, mine)
            self.steps = [step for step in self.steps if step not in mine]

    def sync_all(self):
        for file in self.names().values():
            if isinstance(file, File):
                file.sync()
        self.synced_names, self.steps = self.names(), []

    def after_a_cut(self, sector, rng):
        """Each disk that can be left: a dictionary of paths, with None for a folder."""
        for steps in subsets(self.steps, rng):
            names = apply(self.synced_names, steps)
            names = {name: file for name, file in names.items()
                     if os.path.dirname(name) in names or name == self.top}
            files = {name: file for name, file in names.items() if isinstance(file, File)}
            choices = [subsets(sectors(file.writes, sector), rng) for file in files.values()]
            for chosen in itertools.product(*map(list, choices)):
                yield {**{name: None for name, file in names.items() if file == "folder"},
                       **{name: put(file.synced, writes)
                          for (name, file), writes in zip(files.items(), chosen)}}


def apply(names, steps):
    names = dict(names)
    for step in steps:
        for name, file in step.items():
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file
    return names


class Recording:
    """The calls of one login, which are played to a Disk one by one."""

    def __init__(self, text):
        self.lines = text.splitlines()
        self.offsets = {}

    def play(self, disk):
        """Yields the words of each call that changed what is on the disk or on its way there, and of
        the answer, which is "answer"."""
        for line in self.lines:
            found = re.match(r"(\w+)\((.*)\) += (-?\d+)", line)
            if found is None or found[3].startswith("-"):
                continue
            name, words = found[1], found[2]
            if name in UNKNOWN.split(","):
                raise AssertionError(f"not followed: {line[:200]}")
            if line.startswith("write(1<"):
                yield "answer"
            elif self.play_call(disk, name, words):
                yield name

    def play_call(self, disk, name, words):
        """Whether it changed anything below the folder of the disk."""
        places = [unescape(word).decode("latin-1") for word in re.findall(r"<((?:\\x..)*)>", words)]
        strings = [unescape(word) for word in re.findall(r'"((?:\\x..)*)"', words)]
        if name == "openat":
            return self.opened(disk, words, strings)
        if name in ("rename", "renameat", "renameat2", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat"):
            return self.renamed(disk, name, places, strings)
        path = places[0] if places else ""
        if not path.startswith(disk.top):
            return False
        if name in ("fsync", "fdatasync"):
            disk.sync(path)
        elif name == "syncfs":
            disk.sync_all()
        elif name == "read":
            self.offsets[path] = None
            return False
        else:
            self.written(disk.names()[path], path, name, words, strings)
        return True

    def opened(self, disk, words, strings):
        """A file that is made is a name without bytes."""
        base = re.match(r"[^<,]*<((?:\\x..)*)>", words)
        path = os.path.join(unescape(base[1]).decode("latin-1") if base else "/",
                            strings[0].decode("latin-1"))
        if not path.startswith(disk.top):
            return False
        self.offsets[path] = 0
        if "O_TRUNC" in words:
            raise AssertionError(f"not followed: {words[:200]}")
        if "O_CREAT" not in words or path in disk.names():
            return False
        disk.change(names={path: File()})
        return True

    @staticmethod
    def renamed(disk, name, places, strings):
        paths = [string.decode("latin-1") for string in strings]
        paths = [path if path.startswith("/") else os.path.join(places[min(at, len(places) - 1)], path)
                 for at, path in enumerate(paths)]
        if not paths[-1].startswith(disk.top):
            return False
        if name.startswith("mkdir"):
            disk.change(names={paths[0]: "folder"})
        elif name.startswith("unlink"):
            disk.change(names={paths[0]: None})
        elif name == "linkat":
            disk.change(names={paths[1]: disk.names()[paths[0]]})
        else:
            disk.change(names={paths[0]: None, paths[1]: disk.names()[paths[0]]})
        return True

    def written(self, file, path, name, words, strings):
        if name == "ftruncate":
            raise AssertionError(f"not followed: {words[:200]}")
        data = b"".join(strings)
        if name == "write":
            if self.offsets.get(path) is None:
                raise AssertionError(f"where is this written to? {words[:200]}")
            offset = self.offsets[path]
            self.offsets[path] += len(data)
        else:
            offset = int(words.split(", ")[-2 if name == "pwritev2" else -1])
        file.writes.append((offset, data))
