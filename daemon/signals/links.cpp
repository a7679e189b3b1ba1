#include "daemon/signals/links.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace halfmast::signals {

namespace {

constexpr std::chrono::seconds first_round{30};  // after a start the queues have to be read first
constexpr std::chrono::minutes doubt_pause{2};
constexpr std::size_t most_in_a_round = 2'000;  // links; the others come with the next round
constexpr std::size_t most_evidence = 6;
constexpr std::string_view holder = "dead-link";

}  // namespace

std::string host_of_link(std::string_view url)
{
    auto scheme = url.find("://");
    if (!url.starts_with("http") || scheme == url.npos)
        return {};
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    if (auto at = url.rfind('@'); at != url.npos)
        url.remove_prefix(at + 1);
    auto colon = url.rfind(':');
    if (colon != url.npos && url.find(']', colon) == url.npos)
        url = url.substr(0, colon);
    std::string host{url};
    for (auto& c : host)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return host;
}

std::vector<leading_post> posts_to_follow(const state& known, time_point now, time_point until)
{
    std::vector<leading_post> posts;
    for (const auto& [id, where] : known.accounts)
        for (const auto& [post, seen] : where.queue) {
            const auto& one = *seen.post;
            if (seen.judged.kind != post_class::promotional || one.links.empty() || one.due < now || one.due >= until
                || find_hold(where, post) != nullptr)
                continue;
            posts.push_back({id, post, one.links});
        }
    return posts;
}

bool is_cut_off(const std::vector<asked_link>& answers, const state& known)
{
    return std::ranges::none_of(answers, [](const auto& one) { return one.ok || one.answered; })
           && std::ranges::none_of(known.accounts, [](const auto& entry) { return entry.second.reachable; });
}

void dead_links::take(const std::vector<asked_link>& answers)
{
    std::map<std::string, doubt> now;
    for (const auto& one : answers) {
        auto before = bad_.find(one.url);
        if (!one.asked && before != bad_.end())
            now[one.url] = before->second;
        if (!one.asked || one.ok)
            continue;
        now[one.url] = {before == bad_.end() ? 1 : before->second.times + 1, one.said};
    }
    bad_ = std::move(now);
}

bool dead_links::is_dead(const std::string& url) const
{
    auto found = bad_.find(url);
    return found != bad_.end() && found->second.times >= needed;
}

std::string dead_links::why(const std::string& url) const
{
    auto found = bad_.find(url);
    return found == bad_.end() ? std::string{} : found->second.said;
}

bool dead_links::has_doubts() const
{
    return std::ranges::any_of(bad_, [](const auto& one) { return one.second.times < needed; });
}

std::vector<hold_requested> dead_links::holds(const std::vector<leading_post>& posts) const
{
    std::vector<hold_requested> wanted;
    for (const auto& one : posts) {
        auto dead = std::ranges::find_if(one.links, [&](const auto& url) { return is_dead(url); });
        if (dead == one.links.end())
            continue;
        hold_requested hold{};
        hold.account = one.account;
        hold.post = one.post;
        hold.by = actor_id{std::string{holder}};
        hold.why = "its link " + *dead + " is dead (" + why(*dead) + ")";
        wanted.push_back(std::move(hold));
    }
    return wanted;
}

std::vector<heard_signal> dead_links::signals(const link_watch& rules)
{
    std::map<std::string, std::vector<std::string>> by_host;
    for (const auto& [url, one] : bad_)
        if (one.times >= needed)
            if (auto host = host_of_link(url); !host.empty())
                by_host[host].push_back(url);
    std::vector<heard_signal> all;
    auto signal = [&](const std::string& host) {
        heard_signal said;
        said.source = "dead-links";
        said.playbook = rules.playbook;
        said.level = rules.level;
        said.key = "dead-links/" + host;
        return said;
    };
    std::set<std::string> now;
    for (const auto& [host, urls] : by_host) {
        if (urls.size() < static_cast<std::size_t>(std::max(rules.share, 1)))
            continue;
        now.insert(host);
        auto said = signal(host);
        said.what = std::to_string(urls.size()) + " links to " + host + " are dead";
        for (const auto& url : urls)
            if (said.evidence.size() < most_evidence)
                said.evidence.push_back(url + " (" + why(url) + ")");
        all.push_back(std::move(said));
    }
    for (const auto& host : said_)
        if (!now.contains(host)) {
            auto over = signal(host);
            over.what = "links to " + host + " answer again";
            over.ended = true;
            all.push_back(std::move(over));
        }
    said_ = std::move(now);
    return all;
}

link_follower::link_follower(asio::any_io_executor executor, link_watch rules, needs wanted)
    : executor_(executor),
      rules_(std::move(rules)),
      needs_(std::move(wanted)),
      timer_(executor)
{
}

void link_follower::start()
{
    if (!rules_.on)
        return;
    auto work = run();
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

void link_follower::stop()
{
    stopping_ = true;
    timer_.cancel();
}

asio::awaitable<void> link_follower::run()
{
    milliseconds wait = std::min<milliseconds>(first_round, rules_.every);
    while (!stopping_) {
        boost::system::error_code cancelled;
        timer_.expires_after(wait);
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (stopping_)
            co_return;
        auto work = round();
        co_await std::move(work);
        wait = found_.has_doubts() ? std::min<milliseconds>(doubt_pause, rules_.every) : rules_.every;
    }
}

asio::awaitable<void> link_follower::round()
{
    auto now = needs_.clock();
    auto posts = posts_to_follow(needs_.known(), now, now + rules_.ahead);
    std::erase_if(posts, [&](const auto& one) { return needs_.practice.contains(one.account); });
    std::set<std::string> links(needs_.partners.begin(), needs_.partners.end());
    for (const auto& one : posts)
        for (const auto& url : one.links)
            if (links.size() < most_in_a_round && !host_of_link(url).empty())
                links.insert(url);
    std::vector<std::string> urls(links.begin(), links.end());
    auto work = needs_.ask(std::move(urls));
    auto answers = co_await std::move(work);
    if (is_cut_off(answers, needs_.known()))
        co_return;
    found_.take(answers);
    for (auto& hold : found_.holds(posts)) {
        event wanted{std::move(hold)};
        needs_.tell(std::move(wanted));
    }
    for (auto& said : found_.signals(rules_))
        needs_.hear(std::move(said));
}

}  // namespace halfmast::signals
