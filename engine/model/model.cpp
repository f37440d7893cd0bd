// SPDX-License-Identifier: Apache-2.0
#include "pressmark/model.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "engine/image/image.hpp"
#include "engine/model/model_data.hpp"
#include "pressmark/error.hpp"

namespace pressmark {
namespace {

constexpr std::int64_t kMaxModelBytes = std::int64_t{1} << 30;

void write_file(const std::filesystem::path& file, const void* data, std::size_t size) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  stream.close();
  if (!stream) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  }
}

}  // namespace

Model::Model(std::shared_ptr<const models::ModelData> data) : data_(std::move(data)) {}

Model Model::load(const std::filesystem::path& directory) {
  const auto fail = [&](ErrorCode code, const std::string& reason) {
    return Error(code, fmt::format("model {}: {}", directory.string(), reason));
  };
  const std::filesystem::path binary = directory / "model.bin", card = directory / "model.json";
  if (!std::filesystem::exists(binary) || !std::filesystem::exists(card)) {
    throw fail(ErrorCode::kNotFound, "model.json or model.bin is missing");
  }
  try {
    const image::Bytes bytes = image::read_file(binary, kMaxModelBytes);
    auto data = std::make_shared<models::ModelData>(models::decode_model(bytes));
    const image::Bytes text = image::read_file(card, kMaxModelBytes);
    const nlohmann::ordered_json json =
        nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, false);
    const auto is_text = [&](const char* key) {
      return json.contains(key) && json[key].is_string();
    };
    if (!json.is_object() || !is_text("name") || !is_text("sha256")) {
      throw Error(ErrorCode::kCorruptData, "model.json is not a model manifest");
    }
    if (json["sha256"].get<std::string>() != image::sha256(bytes).hex()) {
      throw Error(ErrorCode::kCorruptData,
                  "model.bin does not have the hash that model.json states");
    }
    data->name = json["name"].get<std::string>();
    data->manifest_json = json.dump(2);
    return Model(std::move(data));
  } catch (const Error& error) {
    throw fail(error.code(), error.what());
  }
}

void Model::save(const std::filesystem::path& directory) const {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot create {}: {}", directory.string(), error.message()));
  }
  const std::vector<std::uint8_t> bytes = models::encode_model(*data_);
  const std::string manifest = data_->manifest_json + "\n";
  write_file(directory / "model.bin", bytes.data(), bytes.size());
  write_file(directory / "model.json", manifest.data(), manifest.size());
}

const std::string& Model::id() const {
  return data_->id;
}
const std::string& Model::name() const {
  return data_->name;
}
int Model::global_size() const {
  return data_->global_size;
}
const std::string& Model::manifest_json() const {
  return data_->manifest_json;
}

}  // namespace pressmark
