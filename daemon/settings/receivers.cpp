#include "daemon/settings/receivers.hpp"

#include <algorithm>
#include <array>

#include "daemon/settings/paths.hpp"
#include "daemon/settings/secrets.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/text/closest.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::settings {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr bounds timeout_bounds{seconds{1}, seconds{60}};
constexpr bounds patience_bounds{seconds{0}, hours{24}};
constexpr bounds step_bounds{seconds{1}, hours{24 * 7}};
constexpr bounds gather_bounds{seconds{0}, minutes{10}};
constexpr bounds again_bounds{seconds{0}, hours{24 * 7}};
constexpr bounds ahead_bounds{seconds{0}, hours{24}};
constexpr bounds beat_bounds{seconds{1}, hours{24}};
constexpr milliseconds mail_timeout{30'000};
constexpr std::size_t least_webhook_key = 24;
constexpr std::size_t most_webhook_key = 64;

const std::vector<std::string>& receiver_kinds()
{
    static const std::vector<std::string> all{"alertmanager", "discord",  "goalert", "gotify", "grafana-irm", "ntfy",   "opsgenie",
                                              "pagerduty",    "pushover", "slack",   "smtp",   "teams",       "twilio", "webhook"};
    return all;
}

bool is_name(const std::string& text)
{
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

bool is_webhook_secret(std::string_view text)
{
    if (!text.starts_with("whsec_"))
        return false;
    text.remove_prefix(6);
    if (text.size() % 4 != 0)
        return false;
    while (text.ends_with('='))
        text.remove_suffix(1);
    bool digits = std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '/'; });
    auto bytes = text.size() * 3 / 4;
    return digits && bytes >= least_webhook_key && bytes <= most_webhook_key;
}

bool is_address(const std::string& text)
{
    auto at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string::npos
           && std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == ','; });
}

// What comes behind '?' is part of some webhooks' key.
std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

std::optional<milliseconds> clock_time(const std::string& text)
{
    if (text.size() != 5 || text[2] != ':' || text.find_first_not_of("0123456789:") != std::string::npos)
        return std::nullopt;
    auto hour = std::stoi(text.substr(0, 2));
    auto minute = std::stoi(text.substr(3));
    if (hour > 23 || minute > 59)
        return std::nullopt;
    return hours{hour} + minutes{minute};
}

// Small things wait from `from` to `to` of the clock in that place.
std::function<std::optional<time_point>(time_point)> quiet_between(milliseconds from, milliseconds to, const std::string& zone)
{
    return [from, to, zone](time_point at) -> std::optional<time_point> {
        auto offset = text::zone_offset(at, zone).value_or(seconds{0});
        auto there = (at + offset).time_since_epoch() % hours{24};
        bool quiet = from < to ? there >= from && there < to : there >= from || there < to;
        if (!quiet)
            return std::nullopt;
        auto left = to - there;
        return at + (left.count() > 0 ? left : left + hours{24});
    };
}

}  // namespace

void receiver_list::read(table_reader one, std::size_t number)
{
    receiver_settings made;
    made.name = read_name(one, number);
    auto kind = one.required_text("kind");
    page_receiver rules;
    if (auto other = one.text("instead")) {
        rules.instead = *other;
        mentions_.push_back({one, one.find("instead"), *other});
    }
    if (auto patience = one.duration("patience", patience_bounds))
        rules.patience = *patience;
    auto timeout = one.duration("timeout", timeout_bounds);
    if (!kind)
        return;
    if (std::ranges::find(receiver_kinds(), *kind) == receiver_kinds().end()) {
        text::nearest search{*kind};
        for (const auto& known : receiver_kinds())
            search.offer(known);
        one.fault(one.find("kind"), "kind: '" + *kind + "' is none of " + in_words(receiver_kinds()) + "." + search.question());
        return;  // which other keys there may be, nobody knows
    }
    made.kind = *kind;
    if (made.kind == "smtp")
        made.timeout = mail_timeout;
    if (timeout)
        made.timeout = *timeout;
    read_own(one, made);
    one.finish();
    if (made.name.empty())
        return;
    kinds_[made.name] = made.kind;
    pages_.receivers[made.name] = rules;
    all_.push_back(std::move(made));
}

std::string receiver_list::read_name(table_reader& one, std::size_t number)
{
    one.rename("receiver #" + std::to_string(number));
    auto name = one.required_text("name");
    if (!name)
        return {};
    if (!is_name(*name)) {
        one.fault(one.find("name"), "name: '" + *name + "' is no name; small letters, digits, '-' and '_'");
        return {};
    }
    one.rename("receiver " + *name);
    if (kinds_.contains(*name)) {
        one.fault(one.find("name"), "there is a receiver of that name already");
        return {};
    }
    return *name;
}

