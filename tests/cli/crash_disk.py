# SPDX-License-Identifier: Apache-2.0
"""What a disk holds after the power was cut, computed from the trace of a run (tests/support/file_faults.cpp).

A kernel keeps written bytes and changed names in memory until fsync; a power cut loses any part of what was not
synced. Names are lost by directory: synced are those that fsync of the directory has seen. This is stricter
than common file systems, which order some of it: what survives here survives there.
"""

import os
import random
from pathlib import Path
from urllib.parse import unquote_to_bytes


class File:
    def __init__(self, synced=b""):
        self.bytes = bytearray(synced)
        self.synced = bytes(synced)


class Folder:
    def __init__(self):
        self.names = {}
        self.synced = {}


class Disk:
    """A directory tree in two states: as running programs see it, and as far as it is synced."""

    def __init__(self, root):
        """From a directory all of which counts as synced."""
        self.root = Path(root).resolve()
        self.tree = self._read(self.root)

    def _read(self, path):
        folder = Folder()
        for entry in path.iterdir():
            folder.names[entry.name] = self._read(entry) if entry.is_dir() else File(entry.read_bytes())
        folder.synced = dict(folder.names)
        return folder

    def replay(self, trace):
        """Repeats the operations of a trace; a line that the end of the process cut off is none."""
        for line in Path(trace).read_bytes().split(b"\n")[:-1]:
            name, path, argument, data = line.split(b"\t")
            getattr(self, name.decode())(self._parts(path), argument, data)

    def _parts(self, path):
        relative = Path(os.fsdecode(unquote_to_bytes(path))).relative_to(self.root)
        return relative.parts

    def _folder(self, parts):
        folder = self.tree
        for part in parts[:-1]:
            folder = folder.names[part]
        return folder

    def _node(self, parts):
        return self._folder(parts).names.get(parts[-1]) if parts else self.tree

    def _file(self, parts):
        """Files that were made in a way that leaves no trace begin with their first operation; those that have
        lost their name are nobody's."""
        if parts[-1].endswith(" (deleted)"):
            return File()
        return self._folder(parts).names.setdefault(parts[-1], File())

    def create(self, parts, _argument, _data):
        self._folder(parts).names[parts[-1]] = File()

    def mkdir(self, parts, _argument, _data):
        self._folder(parts).names[parts[-1]] = Folder()

    def write(self, parts, argument, data):
        file, offset, data = self._file(parts), int(argument), bytes.fromhex(data.decode())
        file.bytes.extend(bytes(max(0, offset + len(data) - len(file.bytes))))
        file.bytes[offset:offset + len(data)] = data

    def truncate(self, parts, argument, _data):
        file, size = self._file(parts), int(argument)
        file.bytes.extend(bytes(max(0, size - len(file.bytes))))
        del file.bytes[size:]

    def sync(self, parts, _argument, _data):
        node = self._node(parts)
        if isinstance(node, Folder):
            node.synced = dict(node.names)
        elif parts:
            file = self._file(parts)
            file.synced = bytes(file.bytes)

    def rename(self, parts, argument, _data):
        target = self._parts(argument)
        node = self._folder(parts).names.pop(parts[-1], None) or File()
        self._folder(target).names[target[-1]] = node

    def remove(self, parts, _argument, _data):
        self._folder(parts).names.pop(parts[-1], None)

    rmdir = remove

    def write_lost(self, target, seed=None):
        """Writes what is left: without a seed, nothing that was not synced; with one, of each file and each
        directory either what is synced or what was seen, by chance."""
        chance = random.Random(seed)
        self._write(self.tree, Path(target), lambda: seed is None or chance.random() < 0.5)

    def _write(self, folder, target, is_lost):
        target.mkdir()
        names = folder.synced if is_lost() else folder.names
        for name, node in sorted(names.items()):
            if isinstance(node, Folder):
                self._write(node, target / name, is_lost)
            else:
                (target / name).write_bytes(node.synced if is_lost() else node.bytes)
