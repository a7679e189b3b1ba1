#include "tests/contract/stage.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "connectors/registry.hpp"
#include "daemon/settings/document.hpp"

namespace halfmast::contract {

namespace {

// The account's keys, out of a map.
class map_values final : public account_values {
public:
    explicit map_values(std::map<std::string, std::string> all) : all_(std::move(all)) {}

    std::string text(std::string_view key) override { return optional_text(key).value_or(""); }
    std::optional<std::string> optional_text(std::string_view key) override
    {
        auto found = all_.find(std::string{key});
        return found == all_.end() ? std::nullopt : std::optional{found->second};
    }
    std::optional<bool> flag(std::string_view key) override
    {
        auto given = optional_text(key);
        return given ? std::optional{*given == "true"} : std::nullopt;
    }
    std::optional<std::int64_t> whole(std::string_view key) override
    {
        auto given = optional_text(key);
        return given ? std::optional<std::int64_t>{std::stoll(*given)} : std::nullopt;
    }
    std::string base_url(std::string_view key) override { return text(key); }
    std::string secret(std::string_view key) override { return text(key); }
    void fault(std::string_view key, std::string text) override
    {
        throw std::logic_error("settings of the fake: " + std::string{key} + ": " + text);
    }
    bool has(std::string_view key) override { return all_.contains(std::string{key}); }
    std::vector<std::string> texts(std::string_view key) override  // a line each
    {
        std::vector<std::string> all;
        auto given = text(key);
        for (std::size_t at = 0; at < given.size();) {
            auto end = std::min(given.find('\n', at), given.size());
            all.push_back(given.substr(at, end - at));
            at = end + 1;
        }
        return all;
    }
    std::shared_ptr<const document> file(std::string_view key) override
    {
        auto read = settings::read_document(text(key));
        if (!read.value)
            throw std::logic_error(text(key) + " " + read.why);
        return read.value;
    }
    using account_values::fault;

private:
    std::map<std::string, std::string> all_;
};

std::string http_date(time_point at)
{
    auto day = std::chrono::floor<std::chrono::days>(at);
    std::chrono::year_month_day date{day};
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto iso = format_utc(std::chrono::floor<seconds>(at));  // 2026-03-01T14:30:00Z
    return std::string{days[std::chrono::weekday{day}.c_encoding()]} + ", " + iso.substr(8, 2) + " "
           + months[static_cast<unsigned>(date.month()) - 1] + " " + iso.substr(0, 4) + " " + iso.substr(11, 8) + " GMT";
}

std::string host_of(const std::string& url)
{
    auto begin = url.find("://");
    return begin == std::string::npos ? std::string{} : url.substr(0, url.find('/', begin + 3));
}

// For the check against the vendors' own descriptions: every request once, a JSON line each. Bodies may be any bytes, hence hex.
void note_request(const std::string& connector, const http_request& request)
{
    const char* file = std::getenv("HALFMAST_CONTRACT_REQUESTS");
    if (file == nullptr || *file == '\0')
        return;
    static std::set<std::string> known;
    static std::ofstream out(file, std::ios::app);
    std::string body;
    for (unsigned char byte : request.body)
        body += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    nlohmann::json line{
        {"connector", connector}, {"method", request.method}, {"url", request.url}, {"headers", request.headers}, {"body", body}};
    if (auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); known.insert(text).second)
        out << text << std::endl;
}

}  // namespace

std::optional<fault> wire::strike(call_kind kind)
{
    for (auto& one : faults_)
        if (one.what.on == kind) {
            auto turn = one.seen++;
            if (turn >= one.what.after && turn < one.what.after + one.what.times)
                return one.what;
        }
    return std::nullopt;
}