void receiver_list::read_secret_of(table_reader& one, const char* key, std::string& made, bool needed)
{
    const auto* node = one.find(key);
    if (node != nullptr)
        made = read_secret(one, key, *node, secrets_);
    else if (needed)
        one.fault(nullptr, std::string{key} + " is missing");
}

// `hidden`: who knows the address may write there, so it is a secret like any other. `otherwise`: when it is not there.
void receiver_list::read_url(table_reader& one, receiver_settings& made, std::string_view otherwise, bool hidden)
{
    const auto* node = one.find("url");
    bool allow_http = one.flag("allow_http").value_or(false);
    made.url = otherwise;
    if (node == nullptr) {
        if (otherwise.empty())
            one.fault(nullptr, "url is missing");
        return;
    }
    if (hidden && !node->is_table())
        return one.fault(node, "url: who knows this address may write there, so it is a secret; write url = { file = \"...\" }");
    auto given = node->is_table() ? read_secret(one, "url", *node, secrets_) : one.text("url").value_or("");
    if (given.empty())
        return;
    bool keeps = hidden || node->is_table();
    auto checked = check_base_url(keeps ? without_query(given) : given, allow_http);
    if (!checked)
        return one.fault(node, "url " + checked.error().detail);
    made.url = keeps || made.kind == "webhook" ? given : *checked;
}

void receiver_list::read_mail(table_reader& one, receiver_settings& made)
{
    auto url = one.required_text("url").value_or("");
    bool tls = url.starts_with("smtps://");
    if (!url.empty()) {
        auto as_web = tls || url.starts_with("smtp://") ? "https" + url.substr(tls ? 5 : 4) : std::string{};
        auto checked = as_web.empty() ? result<std::string>{problem{failure::local, "is no smtp:// or smtps:// address", {}}}
                                      : check_base_url(as_web, false);
        if (!checked)
            one.fault(one.find("url"), "url " + checked.error().detail
                                           + "; write it as smtp://mail.example:587 (STARTTLS) or smtps://mail.example:465");
    }
    made.url = url;
    made.plain = one.flag("plain").value_or(false);
    if (made.plain && (tls || !check_base_url("http" + url.substr(std::min<std::size_t>(4, url.size())), false)))
        one.fault(one.find("plain"), "plain: mail without TLS is for a server on this machine only");
    made.from = one.required_text("from").value_or("");
    if (!made.from.empty() && !is_address(made.from))
        one.fault(one.find("from"), "from: '" + made.from + "' is no address, such as halfmast@acme.example");
    for (const auto& [address, node] : one.texts("to")) {
        if (!is_address(address))
            one.fault(node, "to: '" + address + "' is no address, such as oncall@acme.example");
        made.to.push_back(address);
    }
    if (made.to.empty())
        one.fault(one.find("to"), "to: at least one address is needed");
    made.username = one.text("username").value_or("");
    read_secret_of(one, "password", made.secret, !made.username.empty());
    if (auto path = one.text("ca_file"))
        made.ca_file = beside(one.file(), *path);
}

void receiver_list::read_own(table_reader& one, receiver_settings& made)
{
    const auto& kind = made.kind;
    if (kind == "smtp")
        return read_mail(one, made);
    if (kind == "slack")
        made.buttons = one.flag("buttons").value_or(false);
    if (kind == "slack" || kind == "discord" || kind == "teams" || kind == "grafana-irm")
        return read_url(one, made, "", true);
    if (kind == "webhook") {
        read_url(one, made, "", false);
        read_secret_of(one, "secret", made.secret, true);
        if (!made.secret.empty() && !is_webhook_secret(made.secret))
            one.fault(one.find("secret"),
                      "secret is none of Standard Webhooks: 'whsec_' and the base64 of 24 to 64 random bytes. Make one with "
                      "'echo whsec_$(openssl rand -base64 32)'");
    } else if (kind == "alertmanager") {
        read_url(one, made, "", false);
        made.username = one.text("username").value_or("");
        read_secret_of(one, made.username.empty() ? "token" : "password", made.secret, !made.username.empty());
    } else if (kind == "pagerduty") {
        read_url(one, made, "https://events.pagerduty.com/v2/enqueue", false);
        read_secret_of(one, "routing_key", made.secret, true);
    } else if (kind == "opsgenie") {
        read_url(one, made, "https://api.opsgenie.com", false);
        read_secret_of(one, "api_key", made.secret, true);
    } else if (kind == "ntfy") {
        read_url(one, made, "https://ntfy.sh", false);
        made.topic = one.required_text("topic").value_or("");
        read_secret_of(one, "token", made.secret, false);
    } else if (kind == "gotify" || kind == "goalert") {
        read_url(one, made, "", false);
        read_secret_of(one, "token", made.secret, true);
    } else if (kind == "pushover") {
        read_url(one, made, "https://api.pushover.net/1/messages.json", false);
        read_secret_of(one, "token", made.secret, true);
        read_secret_of(one, "user", made.user, true);
    } else if (kind == "twilio") {
        read_url(one, made, "https://api.twilio.com", false);
        made.username = one.required_text("account").value_or("");
        read_secret_of(one, "token", made.secret, true);
        made.from = one.required_text("from").value_or("");
        auto to = one.required_text("to");
        if (to)
            made.to = {*to};
    }
}

