// A letter as mail: plain text, with an id of its own that is the same at every attempt. Pure.
#pragma once

#include <string>

#include "daemon/core/pages.hpp"
#include "daemon/ports/receiver.hpp"

namespace halfmast::alert {

// Headers and text, each line ended by CR LF. No header can be made by what stands in a letter.
std::string write_mail(const receiver_settings& to, const page_letter& letter, time_point now);

// RFC 2047, where it is not plain ASCII.
std::string encode_header(const std::string& text);

}  // namespace halfmast::alert
