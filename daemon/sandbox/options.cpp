#include "daemon/sandbox/options.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <set>

#include <CLI/CLI.hpp>

#include "daemon/sandbox/values.hpp"

namespace halfmast::sandbox {

namespace {

// Usage errors, as for every halfmast program.
constexpr auto usage = 2;

void add_duration(CLI::App& app, const std::string& name, milliseconds& into, const std::string& help, bool with_sign = false)
{
    auto read = [&into, with_sign](const std::string& text) {
        const auto length = with_sign ? parse_signed_duration(text) : parse_duration(text);
        if (length)
            into = *length;
        return length.has_value();
    };
    app.add_option_function<std::string>(
           name,
           [name, read](const std::string& text) {
               if (!read(text))
                   throw CLI::ValidationError(name, "\"" + text + "\" is not a duration such as 50ms or 5m");
           },
           help)
        ->type_name("TIME");
}

void read_listen(command_line& into, const std::string& text)
{
    const auto colon = text.rfind(':');
    auto port = 0u;
    const auto number = colon == std::string::npos ? std::string_view{} : std::string_view{text}.substr(colon + 1);
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (number.empty() || fault != std::errc{} || end != number.data() + number.size() || port > 65'535)
        throw CLI::ValidationError("--listen", "\"" + text + "\" is not ADDRESS:PORT");
    into.address = text.substr(0, colon);
    if (into.address.starts_with('[') && into.address.ends_with(']'))
        into.address = into.address.substr(1, into.address.size() - 2);
    into.port = static_cast<unsigned short>(port);
}

void read_plan(command_line& into, const std::string& file)
{
    auto stream = std::ifstream{file, std::ios::binary};
    if (!stream)
        throw CLI::ValidationError("--fault-plan", "cannot read " + file);
    const auto text = std::string{std::istreambuf_iterator<char>{stream}, {}};
    auto plan = fault_plan::parse(text);
    if (!plan)
        throw CLI::ValidationError("--fault-plan", file + ": " + plan.error().detail);
    into.platform.plan = std::move(*plan);
}

void read_accounts(command_line& into, int numbered, const std::vector<std::string>& named)
{
    auto seen = std::set<std::string>{};
    for (const auto& each : named) {
        const auto colon = each.find(':');
        const auto name = each.substr(0, colon);
        if (colon == std::string::npos || name.empty() || colon + 1 == each.size())
            throw CLI::ValidationError("--account", "\"" + each + "\" is not NAME:TOKEN");
        if (!seen.insert(name).second)
            throw CLI::ValidationError("--account", name + " is named twice");
        into.accounts.emplace_back(name, each.substr(colon + 1));
    }
    for (auto number = 1; number <= numbered; ++number)
        into.accounts.emplace_back("acct-" + std::to_string(number), "token-" + std::to_string(number));
    if (into.accounts.empty())
        into.accounts.emplace_back("alice", "token-alice");
}

// What is left as text until everything is read.
struct raw_options {
    std::string listen = "127.0.0.1:0";
    int accounts = 0;
    std::vector<std::string> named;
    std::string plan;
    std::string rate;
    int burst = 0;
    std::optional<std::uint64_t> seed;
    std::vector<std::string> without;
};

void declare(CLI::App& app, command_line& into, raw_options& raw)
{
    auto& set = into.platform.set;
    app.add_option("--listen", raw.listen, "address and port, 0 takes a free one")->capture_default_str();
    app.add_option("--url", into.url, "how others reach it, when that is not how it listens");
    app.add_option("--accounts", raw.accounts, "accounts acct-1 to acct-N with token-1 to token-N")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--account", raw.named, "NAME:TOKEN; may be repeated (default alice:token-alice)")->allow_extra_args(false);
    add_duration(app, "--latency", into.platform.latency, "before every answer");
    app.add_option("--fault-plan", raw.plan, "JSON file of what shall go wrong");
    app.add_option("--seed", raw.seed, "of the fault plan's dice");
    app.add_option("--rate-limit", raw.rate, "CALLS/SECONDS for each account instead of Mastodon's own limits; 0 is none");
    app.add_option("--burst", raw.burst, "a token bucket of this size instead of a window")->check(CLI::Range(1, 1'000'000'000));
    add_duration(app, "--clock-skew", into.platform.skew, "the platform's clock minus the true one: +3m, -10s", true);
    add_duration(app, "--min-schedule", set.min_schedule, "a date must lie further ahead (5m)");
    add_duration(app, "--sweep-interval", set.sweep_interval, "how often posts are handed to the job queue (5m)");
    add_duration(app, "--sweep-window", set.sweep_window, "how far ahead the sweep looks (5m)");
    add_duration(app, "--media-life", set.media_life, "of unlinked media, from the upload (24h)");
    add_duration(app, "--vacuum-every", set.vacuum_every, "how often old unlinked media are removed (24h: at 03:00 UTC)");
    add_duration(app, "--media-processing", set.media_processing, "how long an upload answers 202 (none)");
    app.add_option("--daily-cap", set.most_a_day, "scheduled posts on one UTC day (25)")->check(CLI::NonNegativeNumber);
    app.add_option("--total-cap", set.most_in_all, "scheduled posts in all (300)")->check(CLI::NonNegativeNumber);
    app.add_option("--pins", set.most_pins, "pinned posts (5)")->check(CLI::NonNegativeNumber);
    app.add_option("--no-trap", raw.without, "switch a trap off; may be repeated")
        ->check(CLI::IsMember(trap_names()))
        ->allow_extra_args(false);
    app.add_option("--state", into.state_file, "write the whole state here at the end");
    app.add_option("--ready-file", into.ready_file, "write the ready line here too");
}

void finish(command_line& into, const raw_options& raw)
{
    read_listen(into, raw.listen);
    read_accounts(into, raw.accounts, raw.named);
    if (!raw.plan.empty())
        read_plan(into, raw.plan);
    if (raw.seed)
        into.platform.plan.seed(*raw.seed);
    if (!raw.rate.empty() || raw.burst > 0) {
        auto limits = parse_rate_rules(raw.rate.empty() ? "300/300" : raw.rate, raw.burst);
        if (!limits)
            throw CLI::ValidationError("--rate-limit", "\"" + raw.rate + "\" is neither CALLS/SECONDS nor 0");
        into.platform.limits = std::move(*limits);
    }
    for (const auto& name : raw.without)
        *find_trap(into.platform.set.on, name) = false;
    if (into.platform.set.sweep_interval <= milliseconds{0} || into.platform.set.vacuum_every <= milliseconds{0})
        throw CLI::ValidationError("--sweep-interval", "this and --vacuum-every must be longer than nothing");
}

}  // namespace

std::variant<command_line, int> read_command_line(int count, const char* const* words)
{
    auto into = command_line{};
    auto raw = raw_options{};
    CLI::App app{"A practice platform: speaks the Mastodon API, publishes at due time, and has the platform's traps.",
                 "halfmast-sandbox"};
    app.set_version_flag("--version", HALFMAST_VERSION);
    declare(app, into, raw);
    try {
        app.parse(count, words);
        finish(into, raw);
    } catch (const CLI::ParseError& what) {
        return app.exit(what) == 0 ? 0 : usage;
    }
    return into;
}

}  // namespace halfmast::sandbox
