// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "pressmark/error.hpp"
#include "pressmark/model.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark {
namespace {

using testing::HasSubstr;

void write_text(const test::TemporaryDirectory& directory, const std::string& name,
                const std::string& text) {
  directory.write(name, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

// Sets a variable of the environment for a while.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class ModelDirectoryTest : public testing::Test {
 protected:
  // What load throws for the directory.
  ErrorCode refusal(std::string* message = nullptr) const {
    try {
      Model::load(directory_.path());
    } catch (const Error& error) {
      if (message != nullptr) *message = error.what();
      return error.code();
    }
    ADD_FAILURE() << "loaded";
    return ErrorCode::kIo;
  }

  const test::TemporaryDirectory directory_;
  const Model model_ = test::test_model({.words = 2, .global_size = 5});
};

TEST_F(ModelDirectoryTest, LoadsWhatWasSaved) {
  model_.save(directory_.path());
  const Model loaded = Model::load(directory_.path());
  EXPECT_EQ(loaded.id(), model_.id());
  EXPECT_EQ(loaded.name(), "random");
  EXPECT_EQ(loaded.global_size(), 5);
  EXPECT_EQ(loaded.manifest_json(), model_.manifest_json());
  EXPECT_EQ(loaded.data().centroids, model_.data().centroids);
}

TEST_F(ModelDirectoryTest, SavingCreatesTheDirectoryAndReplaces) {
  const auto nested = directory_.path() / "a/b";
  test::test_model({.words = 3, .global_size = 7}).save(nested);
  model_.save(nested);
  EXPECT_EQ(Model::load(nested).id(), model_.id());
}

TEST_F(ModelDirectoryTest, MissingFilesAreNotFound) {
  EXPECT_EQ(refusal(), ErrorCode::kNotFound);
  for (const char* name : {"model.json", "model.bin"}) {
    model_.save(directory_.path());
    std::filesystem::remove(directory_.path() / name);
    std::string message;
    EXPECT_EQ(refusal(&message), ErrorCode::kNotFound);
    EXPECT_THAT(message, HasSubstr(directory_.path().string()));
  }
}

TEST_F(ModelDirectoryTest, AManifestOfAnotherModelIsRefused) {
  model_.save(directory_.path());
  write_text(directory_, "model.json",
             test::test_model({.words = 3, .global_size = 7}).manifest_json());
  std::string message;
  EXPECT_EQ(refusal(&message), ErrorCode::kCorruptData);
  EXPECT_THAT(message, HasSubstr("hash"));
}

TEST_F(ModelDirectoryTest, BrokenManifestsAreRefused) {
  model_.save(directory_.path());
  for (const char* text : {"{", "[]", "{}", "{\"name\": 3}", "{\"name\": \"random\"}",
                           "{\"name\": \"random\", \"sha256\": 17}", "\xff\xfe"}) {
    write_text(directory_, "model.json", text);
    EXPECT_EQ(refusal(), ErrorCode::kCorruptData) << text;
  }
}

TEST_F(ModelDirectoryTest, DamagedNumbersAreRefused) {
  model_.save(directory_.path());
  std::fstream file(directory_.path() / "model.bin",
                    std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(1000);
  file.put('!');
  file.close();
  std::string message;
  EXPECT_EQ(refusal(&message), ErrorCode::kCorruptData);
  EXPECT_THAT(message, HasSubstr("checksum"));
}

TEST_F(ModelDirectoryTest, TheEnvironmentChoosesTheDefaultModel) {
  model_.save(directory_.path());
  const Environment chosen("PRESSMARK_MODEL", directory_.path().string());
  EXPECT_EQ(Model::load_default().id(), model_.id());
}

TEST_F(ModelDirectoryTest, AChosenModelThatIsMissingIsNotReplacedByAnother) {
  const Environment chosen("PRESSMARK_MODEL", (directory_.path() / "none").string());
  try {
    Model::load_default();
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNotFound);
    EXPECT_THAT(error.what(), HasSubstr("none"));
  }
}

}  // namespace
}  // namespace pressmark
