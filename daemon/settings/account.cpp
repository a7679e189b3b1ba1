#include "daemon/settings/account.hpp"

#include <algorithm>

#include "daemon/settings/document.hpp"
#include "daemon/settings/paths.hpp"
#include "daemon/settings/secrets.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

constexpr bounds poll_bounds{milliseconds{100}, std::chrono::hours{24}};

// An id stands in post ids, in lists and in scopes: "acme-blog/123", "account=acme-blog,brand=acme".
std::string wrong_in_id(const std::string& id)
{
    if (id.find('/') != std::string::npos)
        return "has a '/'; that stands between account and post";
    auto bad = std::ranges::find_if(id, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || std::string_view{",=\"'\\"}.find(c) != std::string_view::npos;
    });
    if (bad != id.end())
        return "has a blank, comma, '=', quote or control character; use letters, digits, '-', '_' and '.'";
    return id.size() > 128 ? "is longer than 128 bytes" : "";
}

// Control characters would end up on terminals and in the log.
std::string visible(const std::string& text)
{
    std::string shown;
    for (const char c : text)
        shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    return shown;
}

void read_labels(table_reader& account, std::map<std::string, std::string>& labels)
{
    const auto* table = account.table("labels");
    if (table == nullptr)
        return;
    for (const auto& [key, node] : *table) {
        const std::string name{key.str()};
        const auto* value = node.as_string();
        if (name == "account" || name == "connector")
            account.fault_at(key.source().begin,
                             "labels: '" + name + "' is taken: a scope matches the account's own " + name + " by it");
        else if (name == "drill")
            account.fault_at(key.source().begin, "labels: 'drill' is taken: routes of pages match by it what is practised");
        else if (name.empty() || name.find_first_of(",= ") != std::string::npos)
            account.fault_at(key.source().begin, "labels: '" + visible(name) + "' cannot stand in a scope, which reads k=v,k=v");
        else if (value == nullptr)
            account.wrong_type("labels." + name, node, "text");
        else if (value->get().empty() || value->get().find(',') != std::string::npos)
            account.fault(&node, "labels." + name + " is empty or has a comma; a scope reads k=v,k=v");
        else
            labels[name] = value->get();
    }
}

void read_place(table_reader& account, halfmast::account& made)
{
    if (auto tag = account.text("language")) {
        if (auto known = text::language_tag(*tag))
            made.language = *known;
        else
            account.fault(account.find("language"),
                          "language: '" + visible(*tag) + "' is not a language tag; write it as en, hu or zh-Hans");
    }
    if (auto zone = account.text("time_zone")) {
        if (text::is_time_zone(*zone))
            made.time_zone = *zone;
        else
            account.fault(
                account.find("time_zone"),
                "time_zone: '" + visible(*zone) + "' is not known; write a name of the IANA list, such as Europe/Budapest");
    }
}

// What is said there in public, and where people see it.
void read_voice(table_reader& account, halfmast::account& made)
{
    if (auto yes = account.flag("speaks"))
        made.speaks = *yes;
    auto profile = account.text("profile");
    if (!profile)
        return;
    auto links = text::links_in(*profile);
    if (links.size() == 1 && links.front() == *profile)
        made.profile = std::move(*profile);
    else
        account.fault(account.find("profile"),
                      "profile: '" + visible(*profile) + "' is not an address such as https://social.example/@acme");
}

void read_practice(table_reader& account, halfmast::account& made)
{
    if (auto yes = account.flag("practice"))
        made.practice = *yes;
}

void read_rhythm(table_reader& account, account_entry& made)
{
    if (auto every = account.duration("poll_every", poll_bounds))
        made.poll_every = *every;
    auto sweep = account.duration("sweep_every", poll_bounds);
    made.sweep_every = sweep ? *sweep : std::min(made.sweep_every, made.poll_every);
    if (made.sweep_every > made.poll_every)
        account.fault(account.find("sweep_every"),
                      "sweep_every is longer than poll_every: during a crisis the account would be seen less often",
                      weight::warning);
}

// A date of TOML's own, or a text: the first moment of that day in UTC, so that it is rather seen too early.
void read_credential_end(table_reader& account, account_entry& made)
{
    const auto* node = account.find("credential_ends");
    if (node == nullptr)
        return;
    std::optional<time_point> end;
    if (const auto* date = node->as_date()) {
        const auto& day = date->get();
        auto on = std::chrono::year{day.year} / std::chrono::month{day.month} / std::chrono::day{day.day};
        if (on.ok())
            end = std::chrono::sys_days{on};
    } else if (const auto* text = node->as_string()) {
        end = parse_rfc3339(text->get() + "T00:00:00Z");
        if (!end)
            end = parse_rfc3339(text->get());
    }
    if (end)
        made.credential_ends = end;
    else
        account.fault(node, "credential_ends is no date; write it as \"2027-01-31\"");
}

}  // namespace

account_reader::account_reader(table_reader& table, bool secrets, bool has_vault)
    : table_(table),
      secrets_(secrets),
      has_vault_(has_vault),
      allow_http_(table.flag("allow_http"))
{
}