// What no connector may do, whatever the test is about.
void wire::watch(const http_request& request, call_kind kind)
{
    auto settings = to_.settings();
    auto home = host_of(settings.at("url"));
    if (!find_header(request.headers, "Authorization").empty() && host_of(request.url) != home)
        details.push_back("a credential left for " + host_of(request.url));
    for (const auto& [key, value] : settings)
        if (is_secret_key(key) && request.url.find(value) != std::string::npos)
            details.push_back("a secret stands in a URL");
    if (kind == call_kind::reads_mentions && !request.looks)
        details.push_back("a look at mentions would go before what acts");
    if (kind == call_kind::publishes && !request.publishes)
        details.push_back("a publishing call may be sent twice by the library");
    for (const auto& [name, value] : request.headers)
        if (std::ranges::any_of(name + value, [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
            details.push_back("a header holds a control character: " + name);
}

asio::awaitable<result<http_response>> wire::fetch(http_request request)
{
    now_ += milliseconds{20};
    auto kind = to_.kind_of(request);
    ++counts_[kind];
    sent.push_back(request.method + " " + request.url);
    watch(request, kind);
    note_request(to_.connector(), request);
    auto what = strike(kind);
    auto name = request.method + " " + request.url.substr(0, request.url.find('?'));
    if (what && what->unreachable)
        co_return problem{failure::unreachable, name + ": connection refused", {}};
    to_.advance(now_);
    http_response given;
    if (!what || what->lie || what->carried_out || (!what->status && !what->cut))
        given = to_.serve(request, now_, !(what && what->lie));
    if (find_header(given.headers, "Date").empty())
        given.headers.emplace_back("Date", http_date(now_));
    if (what) {
        if (what->status)
            given.status = *what->status;
        if (what->body)
            given.body = *what->body;
        else if (what->status)
            given.body = R"({"error":"Refused","code":"refused","message":"Refused"})";
        if (!find_header(what->headers, "Content-Type").empty())
            std::erase_if(given.headers, [](const auto& header) { return header.first == "Content-Type"; });
        given.headers.insert(given.headers.end(), what->headers.begin(), what->headers.end());
        if (what->spoil)
            what->spoil(given.body);
        if (what->huge > request.most_body)  // need not be built to be too large
            co_return problem{
                failure::bad_reply, name + ": the answer is larger than " + std::to_string(request.most_body) + " bytes", {}};
        if (what->huge > given.body.size())
            given.body.append(what->huge - given.body.size(), ' ');
        if (what->cut)
            co_return problem{failure::unknown_outcome, name + ": the connection closed before the whole answer came", {}};
    }
    if (given.body.size() > request.most_body)
        co_return problem{
            failure::bad_reply, name + ": the answer is larger than " + std::to_string(request.most_body) + " bytes", {}};
    co_return given;
}

int wire::count(call_kind kind) const
{
    auto found = counts_.find(kind);
    return to_.calls(kind) + (found == counts_.end() ? 0 : found->second);
}

int wire::total() const
{
    int all = 0;
    for (auto kind = static_cast<int>(call_kind::lists); kind <= static_cast<int>(call_kind::other); ++kind)
        all += count(static_cast<call_kind>(kind));
    return all;
}

stage::stage(const maker& which)
    : now(std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{14}),
      platform(which.make(now)),
      net(*platform, now)
{
    const auto* room = find_connector(platform->connector());
    if (room == nullptr)
        throw std::logic_error("no connector is called " + platform->connector());
    map_values values{platform->settings()};
    auto own = room->parse(values);
    if (!own)
        throw std::logic_error("the fake's own settings are refused");
    declared.id = account_id{"acme"};
    declared.connector = platform->connector();
    room->declare(*own, declared);
    room_ = room;
    own_ = own;
    restart();
}

void stage::restart()
{
    to = {};
    to = room_->connect(own_, net, vault);
}

bool stage::has(rung kind) const { return std::ranges::find(declared.rungs, kind, &rung_offer::kind) != declared.rungs.end(); }

post_ptr stage::listed(const post_id& id)
{
    auto all = run(to.queue->list());
    auto found = std::ranges::find(all.value(), id, &scheduled_post::id);
    return found == all.value().end() ? nullptr : std::make_shared<const scheduled_post>(*found);
}

result<receipt> stage::hold(const post_ptr& post, rung by)
{
    hold_post call{post->id, post->id, post, by, by == rung::postpone ? far() : time_point{}};
    return run(to.queue->hold(std::move(call)));
}

result<std::vector<post_reading>> stage::read(const std::vector<read_request>& wanted)
{
    read_posts call{wanted};
    return run(to.queue->read(std::move(call)));
}

post_reading stage::read_one(const post_ptr& post, const post_id& remote, rung by)
{
    return read({{post->id, remote, by, post}}).value().at(0);
}

result<receipt> stage::release(const post_ptr& post, const post_id& remote, rung by, const kept_bytes& kept, time_point at,
                               bool look_first, std::optional<std::string> text)
{
    release_post call{post->id, remote, post, by, at, {}, look_first, std::move(text)};
    return run(to.queue->release(std::move(call), kept, now));
}

result<receipt> stage::say(publish_summary call) { return run(to.pins->publish(std::move(call))); }

receipt stage::say_first(const std::string& words) { return say(edition_of(1, words)).value(); }

publish_summary edition_of(std::uint32_t number, const std::string& words, const post_id& in_reply_to, bool look_first)
{
    publish_summary call;
    call.crisis = crisis_id{"c-1"};
    call.words = {"en", words};
    call.key = "halfmast-c-1-acme-1772460000" + (number > 1 ? "-e" + std::to_string(number) : std::string{});
    call.edition = number;
    call.in_reply_to = in_reply_to;
    call.look_first = look_first;
    return call;
}

bool has_queue(const maker& which) { return stage{which}.to.queue != nullptr; }

std::vector<rung_offer> rungs_of(const maker& which) { return stage{which}.rungs(); }

new_post promo(const stage& on, std::string text, milliseconds ahead)
{
    new_post made;
    made.text = std::move(text);
    made.due = on.now + ahead;
    made.tags = {"promo"};
    return made;
}

}  // namespace halfmast::contract
