#include "connectors/bluesky/settings.hpp"

#include <algorithm>
#include <cctype>

namespace halfmast::bluesky {

namespace {

// "acme.example": labels of letters, digits and hyphens. Empty when it is one, else what is wrong.
std::string fault_of_handle(std::string_view handle)
{
    auto has_only = [&](std::string_view more) {
        return std::ranges::all_of(handle, [&](char c) {
            auto byte = static_cast<unsigned char>(c);
            return byte < 0x80 && (std::isalnum(byte) != 0 || more.find(c) != std::string_view::npos);
        });
    };
    if (handle.starts_with("did:"))
        return has_only(":._-%") ? std::string{} : "holds a character that no DID has";
    if (handle.starts_with('@'))
        return "begins with '@'; give the handle without it";
    if (handle.find('@') != std::string_view::npos)
        return "is an e-mail address; give the handle, as in \"acme.example\"";
    auto dot = handle.find('.');
    bool empty_label = handle.starts_with('.') || handle.ends_with('.') || handle.find("..") != std::string_view::npos;
    if (!has_only("-.") || dot == std::string_view::npos || empty_label)
        return "is no handle; a handle is a domain name, as in \"acme.example\" or \"acme.bsky.social\"";
    return {};
}

}  // namespace

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto made = std::make_shared<settings>();
    made->url = values.base_url("url");
    made->handle = values.text("handle");
    made->password = values.secret("password");
    bool good = !made->url.empty() && !made->handle.empty();  // an empty one noted its own fault
    if (auto wrong = made->handle.empty() ? std::string{} : fault_of_handle(made->handle); !wrong.empty()) {
        values.fault("handle", std::move(wrong));
        good = false;
    }
    if (made->url.ends_with("//bsky.app")) {
        values.fault("url", "is the website; give the account's own server, as in \"https://bsky.social\"");
        good = false;
    }
    return good ? made : nullptr;
}

void declare(const connector_settings&, account& into)
{
    into.rungs = {};
    into.can_read_feed = true;
    into.can_read_mentions = true;
    into.can_publish = true;
    into.can_pin = true;
    into.can_reply = true;
    into.most_pins = most_pins;
    into.text_limit = text_limit;
    into.counting = text_counting::graphemes;
    into.byte_limit = static_cast<int>(most_bytes);
    into.has_queue = false;
    into.most_in_flight = most_in_flight;
}

}  // namespace halfmast::bluesky
