// Small conversions the practice platform needs everywhere. Pure; knows nothing of accounts, requests or sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/time.hpp"

namespace halfmast::sandbox {

// "2026-03-01T14:30:00.000Z": Mastodon always writes the milliseconds.
std::string iso(time_point at);

// What a client sends: RFC 3339. A time without a zone is UTC and one without seconds is taken, as Rails reads them.
std::optional<time_point> parse_date(std::string_view text);

// What a stage is set with: a date, or relative to `now`: "+90s", "-2d".
std::optional<time_point> parse_when(std::string_view text, time_point now);

// "+3m", "-10s", "90s".
std::optional<milliseconds> parse_signed_duration(std::string_view text);

// Days since 1970-01-01 UTC: the date column of the daily cap.
std::int64_t day_number(time_point at);

// '*' stands for any run of characters, '/' included; everything else for itself.
bool glob_matches(std::string_view pattern, std::string_view text);

std::optional<std::string> base64_decode(std::string_view text);

// Digits only, no sign, fits 64 bits.
std::optional<std::uint64_t> parse_id(std::string_view text);

std::string escape_html(std::string_view text);

// "@alice", "@bob@elsewhere.example" without the leading '@', in order, each once.
std::vector<std::string> mentions_in(std::string_view text);

// "#Sale" without '#', in order, each once (compared as written).
std::vector<std::string> hashtags_in(std::string_view text);

// Paragraphs, line breaks, links, mentions and hashtags as a Mastodon server renders them.
std::string render_html(std::string_view text, std::string_view base_url);

// As the platform counts: what a reader sees as one character is one; a link is 23, the domain of a mention nothing.
std::size_t count_characters(std::string_view text);

}  // namespace halfmast::sandbox
