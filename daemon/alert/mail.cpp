#include "daemon/alert/mail.hpp"

#include <algorithm>

#include "daemon/alert/wire.hpp"
#include "daemon/alert/words.hpp"
#include "daemon/net/http_date.hpp"

namespace halfmast::alert {

namespace {

constexpr std::size_t encoded_word_bytes = 42;  // of text in one encoded word: 75 characters with its marks at most
constexpr std::size_t base64_line = 76;

std::string mail_safe(std::string text)
{
    std::ranges::replace_if(
        text, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '@' || c == '/'; }, '-');
    return text;
}

// "Sun, 06 Nov 1994 08:49:37 +0000": the date of HTTP, with the zone as mail writes it.
std::string mail_date(time_point at)
{
    auto made = net::format_http_date(at);
    if (made.ends_with("GMT"))
        made.replace(made.size() - 3, 3, "+0000");
    return made;
}

std::string domain_of(const std::string& address)
{
    auto at = address.rfind('@');
    return at == std::string::npos ? "halfmast.invalid" : address.substr(at + 1);
}

}  // namespace

std::string encode_header(const std::string& text)
{
    if (std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; }) && text.find("=?") == std::string::npos)
        return text;
    std::string made;
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(at + encoded_word_bytes, text.size());
        while (end < text.size() && end > at + 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
            --end;  // a character stays whole
        made += (made.empty() ? "" : "\r\n ") + ("=?UTF-8?B?" + base64(std::string_view{text}.substr(at, end - at)) + "?=");
        at = end;
    }
    return made;
}

std::string write_mail(const receiver_settings& to, const page_letter& letter, time_point now)
{
    std::string all;
    for (const auto& address : to.to)
        all += (all.empty() ? "" : ",\r\n ") + one_line(address);
    auto id = mail_safe(letter.id);
    auto thread = mail_safe(letter.dedup);
    std::string made = "Date: " + mail_date(now) + "\r\n";
    made += "From: halfmast <" + one_line(to.from) + ">\r\n";
    made += "To: " + all + "\r\n";
    made += "Subject: " + encode_header(subject(letter)) + "\r\n";
    made += "Message-ID: <" + id + "." + mail_safe(to.name) + "@" + one_line(domain_of(to.from)) + ">\r\n";
    made += "References: <" + thread + "@" + one_line(domain_of(to.from)) + ">\r\n";  // the letters of one group are one thread
    made += "Auto-Submitted: auto-generated\r\n";
    if (letter.level == page_level::critical && letter.verb == page_verb::trigger)
        made += "Importance: high\r\n";
    if (!letter.crisis.empty())
        made += "X-Halfmast-Crisis: " + mail_safe(letter.crisis.value) + "\r\n";
    made += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    std::string lines;
    for (char c : text(letter))
        lines += c == '\n' ? std::string{"\r\n"} : std::string(1, c);
    auto encoded = base64(lines);
    for (std::size_t at = 0; at < encoded.size(); at += base64_line)
        made += encoded.substr(at, base64_line) + "\r\n";
    return made;
}

}  // namespace halfmast::alert
