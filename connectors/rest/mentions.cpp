#include "connectors/rest/mentions.hpp"

#include "connectors/rest/wire.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::rest {

namespace {

// As text; empty where there is none.
std::string part_at(const std::optional<pointer>& at, const nlohmann::json& in)
{
    const auto* found = at ? at->first(in) : nullptr;
    return found != nullptr ? as_text(*found).value_or("") : std::string{};
}

}  // namespace

mention_listing read_mention_listing(table& from, const call_rules& rules)
{
    mention_listing made;
    made.from = read_listing(from, rules, true);
    made.from.id = from.at("id");
    if (from.find("id") == nullptr)
        from.missing("id", "where an entry's id stands");
    if (from.find("at") == nullptr)
        from.missing("at", "where it stands when it was written");
    made.text = from.ats("text");
    if (from.find("text") == nullptr)
        from.missing("text", "where its words stand");
    enum { plain, html };
    made.html = from.one_of("text_is", {{"plain", plain}, {"html", html}}).value_or(plain) == html;
    made.by = from.at("by");
    made.language = from.at("language");
    made.link = from.at("link");
    made.reply_to = from.at("reply_to");
    made.author = from.at("author");
    if (auto me = from.inner("me")) {
        made.me = read_call(*me, rules);
        if (me->find("item") == nullptr)
            me->missing("item", "where the answer says who we are, as author says it of an entry");
        me->finish();
    }
    if (made.author.has_value() != made.me.has_value())
        from.missing(made.author ? "me" : "author",
                     "author and [mentions.me] need each other: what we write ourselves is no mention");
    return made;
}

namespace wire {

std::optional<said_by> read_said(const settings& own, const nlohmann::json& item)
{
    const auto& how = *own.what->mentions;
    said_by made;
    auto& said = made.said;
    said.id = post_id{part_at(how.from.id, item)};
    const auto* when = how.from.at->first(item);
    auto at = when != nullptr ? read_time(*when, own.what->read) : std::nullopt;
    if (said.id.empty() || !at)
        return std::nullopt;
    said.at = *at;
    for (const auto& place : how.text)
        for (const auto* found : place.all(item)) {
            auto raw = as_text(*found).value_or("");
            auto words = how.html ? text::from_html(raw) : std::move(raw);
            if (!words.empty())
                said.text += (said.text.empty() ? "" : "\n") + words;
        }
    said.by = part_at(how.by, item);
    if (how.html)
        said.by = text::from_html(said.by);
    said.language = part_at(how.language, item);
    said.url = part_at(how.link, item);
    said.in_reply_to = post_id{part_at(how.reply_to, item)};
    made.author = part_at(how.author, item);
    return made;
}

result<std::string> read_me(const settings& own, const http_response& reply)
{
    constexpr std::string_view doing = "ask who we are";
    auto body = parse_json(reply.body);
    auto me = body ? part_at(own.what->mentions->me->item, *body) : std::string{};
    if (me.empty())
        return trouble(own, failure::bad_reply, doing,
                       "the answer is not what the description says: nothing where [mentions.me] item leads");
    return me;
}

}  // namespace wire

}  // namespace halfmast::rest
