# SPDX-License-Identifier: Apache-2.0
"""Installs the build tree under a prefix of its own and uses it as others would.

CTest sets PRESSMARK_BUILD (build tree), PRESSMARK_SOURCE, PRESSMARK_SAMPLES (what
write_sample_images wrote), PRESSMARK_CMAKE, PRESSMARK_CXX and PRESSMARK_SANITIZE.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["PRESSMARK_SOURCE"])
SAMPLES = Path(os.environ["PRESSMARK_SAMPLES"])
CMAKE = os.environ["PRESSMARK_CMAKE"]
TIMEOUT_S = 300

# Nothing of the user's environment may help to find library, package or model.
CLEAN = {name: value for name, value in os.environ.items()
         if name in ("PATH", "HOME", "TMPDIR") or name.endswith("SAN_OPTIONS")}


def run(*command, code=0, env=None):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            timeout=TIMEOUT_S, env=env or CLEAN, check=False)
    if result.returncode != code:
        raise AssertionError(f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pressmark-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        run(CMAKE, "--install", os.environ["PRESSMARK_BUILD"], "--prefix", cls.prefix)
        cls.program = cls.prefix / "bin/pressmark"
        cls.model = cls.prefix / "share/pressmark/models/press"
        # Another name than that in the source tree, which is a place of last resort.
        manifest = cls.model / "model.json"
        contents = json.loads(manifest.read_text("utf-8"))
        contents["name"] = "of_the_prefix"
        manifest.write_text(json.dumps(contents), "utf-8")

    def library(self):
        [library] = self.prefix.glob("lib*/**/libpressmark.so")
        return library

    def test_program_runs(self):
        version = run(self.program, "--version").stdout
        self.assertTrue(version.startswith("pressmark "), version)

    def test_model_is_found_beside_the_program(self):
        created = run(self.program, "init", self.folder / "catalogue").stderr
        self.assertIn("model of_the_prefix", created)

    def test_public_headers_alone_are_installed(self):
        def names(directory):
            return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                          if path.is_file())
        self.assertEqual(names(self.prefix / "include"), names(SOURCE / "include"))

    def test_completions(self):
        for name, mark in (("bash-completion/completions/pressmark", "complete -F _pressmark"),
                           ("zsh/site-functions/_pressmark", "#compdef pressmark"),
                           ("fish/vendor_completions.d/pressmark.fish", "complete -c pressmark")):
            self.assertIn(mark, (self.prefix / "share" / name).read_text("utf-8"))

    def test_package_names_no_dependency(self):
        [targets] = self.prefix.glob("lib*/**/pressmark-targets.cmake")
        text = "".join(path.read_text("utf-8") for path in
                       targets.parent.glob("pressmark-targets*.cmake"))
        self.assertIn("pressmark::pressmark", text)
        for name in ("pressmark_store", "faiss", "opencv", "SQLite", str(SOURCE),
                     os.environ["PRESSMARK_BUILD"]):
            self.assertNotIn(name, text)

    def test_outside_project(self):
        build = self.folder / "consumer"
        sanitize = os.environ["PRESSMARK_SANITIZE"]
        flags = [f"-DCMAKE_CXX_FLAGS=-fsanitize={sanitize}"] if sanitize else []
        run(CMAKE, "-S", SOURCE / "tests/install/consumer", "-B", build,
            f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={os.environ['PRESSMARK_CXX']}", *flags)
        run(CMAKE, "--build", build)
        consumer = build / "consumer"
        view, scene = SAMPLES / "views/view_1.png", SAMPLES / "scenes/scene_1.jpg"
        version, verified, _ = run(consumer, self.model, view, scene).stdout.split()
        self.assertEqual(verified, "1")
        self.assertIn(f"pressmark {version} ", run(self.program, "--version").stdout)
        stranger = SAMPLES / "strangers/stranger_7.jpg"
        self.assertEqual(run(consumer, self.model, view, stranger).stdout.split()[1], "0")
        failed = run(consumer, self.folder / "gone", view, scene, code=1)
        self.assertTrue(failed.stderr.startswith("not_found: "), failed.stderr)

    def test_no_symbol_of_others_is_exported(self):
        nm = shutil.which("nm")
        if nm is None:
            raise unittest.SkipTest("no nm here")
        listed = run(nm, "-D", "--defined-only", self.library()).stdout.splitlines()
        symbols = [line.split()[-1].split("@")[0] for line in listed]
        # By the names' mangled beginnings: namespaces cv, faiss, SQLite; and C.
        foreign = [name for name in symbols if name.lower().startswith("sqlite3") or
                   any(name.startswith(prefix + space)
                       for prefix in ("_ZN", "_ZNK", "_ZTV", "_ZTI", "_ZTS")
                       for space in ("2cv", "5faiss", "6SQLite", "N2cv", "N5faiss", "N6SQLite"))]
        self.assertEqual(foreign, [])
        self.assertTrue([name for name in symbols if name.startswith("_ZN9pressmark")])


if __name__ == "__main__":
    unittest.main()
