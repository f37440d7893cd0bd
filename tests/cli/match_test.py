# SPDX-License-Identifier: Apache-2.0
"""The main job from outside: planted pairs are found and explained, strangers are not."""

import json
import unittest
from pathlib import Path

from program import SAMPLES, ProgramTest, main, records

REAL_PHOTOS = Path("/usr/share/doc/opencv-doc/examples/data")
REAL_PAIRS = {"graf3.png": "graf1.png", "box_in_scene.png": "box.png", "leuvenB.jpg": "leuvenA.jpg"}
REAL_STRANGERS = ("fruits.jpg", "messi5.jpg")


class Planted(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create(SAMPLES / "scenes", options=())

    def match(self, *arguments):
        return self.check(0, "match", self.catalogue, SAMPLES / "views", SAMPLES / "strangers",
                          "--jsonl", *arguments).stdout

    def test_views_are_found_and_strangers_are_not(self):
        found = records(self.match())
        queries = {Path(item["file"]).stem: item for item in found if item["type"] == "query"}
        best = {Path(item["query_file"]).stem: item for item in found
                if item["type"] == "hit" and item["rank"] == 1}
        self.assertEqual(len(queries), 8)
        for name, query in queries.items():
            with self.subTest(name):
                kind, number = name.split("_")
                if kind == "stranger":
                    self.assertEqual((query["status"], query["hit_count"]), ("no_match", 0))
                    continue
                self.assertEqual((query["status"], query["hit_count"]), ("hit", 1))
                hit = best[name]
                self.assertEqual(Path(hit["image"]["file"]).stem, f"scene_{number}")
                # How view_of() in write_sample_images.cpp made it.
                self.assertAlmostEqual(hit["transform"]["scale"], 1 / 0.85, delta=0.03)
                self.assertAlmostEqual(abs(hit["transform"]["rotation_deg"]), 20, delta=1)
                self.assertTrue(hit["verified"])
                self.assertEqual(len(hit["inliers"]), hit["inlier_count"])

    def test_photos_of_one_mark_are_answered_together_too(self):
        views = sorted((SAMPLES / "views").iterdir())[:2]
        manifest = self.folder / "marks.csv"
        rows = [f"{view},light" for view in views] + [f"{SAMPLES / 'strangers'}/none.png,light"]
        manifest.write_text("\n".join(["file,mark", *rows]) + "\n")
        out = self.folder / "out"
        result = self.check(3, "match", self.catalogue, manifest, "--jsonl", "--out", out)
        mark = [item for item in records(result.stdout) if item["type"] == "mark"]
        self.assertEqual(len(mark), 1)
        self.assertEqual((mark[0]["mark"], mark[0]["status"]), ("light", "hit"))
        self.assertEqual(mark[0]["photos"], [str(view) for view in views])
        self.assertEqual([hit["photos"] for hit in mark[0]["hits"]], [1, 1])
        self.assertIn("mark light, 2 photos", (out / "report.html").read_text())
        self.assertEqual(records((out / "hits.jsonl").read_bytes())[-1], mark[0])
        table = self.check(3, "match", self.catalogue, manifest).stdout.decode()
        self.assertIn("mark light: 2 photos together", table)

    def without_command(self, output):
        """The records without the arguments, which cannot but differ."""
        first, rest = output.split(b"\n", 1)
        run = json.loads(first)
        del run["command"], run["threads"]
        return run, rest

    def test_the_same_bytes_on_a_second_run_and_with_two_threads(self):
        one = self.match("--threads", "1")
        self.assertEqual(self.match("--threads", "1"), one)
        two = self.match("--threads", "2")
        self.assertEqual(self.without_command(two), self.without_command(one))

    def test_the_same_catalogue_with_one_and_two_threads(self):
        catalogues = []
        for threads in ("1", "2"):
            self.catalogue = self.folder / threads
            self.check(0, "init", self.catalogue)
            self.check(0, "add", self.catalogue, SAMPLES / "scenes", "--threads", threads)
            catalogues.append([path.read_bytes() for path in
                               sorted((self.catalogue / "segments").iterdir())])
        self.assertEqual(catalogues[0], catalogues[1])

    def test_table(self):
        output = self.check(0, "match", self.catalogue, SAMPLES / "views/view_3.png",
                            SAMPLES / "strangers/stranger_7.jpg").stdout.decode()
        self.assertIn("scene_3.jpg", output)
        self.assertNotIn("scene_4.jpg", output)
        self.assertRegex(output, r"stranger_7\.jpg +no match")

    def test_files_of_a_run(self):
        out = self.folder / "out"
        lines = self.match("--out", out)
        self.assertEqual((out / "hits.jsonl").read_bytes(), lines)
        manifest = json.loads((out / "manifest.json").read_text("utf-8"))
        self.assertEqual(manifest["counts"]["queries"], 8)
        self.assertEqual(manifest["counts"]["with_hits"], 6)
        report = (out / "report.html").read_text("utf-8")
        for name in ("view_1.png", "scene_1.jpg", "stranger_8.jpg"):
            self.assertIn(name, report)
        self.assertNotRegex(report, r"(src|href)=.https?:")
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         ["hits.jsonl", "manifest.json", "report.html"])

    def test_a_bad_photo_is_in_the_files_too(self):
        out = self.folder / "out"
        self.check(3, "match", self.catalogue, SAMPLES / "bad/text.jpg", self.folder / "gone.jpg",
                   SAMPLES / "views/view_1.png", "--out", out)
        found = records((out / "hits.jsonl").read_bytes())
        self.assertEqual(sorted(Path(item["file"]).name for item in found
                                if item.get("status") == "failed"), ["gone.jpg", "text.jpg"])
        report = (out / "report.html").read_text("utf-8")
        self.assertIn("text.jpg", report)
        self.assertIn("not an image (text)", report)

    def test_thresholds_decide(self):
        found = records(self.match("--min-score", "100000"))
        self.assertEqual({item["status"] for item in found if item["type"] == "query"},
                         {"no_match"})

    def test_the_threshold_follows_from_false_hits_to_be_expected(self):
        found = records(self.match("--max-false-hits", "0.006"))
        self.assertAlmostEqual(found[0]["options"]["match"]["min_score"], 3)  # log10(6 / .006)
        for item in found:
            if item["type"] == "hit":
                self.assertGreaterEqual(item["score"], 3)
                self.assertAlmostEqual(item["expected_false_hits"], 6 * 10 ** -item["score"])
        for wrong in ("0", "-1", "some", ""):
            self.check(2, "match", self.catalogue, SAMPLES / "views", "--max-false-hits", wrong)

    def test_removed_images_are_not_found(self):
        self.check(0, "remove", self.catalogue, "3")
        found = records(self.match())
        self.assertNotIn(3, [item["image"]["id"] for item in found if item["type"] == "hit"])
        self.assertEqual([item["id"] for item in self.listed()], [1, 2, 4, 5, 6])


