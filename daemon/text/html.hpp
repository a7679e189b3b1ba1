// Where each byte of from_html()'s text stands in the fragment it was read from. Private to this room.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace halfmast::text {

struct html_place {
    static constexpr std::size_t no_run = static_cast<std::size_t>(-1);

    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t run = no_run;  // which stretch of text between two pieces of markup; no_run: made by markup, or across some
};

// from_html(html). `places`, empty at first: one for each byte; may be null.
std::string read_html(std::string_view html, std::vector<html_place>* places);

}  // namespace halfmast::text
