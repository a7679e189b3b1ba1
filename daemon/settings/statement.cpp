#include "daemon/settings/statement.hpp"

#include <algorithm>
#include <tuple>

#include "daemon/text/counting.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

using field_values = std::map<std::string, std::string>;

// "zh-Hans-CN", "zh-Hans", "zh"
void add_with_parents(std::vector<std::string>& tags, std::string tag)
{
    while (!tag.empty()) {
        if (std::ranges::find(tags, tag) == tags.end())
            tags.push_back(tag);
        auto cut = tag.rfind('-');
        tag.resize(cut == std::string::npos ? 0 : cut);
    }
}

std::string without_ends(const std::string& text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? std::string{} : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What people typed, for a text in one language.
struct typed_field {
    std::string name;
    std::string tag;
    std::string text;  // empty: nothing was typed
};

typed_field choose_typed(const playbook& book, const char* name, const std::string& text, const by_language& in,
                         const std::string& language)
{
    if (const auto* chosen = choose_filling(book, in, language))
        return {name, chosen->first, without_ends(chosen->second)};
    return {name, "und", without_ends(text)};
}

bool is_within(const std::string& tag, const std::string& wider)
{
    return tag == wider || (tag.starts_with(wider) && tag[wider.size()] == '-');
}

field_values values_of(const account& to, const playbook& book, const std::string& language, const statement_fields& fields,
                       const std::vector<typed_field>& typed)
{
    const auto& zone = to.time_zone;
    field_values values{
        {"owner", fields.owner},
        {"severity", std::string{to_string(fields.level)}},
        {"contact", choose_contact(book, language)},
        {"raised_at", text::local_time(fields.raised_at, fields.now, language, zone)},
        {"now", text::local_time(fields.now, fields.now, language, zone)},
        {"lasted", text::duration(std::chrono::floor<seconds>(fields.now - fields.raised_at), language)},
        {"next_update_by", ""},
        {"next_update_in", ""},
    };
    for (const auto& one : typed)
        values[one.name] = one.text;
    if (fields.next_update_by != time_point{}) {
        values["next_update_by"] = text::local_time(fields.next_update_by, fields.now, language, zone);
        values["next_update_in"] = text::time_ahead(std::chrono::floor<seconds>(fields.next_update_by - fields.now), language);
    }
    return values;
}

struct filled_text {
    std::string text;
    std::size_t length = 0;
    std::string too_long;
    std::string hole;    // a field that stands there and has no value; its name
    std::string broken;  // it is no template
};

// In front of every text of a practice account, and counted with it.
std::string marked(const std::string& text, const account& to)
{
    return to.practice && !text.empty() ? drill_mark(to.language) + text : text;
}

filled_text fill(const std::string& source, const account& to, const field_values& values)
{
    filled_text made;
    auto rendered = text::render(source, values);
    if (!rendered) {
        made.broken = rendered.error().detail;
        return made;
    }
    made.text = marked(without_ends(*rendered), to);
    // Whatever people type, readers never see a placeholder: doubled braces are taken apart.
    for (auto at = made.text.find("{{"); at != std::string::npos; at = made.text.find("{{", at))
        made.text.insert(++at, " ");
    made.length = text::counted(made.text, to.counting);
    made.too_long = text::too_long(made.text, to);
    if (auto holes = text::holes_of(source, values); holes && !holes->empty())
        made.hole = holes->front();
    return made;
}

void take(written_statement& made, filled_text&& from)
{
    made.text = std::move(from.text);
    made.length = from.length;
    made.hole = std::move(from.hole);
    made.trouble = !from.broken.empty() ? std::move(from.broken)
                   : made.hole.empty()
                       ? std::string{}
                       : "nothing is given for {{" + made.hole + "}}: it goes out when somebody approves it as it is";
}

// Which of what people typed stands in a text, and whether that is in another language.
std::vector<written_filling> fillings_of(const std::string& source, const std::string& language,
                                         const std::vector<typed_field>& typed)
{
    std::vector<written_filling> found;
    const auto used = text::fields_of(source);
    for (const auto& one : typed) {
        if (!used || one.text.empty() || std::ranges::find(*used, one.name) == used->end())
            continue;
        bool differs = one.tag != "und" && !is_within(one.tag, language) && !is_within(language, one.tag);
        found.push_back({one.name, one.tag, differs});
    }
    return found;
}

// Where a text goes: accounts of which all that matters here is the same.
using place_kind = std::tuple<std::string, std::string, std::string, int, text_counting, int, bool>;

place_kind place_of(const account& one)
{
    return {one.language, one.time_zone, one.connector, one.text_limit, one.counting, one.byte_limit, one.practice};
}

// Promised for another day, so that the date is in it; sentences of 70 characters.
statement_fields usual_fields(const playbook& book)
{
    using namespace std::chrono;
    constexpr auto* sentence = "Orders placed in our shop between 13:00 and 14:00 have to be repeated.";
    statement_fields usual;
    usual.reason = sentence;
    usual.about = sentence;
    usual.owner = "Anna Kovács";
    usual.level = book.level;
    usual.raised_at = sys_days{year{2026} / September / 23} + hours{10} + minutes{45};
    usual.now = usual.raised_at + hours{11} + minutes{38};
    usual.next_update_by = usual.now + hours{24};
    return usual;
}

statement_fields without_promise(statement_fields fields, edition_kind kind)
{
    if (kind == edition_kind::all_clear)
        fields.next_update_by = {};
    if (kind == edition_kind::summary)
        fields.about.clear();
    return fields;
}

bool is_too_long_always(const account& to, const playbook& book, edition_kind kind)
{
    auto least = without_promise(usual_fields(book), kind);
    least.reason = "x";
    least.owner = "x";
    least.now = least.raised_at;
    if (kind != edition_kind::all_clear)
        least.next_update_by = least.now + std::chrono::minutes{1};
    for (const auto* about : {"x", ""}) {
        least.about = about;
        if (!write_statement(to, book, kind, least).too_long)
            return false;
    }
    return true;
}

// What is wrong with one text at one kind of place; nothing when it can go out.
std::optional<unfit_statement> judge(const account& to, const playbook& book, edition_kind kind)
{
    const auto* chosen = choose_wording(book, kind, to.language);
    if (chosen == nullptr)
        return std::nullopt;
    unfit_statement found;
    found.playbook = book.name;
    found.kind = kind;
    found.language = to.language;
    found.taken = chosen->first;
    found.account = to.id;
    const auto tried = languages_tried(book, to.language);
    if (std::ranges::find(tried, chosen->first) == tried.end()) {
        found.missing = true;
        found.why = "there is no text in " + to.language + ", and none to fall back on";
        return found;
    }
    auto written = write_statement(to, book, kind, without_promise(usual_fields(book), kind));
    if (!written.too_long)
        return std::nullopt;
    found.certain = is_too_long_always(to, book, kind);
    found.why = written.trouble + (found.certain ? "" : " (with usual times and a sentence in it)");
    return found;
}

}  // namespace

