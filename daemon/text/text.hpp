// Languages: Unicode case folding, links and hashtags, dates in words, templates of statements. The one place that knows ICU.
// Takes any bytes and never throws. Must not know posts, crises or platforms.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/time.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::text {

// NFKC case folding, runs of white space as one blank and none at the ends. Broken UTF-8 becomes U+FFFD. Locale-free.
std::string fold(std::string_view utf8);

// Plain text of an HTML fragment: tags dropped, block ends as line ends, entities decoded.
std::string from_html(std::string_view html);

// Absolute http(s) targets of an HTML fragment's links (href), in order.
std::vector<std::string> links_in_html(std::string_view html);

// Absolute http(s) links in plain text, in order, without trailing punctuation.
std::vector<std::string> links_in(std::string_view plain);

// Hashtags of plain text without '#', in order.
std::vector<std::string> hashtags_in(std::string_view plain);

// Bytes of a text, from `begin` to before `end`.
struct span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Where those stand in text that is valid UTF-8; a hashtag with its '#'.
std::vector<span> link_spans(std::string_view plain);
std::vector<span> hashtag_spans(std::string_view plain);

// "14:30 CET" or, when it is not today there, "25 November, 14:30 CET"; in that language and IANA zone.
std::string local_time(time_point at, time_point now, const std::string& language, const std::string& zone);

// "2 hours, 15 minutes", in the plural forms of that language; days and hours from a day on, and never less than a minute.
std::string duration(seconds length, const std::string& language);

// "in 45 minutes", "через 21 минуту"; in minutes, or in whole hours or days where it is that many.
std::string time_ahead(seconds from_now, const std::string& language);

// Knows this IANA zone name.
bool is_time_zone(const std::string& zone);

// How far the clocks of an IANA zone are ahead of UTC at that moment; nothing when the zone is not known.
std::optional<seconds> zone_offset(time_point at, const std::string& zone);

// The usual form of a BCP 47 tag: "EN-us" gives "en-US". Nothing when it is malformed or no such language is known.
std::optional<std::string> language_tag(std::string_view tag);

// Characters as most platforms count them (Unicode code points).
std::size_t length(std::string_view utf8);

// Characters as a reader sees them (grapheme clusters): a family emoji is one.
std::size_t graphemes(std::string_view utf8);

// Mustache without HTML escaping: {{name}} and comments; {{#name}}...{{/name}} stands when the field is not empty, {{^name}}...{{/name}}
// when it is. No lists, no partials. Every field used must be given: the problem lists the ones that are not.
result<std::string> render(const std::string& source, const std::map<std::string, std::string>& fields);

// The names of the fields a template uses; a problem when it does not parse.
result<std::vector<std::string>> fields_of(const std::string& source);

// The fields without a value that would leave a hole in the text: not the ones it asks for before.
result<std::vector<std::string>> holes_of(const std::string& source, const std::map<std::string, std::string>& fields);

}  // namespace halfmast::text
