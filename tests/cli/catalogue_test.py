# SPDX-License-Identifier: Apache-2.0
"""Catalogues that cannot be used: one clear line, exit code 1, and not a byte of them changes."""

import fcntl
import shutil
import sqlite3

from program import SAMPLES, ProgramTest, main, snapshot

READERS = (("info",), ("list",), ("match", SAMPLES / "good/rgb.png"), ("show", "1"))
WRITERS = (("add", SAMPLES / "good/rgb.png"), ("remove", "1"))


class RefusedCatalogue(ProgramTest):
    def check_refused(self, reason, verbs=READERS + WRITERS):
        before = snapshot(self.folder)
        for verb, *arguments in verbs:
            with self.subTest(verb):
                result = self.check(1, verb, self.catalogue, *arguments)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
                self.assertIn(reason, result.stderr.decode())
                self.assertEqual(result.stdout, b"")
                self.assertEqual(snapshot(self.folder), before)


class Missing(RefusedCatalogue):
    def test_no_directory(self):
        self.check_refused("does not exist")

    def test_a_directory_that_is_no_catalogue(self):
        self.write("catalogue/notes.txt", "notes")
        self.check_refused("is not a catalogue")

    def test_init_leaves_a_used_directory_alone(self):
        self.write("catalogue/notes.txt", "notes")
        before = snapshot(self.folder)
        result = self.check(1, "init", self.catalogue)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(snapshot(self.folder), before)

    def test_init_leaves_a_catalogue_alone(self):
        self.create(SAMPLES / "good/rgb.png")
        before = snapshot(self.folder)
        self.check(1, "init", self.catalogue)
        self.assertEqual(snapshot(self.folder), before)


class OtherFormats(RefusedCatalogue):
    def test_newer_format(self):
        self.check_format_refused(4, "was written by a newer Pressmark (format 4")

    def test_unreleased_format(self):
        self.check_format_refused(1, "has format 1, which no released Pressmark wrote")

    def check_format_refused(self, version, reason):
        self.create(SAMPLES / "good/grey.png")
        database = self.catalogue / "catalogue.sqlite"
        contents = bytearray(database.read_bytes())
        contents[60:64] = version.to_bytes(4, "big")  # user_version; docs/format.md
        database.write_bytes(contents)
        self.check_refused(reason)

    def test_other_database(self):
        self.catalogue.mkdir()
        with sqlite3.connect(self.catalogue / "catalogue.sqlite") as database:
            database.execute("CREATE TABLE notes(text)")
        database.close()
        self.check_refused("is not a Pressmark catalogue")


class Locked(RefusedCatalogue):
    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "good/grey.png")

    def test_writers_are_refused_and_readers_are_not(self):
        with open(self.catalogue / "writer.lock", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.check_refused("is being written by another process", WRITERS)
            for verb, *arguments in READERS:
                self.check(0, verb, self.catalogue, *arguments)
        self.check(0, "add", self.catalogue, SAMPLES / "good/rgb.png")


class Damaged(RefusedCatalogue):
    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "good/grey.png", SAMPLES / "scenes")
        self.database = self.catalogue / "catalogue.sqlite"
        [self.segment] = (self.catalogue / "segments").iterdir()

    def damage(self, file, change):
        contents = bytearray(file.read_bytes())
        file.write_bytes(change(contents))

    def test_database_without_contents(self):
        self.database.write_bytes(b"")
        self.check_refused("is damaged: it is empty")

    def test_database_that_is_text(self):
        self.database.write_bytes(b"Dear colleague,\n" * 1000)
        self.check_refused("is not an SQLite database")

    def test_database_cut_off(self):
        size = self.database.stat().st_size
        for length in (50, 4096, size // 2, size - 1):
            with self.subTest(length):
                whole = self.database.read_bytes()
                self.damage(self.database, lambda contents, n=length: contents[:n])
                self.check_refused("catalogue.sqlite")
                self.database.write_bytes(whole)

    def test_database_overwritten(self):
        def change(contents):
            contents[100:] = b"\xa5" * (len(contents) - 100)
            return contents

        self.damage(self.database, change)
        self.check_refused("catalogue.sqlite")

    def test_segment_with_a_flipped_bit(self):
        whole = self.segment.read_bytes()
        for place in [0, 20, *range(64, len(whole), len(whole) // 6), len(whole) - 1]:
            with self.subTest(place):
                def flip(contents, at=place):
                    contents[at] ^= 0x10
                    return contents

                self.damage(self.segment, flip)
                self.check_refused("00000001.pmseg", [("match", SAMPLES / "good/rgb.png")])
                self.segment.write_bytes(whole)

    def test_segment_cut_off(self):
        self.damage(self.segment, lambda contents: contents[:-10])
        self.check_refused("00000001.pmseg", [("match", SAMPLES / "good/rgb.png")])

    def test_segment_missing(self):
        self.segment.unlink()
        self.check_refused("00000001.pmseg", [("match", SAMPLES / "good/rgb.png")])

    def test_model_damaged(self):
        def flip(contents):
            contents[len(contents) // 2] ^= 1
            return contents

        self.damage(self.catalogue / "model/model.bin", flip)
        self.check_refused("model", [("match", SAMPLES / "good/rgb.png"),
                                     ("add", SAMPLES / "good/rgb.png")])

    def test_model_missing(self):
        shutil.rmtree(self.catalogue / "model")
        self.check_refused("model", [("match", SAMPLES / "good/rgb.png"),
                                     ("add", SAMPLES / "good/rgb.png")])


if __name__ == "__main__":
    main()