const std::vector<std::string>& fields_known(edition_kind kind)
{
    static const std::vector<std::string> first{"reason", "owner",   "severity",       "raised_at",
                                                "now",    "contact", "next_update_by", "next_update_in"};
    static const std::vector<std::string> later{"reason", "owner", "severity", "raised_at",      "now",
                                                "lasted", "about", "contact",  "next_update_by", "next_update_in"};
    static const std::vector<std::string> last{"reason", "owner", "severity", "raised_at", "now", "lasted", "about", "contact"};
    return kind == edition_kind::summary ? first : kind == edition_kind::all_clear ? last : later;
}

std::vector<std::string> languages_tried(const playbook& book, const std::string& wanted)
{
    std::vector<std::string> tags;
    add_with_parents(tags, wanted);
    for (const auto& tag : book.languages)
        add_with_parents(tags, tag);
    return tags;
}

const std::pair<const std::string, wording>* choose_wording(const playbook& book, edition_kind kind, const std::string& wanted)
{
    auto texts = book.texts.find(kind);
    if (texts == book.texts.end() || texts->second.empty())
        return nullptr;
    for (const auto& tag : languages_tried(book, wanted))
        if (auto found = texts->second.find(tag); found != texts->second.end())
            return &*found;
    return &*texts->second.begin();
}

