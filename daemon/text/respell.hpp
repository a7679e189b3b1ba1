// Other words for a text that has formatting: what a person changed in the plain text is changed in the HTML behind it, and everything
// else (links, bold words, pictures, blocks) stays byte for byte. Where the change cannot be told from the formatting it is refused with
// the reason, and nothing is guessed. Takes any bytes and never throws. Must not know posts, crises or platforms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfmast::text {

// One part of a text, in the order of reading: a title, an article.
struct passage {
    std::string text;
    bool html = true;  // false: plain text
};

struct respelling {
    std::vector<std::string> passages;  // as many as were given, each in its own form
    std::string why_not;                // why it cannot be done without a loss; empty: it is done

    [[nodiscard]] bool done() const { return why_not.empty(); }
};

// `wanted`: the whole text as a reader shall see it, lines from first to last; empty lines and blanks at the ends of lines do not count.
// Lines come and go in the last passage only, where it consists of paragraphs; the passages before it keep theirs.
respelling respell(const std::vector<passage>& from, std::string_view wanted);

// The same lines of the same words, whatever blanks and empty lines lie between them.
bool same_lines(std::string_view one, std::string_view other);

// Nobody wrote between a look and now: it says what was seen, or already what is wanted. Whatever is not known is no sign of a change;
// `seen` may be null.
bool is_as_seen(const std::optional<std::string>& there, const std::string* seen, const std::optional<std::string>& wanted);

// What a release is refused with when it is not.
inline constexpr std::string_view changed_meanwhile =
    "it was changed at its source in this moment; look at the difference, and release it again";

// Plain text as an HTML fragment's text; '[' too, where a shortcode would begin.
std::string as_html(std::string_view plain);

// The same of one line, and the addresses in it become links.
std::string as_html_with_links(const std::string& line);

}  // namespace halfmast::text
