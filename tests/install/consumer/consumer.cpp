// SPDX-License-Identifier: Apache-2.0
//
// consumer MODEL A B: describes two photos and prints the library's version and their score.
#include <iostream>

#include <pressmark/catalogue.hpp>
#include <pressmark/engine.hpp>
#include <pressmark/json.hpp>
#include <pressmark/report.hpp>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    const pressmark::Engine engine(pressmark::Model::load(argv[1]));
    const pressmark::DescribedPhoto first = engine.describe_file(argv[2]);
    const pressmark::DescribedPhoto second = engine.describe_file(argv[3]);
    if (!first.ok || !second.ok) return 3;
    const pressmark::Verification result = engine.verify(first.description, second.description);
    std::cout << pressmark::version() << ' ' << result.verified << ' ' << result.score << '\n';
    return 0;
  } catch (const pressmark::Error& error) {  // its type is known across the library's border
    std::cerr << to_string(error.code()) << ": " << error.what() << '\n';
    return 1;
  }
}
