# SPDX-License-Identifier: Apache-2.0
"""Manifests that are wrong as a whole or in a row (docs/manifest.md)."""

from program import SAMPLES, ProgramTest, main, records


class Manifests(ProgramTest):
    def setUp(self):
        super().setUp()
        self.copy("good/baseline.jpg", "a.jpg")
        self.copy("good/rgb.png", "b.png")
        self.create()

    def add(self, code, manifest, *arguments):
        return self.check(code, "add", self.catalogue, manifest, *arguments, "--jsonl")

    def check_issue(self, manifest, name, reason, code="invalid_argument"):
        """As whole-manifest problem or row: the good photo beside it is still processed."""
        for verb in ("add", "match"):
            with self.subTest(verb):
                self.check_one_issue((verb, self.catalogue, manifest, SAMPLES / "good/grey.png"),
                                     name, reason, code, record="input")

    def test_a_good_manifest(self):
        manifest = self.write(
            "facts.csv",
            "file,seizure,package,kind,place,date,agency,scale_mm_per_px,roi,finder\n"
            "a.jpg,S-1,P-1,toolmark,Köln,2024-05,BKA,0.02,1 2 60 50,Ana\n"
            "b.png,S-1,,,,,,,,\n")
        self.add(0, manifest)
        first, second = self.listed()
        self.assertEqual((first["seizure"], first["package"], first["kind"]),
                         ("S-1", "P-1", "toolmark"))
        self.assertEqual((first["scale_mm_per_px"], first["region"]), (0.02, [1, 2, 60, 50]))
        self.assertEqual(first["metadata"], {"finder": "Ana"})
        self.assertEqual((second["seizure"], second["package"], second["kind"]),
                         ("S-1", None, "logo"))
        [seizure] = records(self.check(0, "list", self.catalogue, "--seizures", "--jsonl").stdout)
        self.assertEqual((seizure["place"], seizure["date"], seizure["agency"]),
                         ("Köln", "2024-05", "BKA"))

    def test_json_lines_state_the_same(self):
        manifest = self.write(
            "facts.jsonl",
            '{"file": "a.jpg", "seizure": "S-1", "place": "Köln", "roi": [1, 2, 60, 50]}\n')
        self.add(0, manifest)
        self.assertEqual(self.listed()[0]["region"], [1, 2, 60, 50])

    def test_missing_column(self):
        manifest = self.write("facts.csv", "photo,seizure\na.jpg,S-1\n")
        self.check_issue(manifest, "facts.csv",
                         "no column 'file'; columns found: 'photo', 'seizure'")

    def test_wrong_encoding_as_a_whole(self):
        manifest = self.write("facts.csv", "file,kind\na.jpg,logo\n".encode("utf-16"))
        self.check_issue(manifest, "facts.csv", "UTF-16; save it as UTF-8", "unsupported")

    def test_wrong_encoding_of_a_row(self):
        manifest = self.write("facts.csv", "file,finder\na.jpg,Jörg\n".encode("latin-1"))
        self.check_issue(manifest, "facts.csv:2", "not UTF-8")

    def test_no_manifest(self):
        self.check_issue(self.folder / "gone.csv", "gone.csv", "no such file", "not_found")

    def test_empty_manifest(self):
        self.check_issue(self.write("facts.csv", ""), "facts.csv", "empty file")

    def test_rows_that_cannot_be_used(self):
        rows = {
            "kind": ("file,kind\na.jpg,photo\n", "kind is not logo, toolmark"),
            "date": ("file,seizure,date\na.jpg,S-1,5.3.2024\n", "date is not a date"),
            "roi": ("file,roi\na.jpg,1 2 3\n", "roi is not four whole numbers"),
            "scale": ("file,scale_mm_per_px\na.jpg,-1\n", "is not a number above 0"),
            "package": ("file,package\na.jpg,P-1\n", "package without seizure"),
            "fields": ("file,kind\na.jpg\n", "1 fields, but the header has 2"),
            "quote": ('file,finder\na.jpg,"A" B\n', "stray quote"),
        }
        for name, (text, reason) in rows.items():
            with self.subTest(name):
                self.check_issue(self.write(f"{name}.csv", text), f"{name}.csv:2", reason)

    def test_a_row_that_is_no_json(self):
        manifest = self.write("facts.jsonl", '{"file": "a.jpg"\n')
        self.check_issue(manifest, "facts.jsonl:1", "not valid JSON")

    def test_a_row_naming_a_file_that_is_not_there(self):
        manifest = self.write("facts.csv", "file\ngone.jpg\na.jpg\n")
        self.check_one_issue(("add", self.catalogue, manifest), "gone.jpg", "no such file",
                             "not_found")
        self.check_one_issue(("match", self.catalogue, manifest), "gone.jpg", "no such file",
                             "not_found", record="query")

    def test_region_outside_the_photo(self):
        manifest = self.write("facts.csv", "file,roi\na.jpg,500 500 10 10\nb.png,\n")
        self.check_one_issue(("add", self.catalogue, manifest), "a.jpg", "region",
                             "invalid_argument")
        self.check_one_issue(("match", self.catalogue, manifest), "a.jpg", "region",
                             "invalid_argument", record="query")

    def test_rows_that_contradict_each_other(self):
        manifest = self.write("facts.csv", "file,seizure,place\na.jpg,S-1,Köln\nb.png,S-1,Bonn\n")
        self.check_issue(manifest, "facts.csv:3", "place 'Bonn' contradicts 'Köln'")