std::string account_reader::text(std::string_view key) { return table_.required_text(key).value_or(""); }

std::optional<std::string> account_reader::optional_text(std::string_view key) { return table_.text(key); }

std::optional<bool> account_reader::flag(std::string_view key) { return table_.flag(key); }

std::optional<std::int64_t> account_reader::whole(std::string_view key) { return table_.whole(key); }

std::string account_reader::base_url(std::string_view key)
{
    auto given = table_.required_text(key);
    if (!given)
        return {};
    auto checked = check_base_url(*given, allow_http_.value_or(false));
    if (checked)
        return *checked;
    table_.fault(table_.find(key), std::string{key} + " " + checked.error().detail);
    return {};
}

std::string account_reader::secret(std::string_view key)
{
    const auto* node = table_.find(key);
    if (node == nullptr) {
        table_.fault(nullptr, std::string{key} + " is missing");
        return {};
    }
    if (!secrets_)
        unread_.emplace(key);
    return read_secret(table_, key, *node, secrets_);
}

void account_reader::fault(std::string_view key, std::string text)
{
    if (unread_.contains(key))
        return;  // a rule about a value that nobody has looked at
    table_.fault(table_.find(key), std::string{key} + " " + text);
}

bool account_reader::has(std::string_view key) { return table_.find(key) != nullptr; }

std::vector<std::string> account_reader::texts(std::string_view key)
{
    std::vector<std::string> all;
    for (auto& item : table_.texts(key))
        all.push_back(std::move(item.text));
    return all;
}

std::string account_reader::path(std::string_view key)
{
    auto given = table_.required_text(key);
    return given ? beside(table_.file(), *given) : std::string{};
}

std::shared_ptr<const document> account_reader::file(std::string_view key)
{
    auto name = path(key);
    if (name.empty())
        return nullptr;
    auto read = read_document(name);
    if (read.value)
        return read.value;
    if (read.at.line == 0)
        table_.fault(table_.find(key), std::string{key} + ": " + name + " " + read.why);
    else
        table_.faults().add(name, {read.at.line, read.at.column}, weight::error, read.why);
    return nullptr;
}

void account_reader::fault(const document& in, document_place at, std::string text)
{
    table_.faults().add(in.file, {at.line, at.column}, weight::error, std::move(text));
}

void account_reader::needs_vault(std::string_view what_for)
{
    if (!has_vault_)
        table_.fault(nullptr,
                     std::string{what_for}
                         + ", so [daemon] needs a vault_key: 'openssl rand -hex 32 > FILE', and vault_key = { file = \"FILE\" }");
}

void account_list::read(table_reader account, std::size_t number)
{
    account_entry made;
    made.declared.id = account_id{read_id(account, number)};
    made.room = find_room(account);
    read_labels(account, made.declared.labels);
    read_place(account, made.declared);
    read_voice(account, made.declared);
    read_practice(account, made.declared);
    read_rhythm(account, made);
    read_credential_end(account, made);
    if (auto before = account.duration("warn_before", warn_bounds))
        made.declared.warn_before = *before;
    if (made.room == nullptr)
        return;  // which other keys there may be, only the connector knows
    made.declared.connector = std::string{made.room->name};
    read_own(account, made);
    all_.push_back(std::move(made));
}

std::string account_list::read_id(table_reader& account, std::size_t number)
{
    account.rename("account #" + std::to_string(number));
    auto id = account.required_text("id");
    if (!id)
        return {};
    const auto* node = account.find("id");
    if (auto wrong = wrong_in_id(*id); !wrong.empty()) {
        account.fault(node, "id '" + visible(*id) + "' " + wrong);
        return {};
    }
    account.rename("account " + *id);
    auto [known, is_new] = ids_.emplace(*id, node->source().begin.line);
    if (!is_new)
        account.fault(node, "the id is taken by the account in line " + std::to_string(known->second));
    return *id;
}

const connector_room* account_list::find_room(table_reader& account)
{
    auto name = account.required_text("connector");
    if (!name)
        return nullptr;
    std::vector<std::string> known;
    text::nearest search{*name};
    for (const auto& room : rooms_) {
        if (room.name == *name)
            return &room;
        known.emplace_back(room.name);
        search.offer(room.name);
    }
    account.fault(account.find("connector"), "there is no connector '" + visible(*name) + "'." + search.question()
                                                 + " Known: " + (known.empty() ? "none" : in_words(known)));
    return nullptr;
}

void account_list::read_own(table_reader& account, account_entry& made)
{
    const auto before = account.faults().errors();
    account_reader values{account, secrets_, has_vault_};
    made.own = made.room->parse(values);
    if (made.own)
        made.room->declare(*made.own, made.declared);
    else if (secrets_ && account.faults().errors() == before)
        account.fault(nullptr, "connector " + made.declared.connector + " cannot work with these settings and does not say why");
    account.finish();
    if (const auto* url = account.find("url");
        url != nullptr && url->is_string() && made.declared.profile.empty() && made.declared.can_publish)
        made.declared.profile = url->as_string()->get();  // where its posts are made, that is also where people see them
}

}  // namespace halfmast::settings
