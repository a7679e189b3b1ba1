#include "daemon/settings/playbook.hpp"

#include <algorithm>

#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

// A word out of a fixed list, by `parse`; `known` is that list for the message.
template <class Value>
void read_word(table_reader& book, const char* key, const std::vector<std::string>& known,
               std::optional<Value> (*parse)(std::string_view), Value& made)
{
    auto word = book.text(key);
    if (!word)
        return;
    if (auto value = parse(*word)) {
        made = *value;
        return;
    }
    text::nearest search{*word};
    for (const auto& one : known)
        search.offer(one);
    book.fault(book.find(key), std::string{key} + ": '" + *word + "' is none of " + in_words(known) + "." + search.question());
}

std::optional<publish_mode> parse_publish_mode(std::string_view text)
{
    if (text == "at-once")
        return publish_mode::at_once;
    if (text == "after-approval")
        return publish_mode::after_approval;
    return std::nullopt;
}

void read_two_person(table_reader& book, std::optional<severity>& from)
{
    if (book.find("two_person") == nullptr)
        return;
    auto level = severity::critical;
    read_word<severity>(book, "two_person", {"minor", "major", "critical"}, parse_severity, level);
    from = level;
}

void read_hold(table_reader& book, std::set<post_class>& hold)
{
    if (book.find("hold") == nullptr)
        return;
    std::set<post_class> wanted;
    const auto items = book.texts("hold");
    for (const auto& [text, node] : items) {
        auto kind = parse_post_class(text);
        if (kind)
            wanted.insert(*kind);
        else
            book.fault(node, "hold: '" + text + "' is none of promotional, essential, neutral, unknown");
    }
    const auto* list = book.find("hold")->as_array();
    if (list != nullptr && list->empty())
        book.fault(list, "hold is empty: such a flag would stop nothing");
    if (!wanted.empty())
        hold = std::move(wanted);
}

// How answers to single people go out, and how much is said in all.
void read_manners(table_reader& book, playbook& made)
{
    if (auto length = book.duration("reply_wait", {milliseconds{0}, hours{24}}))
        made.reply_wait = *length;
    if (auto second = book.flag("reply_second_person"))
        made.reply_second_person = *second;
    if (auto most = book.whole("most_public_acts")) {
        if (*most >= 0 && *most <= 1000)
            made.most_public_acts = static_cast<int>(*most);
        else
            book.fault(book.find("most_public_acts"), "most_public_acts: a number from 0 (no limit) to 1000");
    }
    read_word<pin_policy>(book, "lost_pin", {"repair", "report"}, parse_pin_policy, made.lost_pin);
}

std::vector<std::string> read_partners(table_reader& book)
{
    std::vector<std::string> all;
    for (const auto& [url, node] : book.texts("partners")) {
        auto links = text::links_in(url);
        if (links.size() == 1 && links.front() == url)
            all.push_back(url);
        else
            book.fault(node, "partners: '" + url + "' is not an address such as https://partner.example/status");
    }
    return all;
}

}  // namespace

void playbook_list::read(table_reader book, std::size_t number)
{
    playbook made;
    made.name = read_name(book, number);
    read_word<severity>(book, "severity", {"minor", "major", "critical"}, parse_severity, made.level);
    read_word<publish_mode>(book, "publish", {"at-once", "after-approval"}, parse_publish_mode, made.publish);
    read_two_person(book, made.two_person);
    read_hold(book, made.hold);
    if (auto length = book.duration("next_update", {minutes{1}, hours{24 * 7}}))
        made.next_update = *length;
    if (auto length = book.duration("undo", {milliseconds{0}, hours{1}}))
        made.undo = *length;
    read_manners(book, made);
    wording_places places;
    read_wordings(book, made, places);
    read_languages(book, made);
    read_contact(book, made);
    check_wordings(book, made, places);
    auto partners = read_partners(book);
    book.finish();
    if (made.name.empty() || all_.contains(made.name))
        return;
    wordings_.emplace(made.name, std::move(places));
    for (auto& url : partners)
        if (std::ranges::find(partners_, url) == partners_.end())
            partners_.push_back(std::move(url));
    all_.emplace(made.name, std::move(made));
}

std::string playbook_list::read_name(table_reader& book, std::size_t number)
{
    book.rename("playbook #" + std::to_string(number));
    auto name = book.required_text("name");
    if (!name)
        return {};
    const auto* node = book.find("name");
    const bool sound = std::ranges::all_of(*name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'
               || static_cast<unsigned char>(c) >= 0x80;
    });
    if (!sound || name->starts_with('-')) {
        book.fault(node, "name: it is typed in a hurry, so use letters, digits and '-' only");
        return {};
    }
    book.rename("playbook " + *name);
    const auto place = book.file() + ":" + std::to_string(node->source().begin.line);
    auto [known, is_new] = places_.emplace(*name, place);
    if (!is_new)
        book.fault(node, "the name is taken by the playbook at " + known->second);
    return *name;
}

}  // namespace halfmast::settings
