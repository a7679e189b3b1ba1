#include "daemon/api/requests.hpp"

#include "daemon/api/body_reader.hpp"

namespace halfmast::api {

namespace {

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

problem bad_scope(std::string detail) { return problem{failure::rejected, std::move(detail), std::nullopt}; }

}  // namespace

result<raise_request> read_raise(std::string_view text, actor_id by)
{
    return read_body<raise_request>(text, [&by](body_reader& body, raise_request& request) {
        request.by = std::move(by);
        read_raise_members(body, request);
    });
}

result<raise_request> read_accept(std::string_view text, actor_id by)
{
    return read_body<raise_request>(text, [&by](body_reader& body, raise_request& request) {
        request.by = std::move(by);
        request.why = body.text_by_language("reason", longest_text, request.why_in);
        request.owner = body.text("owner", longest_name);
        request.now = body.flag("now");
        request.level = read_severity(body);
        request.next_update = body.length("next_update");
    });
}

result<spooled_raise> read_spooled_raise(std::string_view text)
{
    return read_body<spooled_raise>(text, [](body_reader& body, spooled_raise& spooled) {
        read_raise_members(body, spooled.request);
        spooled.request.by.value = body.text("by", longest_name);
        if (spooled.request.by.empty())
            body.note("member 'by' is missing: who raised it");
        if (auto at = body.time("at"))
            spooled.at = *at;
        else
            body.note("member 'at' is missing: when it was raised");
    });
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
    return read_body<approve_body>(text, [](body_reader& body, approve_body& wanted) {
        wanted.why = body.text("reason", longest_text);
        wanted.break_glass = body.text("break_glass", longest_text);
        wanted.edition = body.number("edition");
    });
}

result<say_request> read_say(std::string_view text, actor_id by)
{
    return read_body<say_request>(text, [&by](body_reader& body, say_request& wanted) {
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
    });
}

result<lower_request> read_lower(std::string_view text, actor_id by)
{
    return read_body<lower_request>(text, [&by](body_reader& body, lower_request& wanted) {
        wanted.by = std::move(by);
        wanted.why = body.text("reason", longest_text);
        wanted.all_clear = body.flag("all_clear");
        wanted.about = body.text_by_language("about", longest_text, wanted.about_in);
        wanted.now = body.flag("now");
        wanted.break_glass = body.text("break_glass", longest_text);
        if (!wanted.all_clear && (wanted.now || !wanted.about.empty()))
            body.note("members 'about' and 'now' are of the all-clear, and 'all_clear' is not true");
    });
}

result<undo_body> read_undo(std::string_view text)
{
    return read_body<undo_body>(text, [](body_reader& body, undo_body& wanted) {
        wanted.why = body.text("reason", longest_text);
        wanted.edition = body.number("edition");
    });
}

result<owner_body> read_owner(std::string_view text)
{
    return read_body<owner_body>(text, [](body_reader& body, owner_body& wanted) {
        wanted.owner = actor_id{body.text("owner", longest_name)};
        wanted.why = body.text("reason", longest_text);
        if (wanted.owner.empty())
            body.note("member 'owner' is missing: who leads from now on");
    });
}

result<reply_request> read_reply(std::string_view text, actor_id by)
{
    return read_body<reply_request>(text, [&by](body_reader& body, reply_request& wanted) {
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
    });
}

result<acknowledge_body> read_acknowledge(std::string_view text)
{
    return read_body<acknowledge_body>(text, [](body_reader& body, acknowledge_body& wanted) {
        wanted.page = body.text("page", longest_name);
        if (wanted.page.empty())
            body.note("member 'page' is missing: which one; GET /pages lists them");
        wanted.why = body.text("reason", longest_text);
    });
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
            return bad_scope("scope '" + std::string{part} + "' must be name=value, like brand=acme");
        auto [at, added] = over.emplace(part.substr(0, equals), part.substr(equals + 1));
        if (!added && at->second != part.substr(equals + 1))
            return bad_scope("scope names '" + at->first + "' twice with different values: no account can match both");
    }
    return over;
}

}  // namespace halfmast::api
