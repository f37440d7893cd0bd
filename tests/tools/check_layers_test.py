#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants small trees with one offence each and expects tools/check-layers to name it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK_LAYERS = Path(__file__).resolve().parents[2] / "tools" / "check-layers"
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.root = Path(self.temporary.name)
        self.write("include/pressmark/types.hpp", "#include <vector>\n")
        self.write("include/pressmark/report.hpp", '#include "pressmark/types.hpp"\n')
        self.write("cmake/PressmarkHeaderTests.cmake", "set(HEADERS types.hpp report.hpp)\n", first="")

    def write(self, name, text, first=SPDX):
        """A file; a source also gets a CMakeLists.txt that lists it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(first + text)
        if path.suffix == ".cpp":
            with open(path.parent / "CMakeLists.txt", "a") as listing:
                listing.write(f"pressmark_add_layer({path.parent.name} SOURCES {path.name})\n")

    def check(self):
        result = subprocess.run([sys.executable, CHECK_LAYERS, "--root", self.root],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.stderr, "")
        return result.returncode, result.stdout.splitlines()

    def expect_offence(self, *lines):
        self.assertEqual(self.check(), (1, list(lines)))

    def expect_clean(self):
        self.assertEqual(self.check(), (0, []))

    def test_accepts_a_tree_that_keeps_the_rule(self):
        self.write("kernels/ops.hpp", '#include "pressmark/types.hpp"\n#include "kernels/math/fft.hpp"\n')
        self.write("kernels/math/fft.hpp", "#include <cmath>\n")
        self.write("kernels/cpu/match.cpp", '#include <hwy/highway.h>\n#include "kernels/ops.hpp"\n')
        self.write("engine/image/decode.cpp", "#include <opencv2/imgproc.hpp>\n")
        self.write("engine/pipeline/add.cpp", '#include "engine/store/store.hpp"\n#include "kernels/ops.hpp"\n')
        self.write("engine/store/store.hpp", "#include <SQLiteCpp/SQLiteCpp.h>\n")
        self.write("apps/cli/main.cpp", '#include "pressmark/report.hpp"\n#include "verbs.hpp"\n')
        self.write("apps/cli/verbs.hpp", "#include <CLI/CLI.hpp>\n")
        self.write("tests/engine/store/store_test.cpp", "#include <sqlite3.h>\n")
        self.write("bench/search/flat.cpp", '#include <faiss/IndexFlat.h>\n#include "kernels/cpu/match.hpp"\n')
        self.expect_clean()

    def test_reports_an_include_that_points_up(self):
        self.write("engine/store/segment.cpp", '#include <vector>\n\n#include "engine/pipeline/add.hpp"\n')
        self.expect_offence("engine/store/segment.cpp:4: engine/store may not include engine/pipeline/add.hpp")

    def test_reports_an_include_of_a_sibling(self):
        self.write("engine/index/flat.cpp", '#  include "engine/store/store.hpp"\n')
        self.expect_offence("engine/index/flat.cpp:2: engine/index may not include engine/store/store.hpp")

    def test_reports_angle_brackets_too(self):
        self.write("engine/index/flat.cpp", "#include <engine/store/store.hpp>\n")
        self.expect_offence("engine/index/flat.cpp:2: engine/index may not include engine/store/store.hpp")

    def test_reports_a_backend_where_only_the_interface_is_allowed(self):
        self.write("engine/verify/verify.cpp", '#include "kernels/ops.hpp"\n#include "kernels/cpu/match.hpp"\n')
        self.expect_offence("engine/verify/verify.cpp:3: engine/verify may not include kernels/cpu/match.hpp")

    def test_reports_kernels_where_only_formulas_are_allowed(self):
        self.write("engine/store/store.cpp", '#include "kernels/math/dot.hpp"\n#include "kernels/ops.hpp"\n')
        self.expect_offence("engine/store/store.cpp:3: engine/store may not include kernels/ops.hpp")

    def test_reports_kernels_that_know_more_than_public_types(self):
        self.write("kernels/cpu/match.cpp", '#include "pressmark/report.hpp"\n')
        self.expect_offence("kernels/cpu/match.cpp:2: kernels/cpu may not include include/pressmark/report.hpp")

    def test_reports_an_app_that_reaches_past_the_public_headers(self):
        self.write("apps/cli/main.cpp", '#include "engine/types/text.hpp"\n#include "kernels/ops.hpp"\n')
        self.expect_offence("apps/cli/main.cpp:2: apps may not include engine/types/text.hpp",
                            "apps/cli/main.cpp:3: apps may not include kernels/ops.hpp")

    def test_reports_a_public_header_that_includes_more_than_public_headers(self):
        self.write("include/pressmark/report.hpp",
                   '#include <string>\n#include <nlohmann/json.hpp>\n#include "engine/image/image.hpp"\n'
                   "#include <sys/stat.h>\n")
        name = "include/pressmark/report.hpp"
        self.expect_offence(
            f"{name}:3: include/pressmark includes the standard library only, not nlohmann/json.hpp",
            f"{name}:4: include/pressmark may not include engine/image/image.hpp",
            f"{name}:5: include/pressmark includes the standard library only, not sys/stat.h")

    def test_reports_libraries_outside_their_layer(self):
        for include, library in (("opencv2/core.hpp", "OpenCV"), ("faiss/Index.h", "FAISS"),
                                 ("SQLiteCpp/Database.h", "SQLite"), ("sqlite3.h", "SQLite"),
                                 ("cuda_runtime.h", "CUDA"), ("thrust/scan.h", "CUDA"),
                                 ("hwy/highway.h", "Highway")):
            with self.subTest(include):
                self.write("engine/verify/verify.hpp", f"#include <{include}>\n")
                self.expect_offence(f"engine/verify/verify.hpp:2: engine/verify may not see {library} ({include})")

    def test_lets_tests_see_only_what_their_layer_sees(self):
        self.write("tests/engine/verify/verify_test.cpp", "#include <opencv2/core.hpp>\n#include <faiss/Index.h>\n")
        self.expect_offence("tests/engine/verify/verify_test.cpp:3: tests may not see FAISS (faiss/Index.h)")

    def test_reports_an_include_that_steps_out_of_its_folder(self):
        self.write("engine/index/flat.cpp", '#include "../store/store.hpp"\n')
        self.expect_offence('engine/index/flat.cpp:2: "../store/store.hpp" steps out of its folder; name the layer')

    def test_reports_a_folder_that_is_no_layer(self):
        self.write("engine/magic/spell.hpp", "#include <vector>\n#include <string>\n")
        self.expect_offence("engine/magic/spell.hpp:1: no layer is known for this file; add it to check-layers")

    def test_reports_a_source_that_is_not_built(self):
        self.write("engine/index/flat.cpp", "")
        (self.root / "engine/index/CMakeLists.txt").write_text("add_library(x other.cpp) # flat.cpp\n")
        self.expect_offence("engine/index/flat.cpp:1: not listed in engine/index/CMakeLists.txt")

    def test_finds_sources_in_the_nearest_listing_above(self):
        self.write("kernels/cuda/match.cpp", "")
        self.write("kernels/cuda/runtime/stream.hpp", "")
        (self.root / "kernels/cuda/runtime/stream.cu").write_text(SPDX)
        self.expect_offence("kernels/cuda/runtime/stream.cu:1: not listed in kernels/cuda/CMakeLists.txt")
        with open(self.root / "kernels/cuda/CMakeLists.txt", "a") as listing:
            listing.write("target_sources(x PRIVATE runtime/stream.cu)\n")
        self.expect_clean()

    def test_reports_a_missing_licence_line(self):
        self.write("engine/index/flat.hpp", "#pragma once\n", first="")
        self.expect_offence("engine/index/flat.hpp:1: the first line is not "
                            "'// SPDX-License-Identifier: Apache-2.0'")

    def test_reports_a_public_header_that_is_not_compiled_alone(self):
        self.write("include/pressmark/fresh.hpp", "")
        self.expect_offence("include/pressmark/fresh.hpp:1: not listed in cmake/PressmarkHeaderTests.cmake")

    def test_refuses_a_tree_without_sources(self):
        with tempfile.TemporaryDirectory() as empty:
            result = subprocess.run([sys.executable, CHECK_LAYERS, "--root", empty],
                                    capture_output=True, check=False)
        self.assertEqual(result.returncode, 2)


if __name__ == "__main__":
    unittest.main()
