// What is asked for a post, or for many: to let it go, to keep it, to say what it is.
#include "daemon/api/body_reader.hpp"

namespace halfmast::api {

namespace {

constexpr std::size_t longest_post = 100'000;  // bytes of a post's new text
constexpr std::size_t most_in_bulk = 1'000;

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

}  // namespace

result<release_body> read_release(std::string_view text)
{
    return read_body<release_body>(text, [](body_reader& body, release_body& wanted) {
        wanted.why = body.text("reason", longest_text);
        read_release_members(body, wanted);
        wanted.seen = body.text("seen", longest_name);
    });
}

result<keep_body> read_keep(std::string_view text)
{
    return read_body<keep_body>(text, [](body_reader& body, keep_body& wanted) {
        wanted.why = body.text("reason", longest_text);
        read_keep_members(body, wanted);
    });
}

result<judge_body> read_judge(std::string_view text)
{
    return read_body<judge_body>(text, [](body_reader& body, judge_body& wanted) {
        wanted.why = body.text("reason", longest_text);
        read_judge_members(body, wanted);
    });
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
    return read_body<bulk_body>(text, [](body_reader& body, bulk_body& wanted) {
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
    });
}

}  // namespace halfmast::api
