// Reading of uploaded files: kind and size of the picture from its own bytes.
#pragma once

#include "daemon/sandbox/state.hpp"

namespace halfmast::sandbox {

// Fills type, content_type, extension, width and height; `claimed` is the sender's word, used when the bytes say nothing.
void recognise(media& file, std::string_view claimed);

}  // namespace halfmast::sandbox
