// An article in the form of Ghost's editor (Lexical, JSON), with other words in it. Pure. What the article shows is known from its HTML;
// the words of cards (buttons, captions, ...) are seen there and left alone.
#pragma once

#include <string>
#include <string_view>

#include "daemon/text/respell.hpp"

namespace halfmast::ghost::wire {

struct respelt_article {
    std::string title;
    std::string excerpt;
    std::string lexical;
    std::string why_not;  // why it cannot be done without a loss; empty: it is done
};

// `wanted` is the whole text, title first, as a list of posts has it. Never throws, whatever the bytes.
respelt_article respell_article(const std::string& title, const std::string& excerpt, const std::string& lexical,
                                const std::string& html, std::string_view wanted);

}  // namespace halfmast::ghost::wire
