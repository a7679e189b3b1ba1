// The OpenAPI 3.1 description of this API as served: written by hand in openapi.json, and a part of the binary.
#pragma once

#include <string_view>

namespace halfmast::api {

std::string_view openapi_document();

}  // namespace halfmast::api
