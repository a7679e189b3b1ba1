// Plain words as an article of a site, for platforms whose posts are articles: a title, paragraphs, a name for the address.
// Pure. Must not know posts, crises or platforms: what a platform wraps around a paragraph is its connector's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace halfmast::text {

// The first sentence of the first line, cut between words when it has more than 60 characters.
std::string title_of(const std::string& plain);

// What stands between <p> and </p>, for each paragraph: an empty line ends one, addresses are links.
std::vector<std::string> html_paragraphs(const std::string& plain);

// A name of a-z, 0-9 and '-' for an address, 120 and a few characters at most; the same for the same key and another for another one.
std::string slug_of(const std::string& key);

// The same characters in the same order, whatever blanks and line ends lie between them.
bool same_letters(std::string_view one, std::string_view other);

}  // namespace halfmast::text
