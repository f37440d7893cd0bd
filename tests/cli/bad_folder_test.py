# SPDX-License-Identifier: Apache-2.0
"""A folder of many files of which one in twenty is bad, in every way that is known: `add` and `seizure` name each with
its reason, take all others, and end.

500 files by default; PRESSMARK_BAD_FILES=5000 for another number, which also prints time and memory.
"""

import csv
import json
import os
import socket
import subprocess
import time

from program import PROGRAM, SAMPLES, ProgramTest, environment, main, records, sample_index

FILES = int(os.environ.get("PRESSMARK_BAD_FILES", "500"))
SHOWS_FIGURES = "PRESSMARK_BAD_FILES" in os.environ
BAD_EVERY = 20
# One in so many of the good files has something to see: only these are compared.
TEXTURED_EVERY = 50
# Far below what the largest of the bad files claim to need.
MOST_KIB = 1 << 20


def odd_files():
    """Functions that make a path into something that is no photo, with a part of the reason."""
    def of_bytes(contents):
        return lambda path: path.write_bytes(contents)

    photo = (SAMPLES / "good/baseline.jpg").read_bytes()
    picture = (SAMPLES / "good/rgb.png").read_bytes()
    yield "empty", of_bytes(b"")
    yield "damaged", of_bytes(photo[:len(photo) // 3])
    yield "damaged", of_bytes(picture[:200] + bytes(200) + picture[400:])
    yield "broken symbolic link", lambda path: path.symlink_to("gone.jpg")
    yield "symbolic link", lambda path: path.symlink_to(path.name)
    yield "not a regular file", lambda path: os.mkfifo(path)
    yield "not a regular file", make_socket
    yield "directory loop", lambda path: path.symlink_to(".")
    for item in sample_index()["bad"]:
        yield item["reason"], of_bytes((SAMPLES / "bad" / item["file"]).read_bytes())


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        # The name of a socket is short.
        folder = os.open(path.parent, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


class BadFolder(ProgramTest):
    def setUp(self):
        super().setUp()
        self.photos = self.folder / "photos"
        self.photos.mkdir()
        self.bad, self.good = {}, set()
        makers = list(odd_files())
        turned = [(SAMPLES / f"good/orientation_{number}.jpg").read_bytes() for number in range(1, 9)]
        pixel = (SAMPLES / "good/one_pixel.jpg").read_bytes()
        for number in range(FILES):
            # Few share a folder; no photo lies above a hundred others.
            path = self.photos / f"{number // 100:03}" / f"{number:05}.jpg"
            path.parent.mkdir(exist_ok=True)
            if number % BAD_EVERY == 0:
                reason, make = makers[number // BAD_EVERY % len(makers)]
                make(path)
                self.bad[str(path)] = reason
            else:
                # JPEG files may carry data behind their end: another file of the same picture.
                texture = turned[number // TEXTURED_EVERY % len(turned)] if number % TEXTURED_EVERY == 1 else pixel
                if number % 3 == 0:
                    path = path.with_suffix(".PNG")  # what a file is, its bytes say
                path.write_bytes(texture + b"trailer %d" % number)
                self.good.add(str(path))

    def run_measured(self, *arguments):
        """Exit code, stdout and stderr; time and memory are bounded."""
        began = time.monotonic()
        with open(self.folder / "stdout", "wb+") as output, open(self.folder / "stderr", "wb+") as errors:
            process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=errors, env=environment())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            result = process.returncode, output.read(), errors.read()
        if SHOWS_FIGURES:
            print(f"{arguments[0]}: {FILES} files, {len(self.bad)} bad: {time.monotonic() - began:.1f} s, "
                  f"{usage.ru_utime + usage.ru_stime:.1f} s of the processor, {usage.ru_maxrss // 1024} MiB")
        self.assertLess(usage.ru_maxrss, MOST_KIB)
        return result

    def check_failed(self, failed):
        """Exactly the bad files, each with its reason."""
        self.assertEqual(sorted(failed), sorted(self.bad))
        named = set()
        for file, reason in self.bad.items():
            # Of files of the same bytes the first may stand for all.
            if reason not in failed[file]:
                self.assertEqual(failed[file], "same bytes as an earlier file that failed", file)
                self.assertIn(reason, named, file)
            named.add(reason)

    def test_add_takes_all_good_files_and_names_each_bad_one(self):
        self.create()
        code, output, errors = self.run_measured("add", self.catalogue, self.photos, "--jsonl")
        self.assertEqual(code, 3, errors)
        found = records(output)
        self.assertEqual({item["file"] for item in found if item["status"] == "added"}, self.good)
        self.check_failed({item["file"]: item["reason"] for item in found if item["status"] == "failed"})
        lines = errors.decode().splitlines()
        for file in self.bad:
            self.assertEqual(sum(line.startswith(f"pressmark: {file}: ") for line in lines), 1, file)
        self.assertEqual(len(self.listed()), len(self.good))
        self.check(0, "check", self.catalogue)

    def test_a_seizure_is_worked_through_and_names_each_bad_one(self):
        self.create(SAMPLES / "good/rgb.png")
        out = self.folder / "run"
        code, _, errors = self.run_measured("seizure", self.catalogue, self.photos, "--out", out,
                                            "--candidates", "2")
        self.assertEqual(code, 3, errors)
        with open(out / "photos.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.check_failed({row["file"]: row["reason"] for row in rows if row["status"] == "failed"})
        taken = {row["file"]: row["status"] for row in rows if row["status"] != "failed"}
        self.assertEqual(set(taken), self.good)
        self.assertEqual(set(taken.values()), {"compared", "unusable"})
        counts = json.loads((out / "manifest.json").read_text("utf-8"))["counts"]
        self.assertEqual((counts["inputs"], counts["failed"]), (len(rows), len(self.bad)))
        page = (out / "report/index.html").read_text("utf-8")
        for file in self.bad:
            self.assertIn(f"<bdi>{file}</bdi>", page)


if __name__ == "__main__":
    main()
