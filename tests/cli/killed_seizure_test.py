# SPDX-License-Identifier: Apache-2.0
"""A whole seizure of drawn photos, all of them compared, and of bad files of every kind that is known: killed in each of
its steps and resumed, and with other numbers of threads, it gives the same files, byte for byte.

40 files by default; PRESSMARK_BAD_FILES=5000 for another number, which also prints times.
"""

import csv
import json
import os
import random
import signal
import struct
import time
import zlib

from bad_folder_test import BAD_EVERY, SHOWS_FIGURES, odd_files
from program import ProgramTest, main, start

FILES = int(os.environ.get("PRESSMARK_BAD_FILES", "40"))
# So many photos show one mark, each from another place and in other light.
VIEWS = 4
SIDE = 128
# A run of the largest number of files takes an hour on a busy machine.
TIMEOUT_S = 14400
# What shows the same whatever happened; the rest is the working catalogue, and who worked when.
NOT_COMPARED = ("photos", "plan.json", "history.jsonl")


def png_of(rows, comment):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\0" + comment)
            + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def drawn_photo(number):
    """Overlapping bright and dark rectangles: the same of all views of a mark, but shifted and lit differently."""
    design, view = random.Random(number // VIEWS), random.Random(-number - 1)
    left, top, light = view.randrange(8), view.randrange(8), view.randrange(24)
    rows = [bytearray([100 + light]) * SIDE for _ in range(SIDE)]
    for _ in range(40):
        x, y = design.randrange(8, SIDE - 40) + left, design.randrange(8, SIDE - 40) + top
        width, height, grey = design.randrange(4, 24), design.randrange(4, 24), design.randrange(232) + light
        for row in rows[y:y + height]:
            row[x:x + width] = bytes([grey]) * width
    return png_of(rows, b"%d" % number)


def results(run):
    """Name and bytes of all that a run found, but for how it was called."""
    found = {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*"))
             if path.is_file() and path.relative_to(run).parts[0] not in NOT_COMPARED}
    manifest = json.loads(found["manifest.json"])
    del manifest["command"]
    return {**found, "manifest.json": json.dumps(manifest).encode()}


def has_begun(path):
    """A file with contents or a folder with files."""
    return path.exists() and (path.stat().st_size > 0 if path.is_file() else any(path.iterdir()))


class KilledSeizure(ProgramTest):
    def setUp(self):
        super().setUp()
        self.photos = self.folder / "photos"
        makers = list(odd_files())
        self.bad, self.good = set(), set()
        for number in range(FILES):
            # Few share a folder; no photo lies above a hundred others.
            path = self.photos / f"{number // 100:03}" / f"{number:05}.png"
            path.parent.mkdir(exist_ok=True, parents=True)
            if number % BAD_EVERY == 0:
                makers[number // BAD_EVERY % len(makers)][1](path)
                self.bad.add(str(path))
            else:
                path.write_bytes(drawn_photo(number))
                self.good.add(str(path))
        for design in (1, 2, 5):
            self.write(f"known/{design}.png", drawn_photo(VIEWS * design))
        self.create(self.folder / "known", options=("--long-side", str(SIDE), "--keypoints", "100"))

    def begin(self, out, threads):
        return self.start("seizure", self.catalogue, self.photos, "--out", out, "--candidates", "3",
                          "--threads", str(threads))

    def resume(self, out, threads):
        return self.start("seizure", "--resume", out, "--threads", str(threads))

    def start(self, *arguments):
        with open(self.folder / "output", "wb") as output:
            return start(*arguments, stdout=output, stderr=output)

    def kill_once(self, process, sign):
        """Kills it as soon as the file or folder has begun to be written."""
        while not has_begun(sign):
            self.assertIsNone(process.poll(), "ended before it could be killed")
            time.sleep(0.001)
        process.kill()
        self.assertEqual(process.wait(), -signal.SIGKILL)

    def found(self, process, out):
        """What a run that is not disturbed any more gives."""
        self.assertEqual(process.wait(TIMEOUT_S), 3, (self.folder / "output").read_bytes())
        with open(out / "photos.csv", encoding="utf-8", newline="") as file:
            statuses = {row["file"]: row["status"] for row in csv.DictReader(file)}
        self.assertEqual({file for file, status in statuses.items() if status == "failed"}, self.bad)
        self.assertEqual({file for file, status in statuses.items() if status == "compared"}, self.good)
        return results(out)

    def test_a_run_killed_in_every_step_gives_the_same_bytes_as_one_that_was_not(self):
        whole, killed = self.folder / "whole", self.folder / "killed"
        began = time.monotonic()
        expected = self.found(self.begin(whole, 2), whole)
        if SHOWS_FIGURES:
            print(f"undisturbed: {FILES} files, {len(self.bad)} bad: {time.monotonic() - began:.0f} s")
        with open(whole / "marks.csv", encoding="utf-8", newline="") as file:
            marks = list(csv.DictReader(file))
        self.assertTrue(any(int(mark["photos"]) > 1 for mark in marks))
        self.assertTrue(any(mark["catalogued_images"] != "0" for mark in marks))

        intake = killed / "intake.jsonl"  # written every 256 photos
        photos = killed / "photos/catalogue.sqlite"
        self.kill_once(self.begin(killed, 1), intake if FILES > 512 else photos)
        self.kill_once(self.resume(killed, 2), killed / "answers.jsonl")
        self.kill_once(self.resume(killed, 1), killed / "report/pictures")
        actual = self.found(self.resume(killed, 3), killed)
        self.assertEqual(sorted(actual), sorted(expected))
        self.assertEqual([name for name in expected if actual[name] != expected[name]], [])


if __name__ == "__main__":
    main()
