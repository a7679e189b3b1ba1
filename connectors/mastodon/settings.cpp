#include "connectors/mastodon/settings.hpp"

#include <algorithm>

namespace halfmast::mastodon {

namespace {

// A whole number in its range, or the default; false when there was a fault.
bool read_number(account_values& values, std::string_view key, int most, int& into)
{
    auto given = values.whole(key);
    if (!given)
        return true;
    if (*given < 1 || *given > most) {
        values.fault(key, std::string{key} + " is not between 1 and " + std::to_string(most));
        return false;
    }
    into = static_cast<int>(*given);
    return true;
}

// Goes into a header line: a blank or a line end in it would be a broken or a forged request.
bool is_token(std::string_view token)
{
    return std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

std::string settings::name() const
{
    auto host = url.find("://");
    return "mastodon/" + (host == std::string::npos ? url : url.substr(host + 3));
}

std::shared_ptr<const connector_settings> parse(account_values& values)
{
    auto made = std::make_shared<settings>();
    made->url = values.base_url("url");
    made->token = values.secret("token");
    bool good = read_number(values, "most_pins", 100, made->most_pins);
    good = read_number(values, "text_limit", 1'000'000, made->text_limit) && good;
    if (!is_token(made->token)) {
        values.fault("token", "token holds a blank or a character no access token has; give the token alone, without 'Bearer'");
        good = false;
    }
    // An empty token may be one that must not be read here (check-config); a missing one is noted already.
    if (!good || made->url.empty())
        return nullptr;
    return made;
}

void declare(const connector_settings& own, account& into)
{
    const auto& set = static_cast<const settings&>(own);
    into.rungs = {
        {rung::postpone, postpone_lead, most_a_day, most_in_all},
        {.kind = rung::takeout, .needs_lead = takeout_lead, .edits = true},
    };
    into.release_margin = release_margin;
    into.can_read_feed = true;
    into.can_read_mentions = true;
    into.can_publish = true;
    into.can_pin = true;
    into.can_edit = true;
    into.can_reply = true;
    into.most_pins = set.most_pins;
    into.text_limit = set.text_limit;
    into.counting = text_counting::short_links;
    into.read_batch = read_batch;
    into.most_in_flight = most_in_flight;
}

}  // namespace halfmast::mastodon
