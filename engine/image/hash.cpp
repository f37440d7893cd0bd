// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include "engine/image/formats.hpp"

namespace pressmark::image {

Sha256 sha256(std::span<const std::uint8_t> bytes) {
  Sha256 digest;
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.bytes.data(), &length, EVP_sha256(), nullptr) !=
          1 ||
      length != digest.bytes.size()) {
    throw_unsupported("SHA-256 is not available in the installed OpenSSL");
  }
  return digest;
}

}  // namespace pressmark::image