std::vector<std::string> receiver_list::names(table_reader& where, const char* key)
{
    std::vector<std::string> all;
    for (const auto& [name, node] : where.texts(key)) {
        mentions_.push_back({where, node, name, true});
        all.push_back(name);
    }
    if (all.empty())
        where.fault(where.find(key), std::string{key} + " names nobody; write " + key + " = [\"NAME\"]");
    return all;
}

void receiver_list::read_rota(table_reader one, std::size_t number)
{
    one.rename("rota #" + std::to_string(number));
    auto name = one.required_text("name").value_or("");
    if (!name.empty()) {
        one.rename("rota " + name);
        bool taken = kinds_.contains(name) || std::ranges::find(rotas_, name, &rota::name) != rotas_.end();
        if (!is_name(name) || taken)
            one.fault(one.find("name"), taken ? "name: there is a receiver or a rota of that name already"
                                              : "name: '" + name + "' is no name; small letters, digits, '-' and '_'");
    }
    auto made = halfmast::settings::read_rota(one, name, secrets_);
    for (const auto& who : made.turns)
        mentions_.push_back({one, one.find("turns"), who});
    for (const auto& who : made.rules.otherwise)
        mentions_.push_back({one, one.find("otherwise"), who});
    if (made.calendar)
        for (const auto& [word, who] : made.calendar->people)
            mentions_.push_back({one, one.find("people"), who});
    for (const auto& swap : made.swaps)
        if (!swap.who.empty())
            mentions_.push_back({one, one.find("swap"), swap.who});
    one.finish();
    rotas_.push_back(std::move(made));
}

void receiver_list::read_route(table_reader one, std::size_t number)
{
    page_route made;
    one.rename("route #" + std::to_string(number));
    if (auto name = one.text("name")) {
        if (!is_name(*name) || *name == "nobody")
            one.fault(one.find("name"), "name: '" + *name + "' is no name; small letters, digits, '-' and '_'");
        one.rename("route " + *name);
        made.name = *name;
    }
    if (std::ranges::any_of(pages_.routes, [&](const auto& other) { return other.name == made.name; }))
        one.fault(one.find("name"),
                  made.name.empty() ? "only one route may have no name" : "there is a route of that name already");
    if (const auto* match = one.table("match")) {
        auto inner = one.inside(*match, "match");
        for (const auto& [key, node] : *match)
            if (auto value = inner.text(key.str())) {
                made.match[std::string{key.str()}] = *value;
                if (key.str() == "drill" && *value != "true" && *value != "false")
                    inner.fault(&node, "drill: '" + *value + "' is neither \"true\" nor \"false\"");
            }
    }
    if (auto word = one.text("severity")) {
        if (auto level = parse_severity(*word))
            made.least = *level;
        else
            one.fault(one.find("severity"), "severity: '" + *word + "' is none of minor, major, critical");
    }
    made.steps.push_back({milliseconds{0}, names(one, "to")});
    if (auto length = one.duration("gather", gather_bounds))
        made.gather = *length;
    if (auto length = one.duration("more", again_bounds))
        made.more = *length;
    if (auto length = one.duration("repeat", again_bounds))
        made.repeat = *length;
    for (const auto* table : one.tables("escalate")) {
        auto step = one.inside(*table, "escalate");
        auto after = step.duration("after", step_bounds);
        if (!after && step.find("after") == nullptr)
            step.fault(nullptr, "after is missing");
        auto to = names(step, "to");
        if (after && *after <= made.steps.back().after)
            step.fault(step.find("after"), "after: each step comes later than the one before it");
        made.steps.push_back({after.value_or(milliseconds{0}), std::move(to)});
        step.finish();
    }
    one.finish();
    pages_.routes.push_back(std::move(made));
}

