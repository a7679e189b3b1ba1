#include "daemon/api/requests.hpp"

#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::api {

namespace {

constexpr std::size_t longest_text = 8'000;  // bytes of a reason; enough for a page, too little to fill a ledger
constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_post = 100'000;  // bytes of a post's new text
constexpr std::size_t most_in_bulk = 1'000;

problem fault(std::string detail) { return problem{failure::rejected, std::move(detail), std::nullopt}; }

std::string joined(const std::set<std::string, std::less<>>& words)
{
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

// Takes members one by one; the first fault is kept, and what nobody took is a fault at the end.
class body_reader {
public:
    explicit body_reader(std::string_view body)
    {
        // An empty body is an empty object: `lower` needs no word.
        if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
            body = "{}";
        value_ = nlohmann::json::parse(body, nullptr, false);
        if (value_.is_discarded())
            note("the body is not JSON");
        else if (!value_.is_object())
            note("the body must be a JSON object");
    }

    std::string text(const char* name, std::size_t longest)
    {
        const auto* member = take(name);
        if (member == nullptr)
            return {};
        if (!member->is_string()) {
            wrong_type(name, "a string", *member);
            return {};
        }
        auto value = member->get<std::string>();
        if (value.size() > longest)
            note("member '" + std::string{name} + "' is longer than " + std::to_string(longest) + " bytes");
        return value;
    }

    // Told apart from none at all.
    std::optional<std::string> given_text(const char* name, std::size_t longest)
    {
        if (!value_.is_object() || !value_.contains(name) || value_[name].is_null()) {
            take(name);
            return std::nullopt;
        }
        return text(name, longest);
    }

    // A text, or one for each language by BCP 47 tag, which `in` takes then; given back is the one that stands for all.
    std::string text_by_language(const char* name, std::size_t longest, by_language& in)
    {
        if (!value_.is_object() || !value_.contains(name) || !value_[name].is_object())
            return text(name, longest);
        for (const auto& [key, given] : take(name)->items()) {
            auto member = std::string{name} + "." + key;
            auto tag = key == "und" ? std::optional{key} : text::language_tag(key);
            if (!tag)
                note("member '" + member + "': '" + key + "' is not a language tag; write it as en, hu or zh-Hans");
            else if (!given.is_string())
                wrong_type(member.c_str(), "a string", given);
            else if (auto said = given.get<std::string>(); said.size() > longest)
                note("member '" + member + "' is longer than " + std::to_string(longest) + " bytes");
            else if (said.find_first_not_of(" \t\r\n") == std::string::npos)
                note("member '" + member + "' is empty; leave it out to fall back on another language");
            else if (!in.emplace(*tag, std::move(said)).second)
                note("member '" + std::string{name} + "' has " + *tag + " twice");
        }
        return text_for_all(in);
    }

    // A list of posts, each by account and id.
    std::vector<bulk_body::target> targets(const char* name, std::size_t most)
    {
        std::vector<bulk_body::target> list;
        const auto* member = take(name);
        if (member == nullptr || !member->is_array() || member->empty() || member->size() > most) {
            note("member '" + std::string{name} + "' must be a list of 1 to " + std::to_string(most) + R"( posts, like {"account":"acme-blog","post":"123"})");
            return list;
        }
        for (const auto& one : *member) {
            auto word = [&](const char* part) {
                auto found = one.is_object() ? one.find(part) : one.end();
                return found != one.end() && found->is_string() ? found->get<std::string>() : std::string{};
            };
            bulk_body::target made{account_id{word("account")}, post_id{word("post")}, word("etag")};
            if (made.account.empty() || made.post.empty())
                note("member '" + std::string{name} + R"(' has an entry that is not like {"account":"acme-blog","post":"123"})");
            list.push_back(std::move(made));
        }
        return list;
    }

    bool flag(const char* name)
    {
        const auto* member = take(name);
        if (member == nullptr)
            return false;
        if (!member->is_boolean()) {
            wrong_type(name, "true or false", *member);
            return false;
        }
        return member->get<bool>();
    }

    // Not negative, and no larger than 32 bits hold.
    std::uint32_t number(const char* name)
    {
        const auto* member = take(name);
        if (member == nullptr)
            return 0;
        auto value = member->is_number_unsigned() ? member->get<std::uint64_t>() : std::numeric_limits<std::uint64_t>::max();
        if (value > std::numeric_limits<std::uint32_t>::max()) {
            wrong_type(name, "a whole number", *member);
            return 0;
        }
        return static_cast<std::uint32_t>(value);
    }

    // More than none; `name` is a member.
    std::optional<milliseconds> length(const char* name)
    {
        auto written = text(name, longest_name);
        if (written.empty())
            return std::nullopt;
        auto value = parse_duration(written);
        if (!value || *value == milliseconds{0})
            note("member '" + std::string{name} + "' must be a duration like 45m or 1h30m; '" + written + "' is not");
        return value;
    }

    scope matchers(const char* name)
    {
        scope over;
        const auto* member = take(name);
        if (member == nullptr)
            return over;
        if (!member->is_object()) {
            wrong_type(name, R"(an object of strings, like {"brand":"acme"})", *member);
            return over;
        }
        for (const auto& [label, wanted] : member->items()) {
            if (!wanted.is_string())
                wrong_type((std::string{name} + "." + label).c_str(), "a string", wanted);
            else
                over[label] = wanted.get<std::string>();
        }
        return over;
    }

    std::optional<time_point> time(const char* name)
    {
        auto written = text(name, longest_name);
        if (written.empty())
            return std::nullopt;
        auto at = parse_rfc3339(written);
        if (!at)
            note("member '" + std::string{name} + "' must be a time as in RFC 3339 with a zone, like 2026-03-01T14:30:00Z; '" + written
                 + "' is not");
        return at;
    }

    void note(std::string detail)
    {
        if (!first_)
            first_ = fault(std::move(detail));
    }

    // To be called last.
    std::optional<problem> finish()
    {
        if (!first_ && value_.is_object())
            for (const auto& [name, ignored] : value_.items())
                if (!taken_.contains(name)) {
                    text::nearest search{name};
                    for (const auto& known : taken_)
                        search.offer(known);
                    note("unknown member '" + name + "'; known are " + joined(taken_) + "." + search.question());
                    break;
                }
        return first_;
    }

private:
    const nlohmann::json* take(const char* name)
    {
        taken_.insert(name);
        if (!value_.is_object())
            return nullptr;
        auto found = value_.find(name);
        if (found == value_.end() || found->is_null())
            return nullptr;
        return &*found;
    }

    void wrong_type(const char* name, const char* wanted, const nlohmann::json& got)
    {
        note("member '" + std::string{name} + "' must be " + wanted + ", not " + got.type_name());
    }

    nlohmann::json value_;
    std::set<std::string, std::less<>> taken_;
    std::optional<problem> first_;
};

void read_release_members(body_reader& body, release_body& wanted)
{
    wanted.at = body.time("at");
    wanted.during_crisis = body.flag("during_crisis");
    wanted.text = body.given_text("text", longest_post);
    wanted.shift = body.flag("shift");
    wanted.break_glass = body.text("break_glass", longest_text);
}

void read_keep_members(body_reader& body, keep_body& wanted)
{
    auto as = body.text("as", longest_name);
    if (as.empty())
        return;
    wanted.as = parse_rung(as);
    if (!wanted.as)
        body.note("member 'as' must be how the post is held, like draft; '" + as + "' is not");
}

void read_judge_members(body_reader& body, judge_body& wanted)
{
    auto word = body.text("class", longest_name);
    auto kind = parse_post_class(word);
    if (!kind || *kind == post_class::unknown)
        body.note("member 'class' must be promotional, essential or neutral; '" + word + "' is not");
    else
        wanted.kind = *kind;
}

std::string read_note_text(body_reader& body)
{
    auto said = body.text("text", longest_text);
    if (said.find_first_not_of(" \t\r\n") == std::string::npos)
        body.note("member 'text' is missing: what to write to the post");
    return said;
}

std::optional<severity> read_severity(body_reader& body)
{
    auto word = body.text("severity", longest_name);
    auto level = parse_severity(word);
    if (!word.empty() && !level)
        body.note("member 'severity' must be minor, major or critical; '" + word + "' is not");
    return level;
}

void read_raise_members(body_reader& body, raise_request& request)
{
    request.playbook = body.text("playbook", longest_name);
    request.why = body.text_by_language("reason", longest_text, request.why_in);
    request.owner = body.text("owner", longest_name);
    request.over = body.matchers("scope");
    request.now = body.flag("now");
    request.drill = body.flag("drill");
    request.level = read_severity(body);
    request.next_update = body.length("next_update");
}

}  // namespace

result<raise_request> read_raise(std::string_view text, actor_id by)
{
    body_reader body{text};
    raise_request request;
    request.by = std::move(by);
    read_raise_members(body, request);
    if (auto wrong = body.finish())
        return *wrong;
    return request;
}

result<raise_request> read_accept(std::string_view text, actor_id by)
{
    body_reader body{text};
    raise_request request;
    request.by = std::move(by);
    request.why = body.text_by_language("reason", longest_text, request.why_in);
    request.owner = body.text("owner", longest_name);
    request.now = body.flag("now");
    request.level = read_severity(body);
    request.next_update = body.length("next_update");
    if (auto wrong = body.finish())
        return *wrong;
    return request;
}

result<spooled_raise> read_spooled_raise(std::string_view text)
{
    body_reader body{text};
    spooled_raise spooled;
    read_raise_members(body, spooled.request);
    spooled.request.by.value = body.text("by", longest_name);
    if (spooled.request.by.empty())
        body.note("member 'by' is missing: who raised it");
    if (auto at = body.time("at"))
        spooled.at = *at;
    else
        body.note("member 'at' is missing: when it was raised");
    if (auto wrong = body.finish())
        return *wrong;
    return spooled;
}

result<release_body> read_release(std::string_view text)
{
    body_reader body{text};
    release_body wanted;
    wanted.why = body.text("reason", longest_text);
    read_release_members(body, wanted);
    wanted.seen = body.text("seen", longest_name);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<keep_body> read_keep(std::string_view text)
{
    body_reader body{text};
    keep_body wanted;
    wanted.why = body.text("reason", longest_text);
    read_keep_members(body, wanted);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<judge_body> read_judge(std::string_view text)
{
    body_reader body{text};
    judge_body wanted;
    wanted.why = body.text("reason", longest_text);
    read_judge_members(body, wanted);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<std::string> read_note(std::string_view text)
{
    body_reader body{text};
    auto said = read_note_text(body);
    if (auto wrong = body.finish())
        return *wrong;
    return said;
}

result<bulk_body> read_bulk(std::string_view text)
{
    body_reader body{text};
    bulk_body wanted;
    wanted.act = body.text("act", longest_name);
    wanted.preview = body.flag("preview");
    wanted.why = body.text("reason", longest_text);
    wanted.targets = body.targets("ids", most_in_bulk);
    if (wanted.act == "release") {
        read_release_members(body, wanted.release);
        if (wanted.release.text)
            body.note("member 'text' is for one post, not for many");
        wanted.release.why = wanted.why;
    } else if (wanted.act == "keep") {
        read_keep_members(body, wanted.keep);
        wanted.keep.why = wanted.why;
    } else if (wanted.act == "judge") {
        read_judge_members(body, wanted.judge);
        wanted.judge.why = wanted.why;
    } else if (wanted.act == "note") {
        wanted.note = read_note_text(body);
    } else if (wanted.act != "hold") {
        body.note("member 'act' must be release, keep, judge, note or hold; '" + wanted.act + "' is not");
    }
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<std::string> read_reason(std::string_view text)
{
    body_reader body{text};
    auto why = body.text("reason", longest_text);
    if (auto wrong = body.finish())
        return *wrong;
    return why;
}

result<approve_body> read_approve(std::string_view text)
{
    body_reader body{text};
    approve_body wanted;
    wanted.why = body.text("reason", longest_text);
    wanted.break_glass = body.text("break_glass", longest_text);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<say_request> read_say(std::string_view text, actor_id by)
{
    body_reader body{text};
    say_request wanted;
    wanted.by = std::move(by);
    if (auto kind = body.text("kind", longest_name); !kind.empty()) {
        auto known = parse_edition_kind(kind);
        if (known)
            wanted.kind = *known;
        else
            body.note("member 'kind' must be summary, update, correction or all_clear; '" + kind + "' is not");
    }
    wanted.about = body.text_by_language("about", longest_text, wanted.about_in);
    wanted.reason = body.text_by_language("reason", longest_text, wanted.reason_in);
    wanted.next_update = body.length("next_update");
    wanted.now = body.flag("now");
    wanted.break_glass = body.text("break_glass", longest_text);
    if (wanted.kind == edition_kind::correction && wanted.about.empty())
        body.note("member 'about' is missing: what was wrong");
    if (wanted.kind == edition_kind::summary && !wanted.about.empty())
        body.note("member 'about' does not go with a summary: what happened is its 'reason'");
    if (wanted.kind == edition_kind::all_clear && wanted.next_update)
        body.note("member 'next_update' does not go with an all-clear: it promises no further word");
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<lower_request> read_lower(std::string_view text, actor_id by)
{
    body_reader body{text};
    lower_request wanted;
    wanted.by = std::move(by);
    wanted.why = body.text("reason", longest_text);
    wanted.all_clear = body.flag("all_clear");
    wanted.about = body.text_by_language("about", longest_text, wanted.about_in);
    wanted.now = body.flag("now");
    wanted.break_glass = body.text("break_glass", longest_text);
    if (!wanted.all_clear && (wanted.now || !wanted.about.empty()))
        body.note("members 'about' and 'now' are of the all-clear, and 'all_clear' is not true");
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<undo_body> read_undo(std::string_view text)
{
    body_reader body{text};
    undo_body wanted;
    wanted.why = body.text("reason", longest_text);
    wanted.edition = body.number("edition");
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<owner_body> read_owner(std::string_view text)
{
    body_reader body{text};
    owner_body wanted;
    wanted.owner = actor_id{body.text("owner", longest_name)};
    wanted.why = body.text("reason", longest_text);
    if (wanted.owner.empty())
        body.note("member 'owner' is missing: who leads from now on");
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<reply_request> read_reply(std::string_view text, actor_id by)
{
    body_reader body{text};
    reply_request wanted;
    wanted.by = std::move(by);
    wanted.account = account_id{body.text("account", longest_name)};
    wanted.to = post_id{body.text("to", longest_text)};
    wanted.text = body.text("text", longest_text);
    wanted.language = body.text("language", longest_name);
    if (wanted.account.empty())
        body.note("member 'account' is missing: which account answers");
    if (wanted.to.empty())
        body.note("member 'to' is missing: the platform's id of the post that is answered");
    if (wanted.text.empty())
        body.note("member 'text' is missing: what to say");
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<acknowledge_body> read_acknowledge(std::string_view text)
{
    body_reader body{text};
    acknowledge_body wanted;
    wanted.page = body.text("page", longest_name);
    if (wanted.page.empty())
        body.note("member 'page' is missing: which one; GET /pages lists them");
    wanted.why = body.text("reason", longest_text);
    if (auto wrong = body.finish())
        return *wrong;
    return wanted;
}

result<scope> parse_scope(std::string_view text)
{
    scope over;
    while (!text.empty()) {
        auto comma = text.find(',');
        auto part = text.substr(0, comma);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        auto equals = part.find('=');
        if (equals == std::string_view::npos || equals == 0 || equals + 1 == part.size())
            return fault("scope '" + std::string{part} + "' must be name=value, like brand=acme");
        auto [at, added] = over.emplace(part.substr(0, equals), part.substr(equals + 1));
        if (!added && at->second != part.substr(equals + 1))
            return fault("scope names '" + at->first + "' twice with different values: no account can match both");
    }
    return over;
}

}  // namespace halfmast::api
