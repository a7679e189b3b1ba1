#include "daemon/settings/settings.hpp"

#include <algorithm>

#include "daemon/settings/words.hpp"

namespace halfmast::settings {

std::string to_string(const fault& one)
{
    auto place = one.file;
    if (one.line > 0)
        place += ":" + std::to_string(one.line) + ":" + std::to_string(one.column);
    return place + (one.how == weight::warning ? ": warning: " : ": ") + one.text;
}

bool loaded::usable() const
{
    return std::ranges::none_of(faults, [](const fault& one) { return one.how == weight::error; });
}

settings defaults()
{
    settings made;
    made.words = shipped_rules();
    return made;
}

policy make_policy(const settings& wanted)
{
    policy made;
    for (const auto& entry : wanted.accounts)
        made.accounts.emplace(entry.declared.id, entry.declared);
    made.playbooks = wanted.playbooks;
    made.pages = wanted.pages;
    made.signals = wanted.proposals;
    made.warn_before = wanted.warn_before;
    made.review = wanted.review;
    made.feed_margin = wanted.silence_after;
    made.rules = std::make_shared<const judgement>(wanted.marks, wanted.words, wanted.campaign_links);
    return made;
}

}  // namespace halfmast::settings