void receiver_list::read_pages(table_reader pages)
{
    auto length = [&](const char* key, bounds allowed, milliseconds& made) {
        if (auto given = pages.duration(key, allowed))
            made = *given;
    };
    length("crisis_open", again_bounds, pages_.crisis_open);
    length("update_ahead", ahead_bounds, pages_.update_ahead);
    length("manual_ahead", ahead_bounds, pages_.manual_ahead);
    length("hold_ahead", ahead_bounds, pages_.hold_ahead);
    length("unreachable_for", ahead_bounds, pages_.unreachable_for);
    if (const auto* table = pages.table("quiet")) {
        auto quiet = pages.inside(*table, "quiet");
        auto read_clock = [&](const char* key) -> std::optional<milliseconds> {
            auto text = quiet.required_text(key);
            auto at = text ? clock_time(*text) : std::nullopt;
            if (text && !at)
                quiet.fault(quiet.find(key), std::string{key} + ": '" + *text + "' is no time of day, such as 22:00");
            return at;
        };
        auto from = read_clock("from");
        auto to = read_clock("to");
        auto zone = quiet.text("time_zone").value_or("UTC");
        if (!text::is_time_zone(zone))
            quiet.fault(quiet.find("time_zone"), "time_zone: '" + zone + "' is no time zone, such as Europe/Budapest");
        quiet.finish();
        if (from && to && *from == *to)
            quiet.fault(nullptr, "from and to are the same");
        else if (from && to)
            pages_.quiet_until = quiet_between(*from, *to, zone);
    }
    pages.finish();
}

void receiver_list::read_heartbeat(table_reader beat)
{
    if (auto every = beat.duration("every", beat_bounds))
        heartbeat_.every = *every;
    auto receiver = beat.text("receiver");
    if (receiver) {
        heartbeat_.receiver = *receiver;
        if (kinds_.contains(*receiver) && kinds_.at(*receiver) != "alertmanager")
            beat.fault(beat.find("receiver"),
                       "receiver: only an alertmanager hears an alert that always fires; for another one give a url");
        mentions_.push_back({beat, beat.find("receiver"), *receiver});
    }
    if (const auto* node = beat.find("url")) {
        heartbeat_.url = node->is_table() ? read_secret(beat, "url", *node, secrets_) : beat.text("url").value_or("");
        auto checked =
            heartbeat_.url.empty() ? result<std::string>{std::string{}} : check_base_url(without_query(heartbeat_.url), false);
        if (!checked)
            beat.fault(node, "url " + checked.error().detail);
        if (receiver)
            beat.fault(node, "url: either a url or a receiver");
    } else if (!receiver) {
        beat.fault(nullptr, "either url or receiver is missing");
    }
    beat.finish();
}

void receiver_list::check_mentions()
{
    for (auto& one : mentions_) {
        if (kinds_.contains(one.name) || (one.or_rota && std::ranges::find(rotas_, one.name, &rota::name) != rotas_.end()))
            continue;
        text::nearest search{one.name};
        for (const auto& [name, kind] : kinds_)
            search.offer(name);
        one.where.fault(one.node, "there is no receiver '" + one.name + "'." + search.question());
    }
}

void receiver_list::finish(settings& made)
{
    check_mentions();
    // Who names receivers and no route wants to hear of everything.
    if (pages_.routes.empty() && !all_.empty()) {
        page_route everything;
        everything.steps.push_back({milliseconds{0}, {}});
        for (const auto& one : all_)
            everything.steps.front().to.push_back(one.name);
        pages_.routes.push_back(std::move(everything));
    }
    pages_.on_duty = duty_of(rotas_);
    for (auto& one : rotas_) {
        pages_.rotas.push_back(one.name);
        if (!one.calendar)
            continue;
        for (const auto& [name, kind] : kinds_)
            one.calendar->people.try_emplace(text::fold(name), name);
        pages_.calendars[one.name] = std::move(one.rules);
        made.calendars.push_back(std::move(*one.calendar));
    }
    made.receivers = std::move(all_);
    made.pages = std::move(pages_);
    made.heartbeat = std::move(heartbeat_);
}

}  // namespace halfmast::settings