class Seizures(ProgramTest):
    def setUp(self):
        super().setUp()
        self.copy("good/baseline.jpg", "a.jpg")
        self.copy("good/rgb.png", "b.png")
        self.create()

    def test_unknown_seizure(self):
        manifest = self.write("facts.csv", "file,seizure\na.jpg,S-9\nb.png,\n")
        self.check_one_issue(("add", self.catalogue, manifest), "a.jpg", "unknown seizure 'S-9'",
                             "not_found")
        self.assertEqual([item["file"].rsplit("/", 1)[1] for item in self.listed()], ["b.png"])
        self.check(0, "match", self.catalogue, manifest)  # a query belongs to no seizure yet

    def test_unknown_seizure_may_be_created(self):
        manifest = self.write("facts.csv", "file,seizure\na.jpg,S-9\n")
        self.check(0, "add", self.catalogue, manifest, "--new-seizures")
        self.assertEqual(self.listed()[0]["seizure"], "S-9")

    def test_seizure_of_the_command_line(self):
        self.check(3, "add", self.catalogue, self.folder / "a.jpg", "--seizure", "S-1")
        self.check(0, "add", self.catalogue, self.folder / "a.jpg", "--seizure", "S-1",
                   "--package", "P-1", "--date", "2024-05-03", "--kind", "wrapping")
        [image] = self.listed()
        self.assertEqual((image["seizure"], image["package"], image["kind"]),
                         ("S-1", "P-1", "wrapping"))

    def test_seizure_that_contradicts_the_catalogue(self):
        self.check(0, "add", self.catalogue, self.folder / "a.jpg", "--seizure", "S-1", "--place",
                   "Köln")
        self.copy("good/grey.png", "c.png")
        manifest = self.write("facts.csv", "file,seizure,place\nb.png,S-1,Bonn\nc.png,,\n")
        failed = self.check_one_issue(
            ("add", self.catalogue, manifest), "b.png",
            "seizure 'S-1': its place is 'Köln' in the catalogue, not 'Bonn'",
            "invalid_argument")
        self.assertEqual(failed["file"], str(self.folder / "b.png"))
        [seizure] = records(self.check(0, "list", self.catalogue, "--seizures", "--jsonl").stdout)
        self.assertEqual((seizure["place"], seizure["images"]), ("Köln", 1))


if __name__ == "__main__":
    main()
