# SPDX-License-Identifier: Apache-2.0
"""compact, check, repair, update, export, import and merge as a user meets them."""

from program import SAMPLES, ProgramTest, main, records, snapshot

PHOTOS = [SAMPLES / "good" / name for name in ("rgb.png", "grey.png", "baseline.jpg")]


class Maintenance(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create()
        self.check(0, "add", self.catalogue, *PHOTOS, "--seizure", "S-1", "--place", "Porto")
        self.segments = self.catalogue / "segments"

    def record(self, code, *arguments):
        """The last record of a run."""
        return records(self.check(code, *arguments, "--jsonl").stdout)[-1]


class Compact(Maintenance):
    def test_gives_back_space(self):
        self.check(0, "remove", self.catalogue, "1", "2")
        report = self.record(0, "compact", self.catalogue)
        self.assertEqual((report["type"], report["reclaimed"], report["remaining"]),
                         ("compact", 2, 0))
        self.assertLess(report["bytes_after"], report["bytes_before"])
        self.assertEqual([path.name for path in self.segments.iterdir()], ["00000002.pmseg"])
        self.check(0, "check", self.catalogue)
        self.assertEqual([item["id"] for item in self.listed()], [3])

    def test_wrong_usage(self):
        self.check(2, "compact", self.catalogue, "--removed-share", "2")
        self.check(2, "compact", self.catalogue, "--images-per-segment", "0")


class Check(Maintenance):
    def test_sound(self):
        before = snapshot(self.catalogue)
        result = self.check(0, "check", self.catalogue)
        self.assertEqual(result.stdout, b"")
        self.assertIn("0 problems", result.stderr.decode())
        self.assertEqual(snapshot(self.catalogue), before)

    def test_damage_is_listed_and_repaired(self):
        [segment] = self.segments.iterdir()
        contents = bytearray(segment.read_bytes())
        contents[-1] ^= 1
        segment.write_bytes(contents)
        (self.segments / "00000077.pmseg").write_bytes(b"left by a crash")
        found = records(self.check(1, "check", self.catalogue, "--jsonl").stdout)
        self.assertEqual([(item.get("kind"), item.get("image")) for item in found],
                         [("description", 3), ("leaving", None), (None, None)])
        self.assertIn("00000001.pmseg", self.check(1, "check", self.catalogue).stdout.decode())

        self.check(1, "repair", self.catalogue)
        self.assertEqual([path.name for path in self.segments.iterdir()], ["00000001.pmseg"])
        result = self.check(0, "repair", self.catalogue, "--drop-damaged")
        self.assertIn("baseline.jpg", result.stdout.decode())
        self.assertIn("S-1", result.stdout.decode())
        self.check(0, "check", self.catalogue)
        self.assertEqual([item["id"] for item in self.listed()], [1, 2])

    def test_a_database_beyond_repair(self):
        database = self.catalogue / "catalogue.sqlite"
        contents = bytearray(database.read_bytes())
        contents[2000] ^= 1
        database.write_bytes(contents)
        result = self.check(1, "check", self.catalogue)
        self.assertIn("page 1 ", result.stdout.decode())
        self.assertIn("from a copy or an export", result.stderr.decode())
        self.assertIn("from a copy or an export",
                      self.check(1, "repair", self.catalogue).stderr.decode())


class Update(Maintenance):
    def test_images(self):
        self.check(0, "update", self.catalogue, "1", "2", "--package", "P", "--kind", "toolmark",
                   "--scale", "0.5", "--metadata", '{"lab": "A"}')
        facts = [(item["package"], item["kind"], item["scale_mm_per_px"], item["metadata"])
                 for item in self.listed()]
        self.assertEqual(facts, [("P", "toolmark", 0.5, {"lab": "A"})] * 2
                         + [(None, "logo", None, {})])
        self.check(0, "update", self.catalogue, "1", "--seizure", "")
        self.assertIsNone(self.listed()[0]["seizure"])

    def test_seizures(self):
        self.check(0, "update", self.catalogue, "--seizure", "S-1", "--place", "Lisboa", "--date",
                   "2024-05")
        [seizure] = records(self.check(0, "list", self.catalogue, "--seizures", "--jsonl").stdout)
        self.assertEqual((seizure["place"], seizure["date"]), ("Lisboa", "2024-05"))

    def test_nothing_changes_where_anything_is_wrong(self):
        before = self.listed()
        self.check(1, "update", self.catalogue, "1", "9", "--kind", "toolmark")
        self.check(1, "update", self.catalogue, "1", "--kind", "toolmark", "--seizure", "S-9")
        self.check(1, "update", self.catalogue, "1", "--metadata", "[]")
        self.check(1, "update", self.catalogue, "--seizure", "S-9", "--place", "x")
        for arguments in (("1",), ("--seizure", "S-1"), ("1", "--place", "x"), ("--kind", "logo"),
                          ("1", "--kind", "photo"), ("1", "--scale", "-1")):
            with self.subTest(arguments):
                self.check(2, "update", self.catalogue, *arguments)
        self.assertEqual(self.listed(), before)


class Exchange(Maintenance):
    def test_two_laptops_and_a_server(self):
        first, second = self.folder / "first", self.folder / "second"
        self.check(0, "export", self.catalogue, first, "--seizure", "S-1")
        self.check(1, "export", self.catalogue, first)
        self.check(0, "init", second, "--long-side", "96", "--keypoints", "32")
        self.check(0, "add", second, PHOTOS[0], SAMPLES / "good/grey.jpg", "--seizure", "S-1",
                   "--place", "Lisboa")
        server = self.folder / "server"
        self.check(0, "init", server, "--long-side", "96", "--keypoints", "32")
        result = self.check(0, "merge", server, first, second, "--jsonl")
        found = records(result.stdout)
        self.assertEqual([item["type"] for item in found], ["import", "conflict", "import"])
        self.assertEqual((found[1]["field"], found[1]["kept"], found[1]["other"]),
                         ("place", "Porto", "Lisboa"))
        self.assertIn("stays 'Porto', not 'Lisboa'", result.stderr.decode())
        self.assertEqual((found[2]["added"], found[2]["duplicates"]), (1, 1))
        self.check(0, "check", server)
        once_more = records(self.check(0, "import", server, second, "--jsonl").stdout)[-1]
        self.assertEqual((once_more["added"], once_more["duplicates"]), (0, 2))
        listed = records(self.check(0, "list", server, "--jsonl").stdout)
        self.assertEqual(len(listed), 4)

    def test_other_options_are_refused(self):
        other = self.folder / "other"
        self.check(0, "init", other)
        result = self.check(1, "import", self.catalogue, other)
        self.assertIn("described at", result.stderr.decode())
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.check(1, "import", self.catalogue, self.catalogue)
        self.check(1, "import", self.catalogue, self.folder / "nothing")


if __name__ == "__main__":
    main()