class Compare(ProgramTest):
    def test_a_pair(self):
        report = self.folder / "pair.html"
        pair = (SAMPLES / "views/view_2.png", SAMPLES / "scenes/scene_2.jpg")
        found = records(self.check(0, "compare", *pair, "--jsonl", "--report", report).stdout)
        self.assertEqual([item["type"] for item in found], ["run", "verification"])
        self.assertTrue(found[1]["verified"])
        self.assertIn("scene_2.jpg", report.read_text("utf-8"))
        self.assertIn(b"scene_2.jpg", self.check(0, "compare", *pair).stdout)

    def test_strangers(self):
        pair = (SAMPLES / "views/view_2.png", SAMPLES / "scenes/scene_3.jpg")
        found = records(self.check(0, "compare", *pair, "--jsonl").stdout)
        self.assertFalse(found[1]["verified"])
        self.assertIn(b"no match", self.check(0, "compare", *pair).stdout)

    def test_a_bad_photo(self):
        result = self.check(1, "compare", SAMPLES / "bad/text.jpg", SAMPLES / "good/rgb.png")
        self.assertEqual(len(self.issue_lines(result)), 1)


class Inspect(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create()
        self.check(0, "add", self.catalogue, SAMPLES / "good/rgb.png", "--seizure", "S-1",
                   "--package", "P-1", "--agency", "BKA")
        self.check(0, "add", self.catalogue, SAMPLES / "good/grey.png", "--kind", "toolmark")

    def ids(self, *filters):
        output = self.check(0, "list", self.catalogue, "--jsonl", *filters).stdout
        return [item["id"] for item in records(output)]

    def test_list_and_its_filters(self):
        self.assertEqual(self.ids(), [1, 2])
        self.assertEqual(self.ids("--seizure", "S-1"), [1])
        self.assertEqual(self.ids("--seizure", "S-1", "--package", "P-2"), [])
        self.assertEqual(self.ids("--kind", "toolmark"), [2])
        self.check(1, "list", self.catalogue, "--seizure", "S-2")
        self.assertEqual(len(self.check(0, "list", self.catalogue).stdout.splitlines()), 2)

    def test_show_by_number_and_by_hash(self):
        sha256 = self.listed()[1]["sha256"]
        for name in ("2", sha256, sha256[:12], sha256[:12].upper()):
            [image] = records(self.check(0, "show", self.catalogue, name, "--jsonl").stdout)
            self.assertEqual(image["id"], 2)
        self.assertIn(sha256.encode(), self.check(0, "show", self.catalogue, "2").stdout)
        for name in ("3", "zz", sha256[:3] + "g"):
            result = self.check(1, "show", self.catalogue, name)
            self.assertIn(f"no image '{name}'".encode(), result.stderr)

    def test_info(self):
        [info] = records(self.check(0, "info", self.catalogue, "--jsonl").stdout)
        self.assertEqual((info["images"], info["seizures"], info["packages"], info["removed"]),
                         (2, 1, 1, 0))
        self.assertEqual(info["describe"], {"long_side_px": 96, "max_keypoints": 32})

    def test_remove(self):
        result = self.check(3, "remove", self.catalogue, "2", "9")
        self.assertIn(b"pressmark: 9: no image '9'", result.stderr)
        self.assertEqual(self.ids(), [1])
        self.check(0, "remove", self.catalogue, "--seizure", "S-1")
        self.assertEqual(self.ids(), [])
        self.assertTrue((SAMPLES / "good/rgb.png").exists())
        self.check(0, "add", self.catalogue, SAMPLES / "good/rgb.png")
        self.assertEqual(self.ids(), [3])  # numbers are never used again


class RealPhotos(ProgramTest):
    def test_pairs_of_opencv_doc(self):
        names = [*REAL_PAIRS, *REAL_PAIRS.values(), *REAL_STRANGERS]
        missing = [name for name in names if not (REAL_PHOTOS / name).is_file()]
        if missing:
            raise unittest.SkipTest(f"{REAL_PHOTOS} lacks {', '.join(missing)}")
        self.create(*(REAL_PHOTOS / name for name in REAL_PAIRS.values()), options=())
        output = self.check(0, "match", self.catalogue, "--jsonl",
                            *(REAL_PHOTOS / name for name in (*REAL_PAIRS, *REAL_STRANGERS)))
        found = [item for item in records(output.stdout) if item["type"] == "hit"]
        self.assertEqual({Path(item["query_file"]).name: Path(item["image"]["file"]).name
                          for item in found}, REAL_PAIRS)


if __name__ == "__main__":
    main()
