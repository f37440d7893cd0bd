# SPDX-License-Identifier: Apache-2.0
"""The verbs about the index: reindex, audit, and what info says of it."""

import shutil

from program import SAMPLES, ProgramTest, main, records, snapshot


class Index(ProgramTest):
    def setUp(self):
        super().setUp()
        self.create(self.many_photos(6))

    def info(self):
        return records(self.check(0, "info", self.catalogue, "--jsonl").stdout)[0]

    def test_info_states_the_index_files(self):
        info = self.info()
        self.assertEqual((info["index_files"], info["indexed_images"], info["unindexed_images"],
                          info["index_problems"]), (1, 6, 0, []))
        size = sum(file.stat().st_size for file in (self.catalogue / "index").glob("*.pmidx"))
        self.assertEqual(info["index_bytes"], size)
        self.assertIsNone(info["drift"])  # so few images have no lists
        self.assertIn(b"index files  1, ", self.check(0, "info", self.catalogue).stdout)

    def test_reindex_repairs_what_info_names(self):
        file = next((self.catalogue / "index").glob("*.pmidx"))
        contents = bytearray(file.read_bytes())
        contents[20] ^= 1
        file.write_bytes(contents)
        result = self.check(0, "info", self.catalogue)
        self.assertIn(str(file), result.stderr.decode())
        self.assertIn(b"6 images without", result.stdout)
        result = self.check(0, "reindex", self.catalogue)
        self.assertIn(b"6 images indexed in 1 files", result.stderr)
        self.assertEqual(self.info()["index_problems"], [])

    def test_answers_do_not_need_the_index(self):
        query = ("match", self.catalogue, SAMPLES / "good/baseline.jpg", "--jsonl")
        expected = self.check(0, *query).stdout
        shutil.rmtree(self.catalogue / "index")
        before = snapshot(self.catalogue)
        self.assertEqual(self.check(0, *query).stdout, expected)
        self.assertEqual(snapshot(self.catalogue), before)
        self.check(0, "reindex", self.catalogue)
        self.assertEqual(self.check(0, *query).stdout, expected)

    def test_an_import_of_what_is_there_indexes_what_has_no_index(self):
        other = self.folder / "other"
        self.check(0, "export", self.catalogue, other)
        shutil.rmtree(self.catalogue / "index")
        self.assertEqual(self.info()["unindexed_images"], 6)
        self.assertIn(b"0 added", self.check(0, "import", self.catalogue, other).stderr)
        self.assertEqual((self.info()["indexed_images"], self.info()["unindexed_images"]), (6, 0))

    def test_an_add_of_what_is_there_indexes_what_has_no_index(self):
        shutil.rmtree(self.catalogue / "index")
        self.assertEqual(self.info()["unindexed_images"], 6)
        added = self.check(0, "add", self.catalogue, self.many_photos(6), "--jsonl").stdout
        self.assertEqual({photo["status"] for photo in records(added)}, {"duplicate"})
        self.assertEqual((self.info()["indexed_images"], self.info()["unindexed_images"]), (6, 0))

    def test_audit_states_the_recall(self):
        audit = ("audit", self.catalogue, "--queries", "4", "--k", "3")
        report = records(self.check(0, *audit, "--least", "1", "--jsonl").stdout)[0]
        self.assertEqual((report["type"], report["images"], report["queries"], report["k"],
                          report["recall"]), ("audit", 6, 4, 3, 1))
        self.assertIn(b"recall@3 1.0000", self.check(0, *audit).stdout)

    def test_audit_says_that_small_catalogues_are_searched_completely(self):
        self.assertIn(b"among 6 images a search compares all of them in all positions; nothing is missed",
                      self.check(0, "audit", self.catalogue, "--least-candidates", "1").stdout)
        candidates = records(self.check(0, "audit", self.catalogue, "--jsonl").stdout)[0]["candidates"]
        self.assertEqual((candidates["same_search"], candidates["queries"], candidates["first"]), (True, 0, []))

    def test_audit_compares_candidates_with_those_of_a_thorough_search(self):
        audit = ("audit", self.catalogue, "--dense-images", "0", "--candidate-queries", "4")
        candidates = records(self.check(0, *audit, "--jsonl").stdout)[0]["candidates"]
        self.assertFalse(candidates["same_search"])
        self.assertLessEqual(candidates["queries"], 4)
        self.assertGreater(candidates["queries"], 0)
        self.assertEqual(candidates["links_found"], candidates["links"])
        self.assertIn(b"the fast search misses nothing that a thorough one finds", self.check(0, *audit).stdout)
        nobody = self.check(0, *audit[:-1], "0").stdout
        self.assertIn(b"candidates: none of the images asked", nobody)

    def test_audit_refuses_impossible_options(self):
        self.check(1, "audit", self.catalogue, "--queries", "0")
        self.check(1, "audit", self.catalogue, "--candidate-queries", "-1")
        self.check(2, "audit", self.catalogue, "--least", "2")
        self.check(2, "audit", self.catalogue, "--least-candidates", "2")

    def test_reindex_needs_a_catalogue(self):
        self.check(1, "reindex", self.folder / "none")


if __name__ == "__main__":
    main()