const std::pair<const std::string, std::string>* choose_filling(const playbook& book, const by_language& texts,
                                                                const std::string& wanted)
{
    for (const auto& tag : languages_tried(book, wanted))
        if (auto found = texts.find(tag); found != texts.end())
            return &*found;
    if (auto open = texts.find("und"); open != texts.end())
        return &*open;
    return texts.empty() ? nullptr : &*texts.begin();
}

std::string choose_contact(const playbook& book, const std::string& wanted)
{
    for (const auto& tag : languages_tried(book, wanted))
        if (auto found = book.contact.find(tag); found != book.contact.end())
            return found->second;
    return book.contact.empty() ? std::string{} : book.contact.begin()->second;
}

std::string drill_mark(const std::string& language)
{
    auto tag = language.substr(0, language.find('-'));
    return tag == "hu" ? "GYAKORLAT: " : tag == "ru" ? "УЧЕНИЯ: " : tag == "zh" ? "演练：" : "DRILL: ";
}

written_statement write_statement(const account& to, const playbook& book, edition_kind kind, const statement_fields& fields)
{
    written_statement made;
    const auto* chosen = choose_wording(book, kind, to.language);
    if (chosen == nullptr) {
        made.trouble = "playbook " + book.name + " has no " + std::string{to_string(kind)};
        return made;
    }
    made.language = chosen->first;
    const auto& [full, brief] = chosen->second;
    const std::vector<typed_field> typed{choose_typed(book, "reason", fields.reason, fields.reason_in, made.language),
                                         choose_typed(book, "about", fields.about, fields.about_in, made.language)};
    const auto values = values_of(to, book, made.language, fields, typed);
    auto whole = fill(full, to, values);
    auto small = brief.empty() || (whole.too_long.empty() && whole.hole.empty()) ? filled_text{} : fill(brief, to, values);
    const bool whole_says_it =
        whole.too_long.empty() && (whole.hole.empty() || small.text.empty() || !small.too_long.empty() || !small.hole.empty());
    std::string trouble;
    if (!whole_says_it && brief.empty())
        trouble = whole.too_long + ", and there is no short form";
    else if (!whole_says_it && !small.too_long.empty())
        trouble = small.too_long + ", in the short form too";
    made.brief = !whole_says_it && !brief.empty();
    made.fillings = fillings_of(made.brief ? brief : full, made.language, typed);
    take(made, made.brief ? std::move(small) : std::move(whole));
    if (!trouble.empty()) {
        made.too_long = true;
        made.trouble = std::move(trouble);
    }
    return made;
}

std::vector<unfit_statement> unfit_statements(const std::map<std::string, playbook>& books,
                                              const std::vector<const account*>& accounts)
{
    // Ten thousand accounts are of a few kinds; writing a text costs more than looking one up.
    std::map<place_kind, std::pair<const account*, std::size_t>> places;
    for (const auto* one : accounts)
        if (one->speaks)
            ++places.try_emplace(place_of(*one), one, std::size_t{0}).first->second.second;
    std::vector<unfit_statement> found;
    for (const auto& [name, book] : books)
        for (const auto& [kind, texts] : book.texts)
            for (const auto& [key, place] : places)
                if (auto one = judge(*place.first, book, kind)) {
                    one->others = place.second - 1;
                    found.push_back(std::move(*one));
                }
    return found;
}

std::string to_string(const unfit_statement& one)
{
    auto text =
        std::string{to_string(one.kind)} + " of playbook " + one.playbook + " in " + one.taken + ", for " + one.account.value;
    if (one.others > 0)
        text += " and " + std::to_string(one.others) + " more";
    return text + ": " + one.why;
}

}  // namespace halfmast::settings
