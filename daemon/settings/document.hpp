// A TOML file as plain values with their places, for connectors that describe something in a file of their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/ports/document.hpp"

namespace halfmast::settings {

struct document_read {
    std::shared_ptr<const document> value;  // null: see why
    std::string why;                        // follows the file's name: "cannot be read: ...", "not TOML: ..."
    document_place at;                      // line 0: the file as a whole
};

document_read read_document(const std::string& file);

// The same from text that was read already.
document_read parse_document(std::string_view text, const std::string& file);

}  // namespace halfmast::settings
