// A loop with a ledger in memory and a platform in memory. The platform looks into the ledger whenever it is called, so that a
// call whose intent is not on record yet is noticed at the moment it happens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/engine/engine.hpp"
#include "daemon/engine/poller.hpp"

namespace halfmast::test {

struct memory_ledger final : ledger_port {
    std::vector<std::string> entries;  // "kind post"
    std::map<std::string, std::shared_ptr<const std::string>> blobs;
    bool refuses = false;
    int appends = 0;

    asio::awaitable<result<std::int64_t>> append(ledger_batch batch) override
    {
        ++appends;
        if (refuses)
            co_return problem{failure::local, "disk full", {}};
        for (auto& entry : batch.entries)
            entries.push_back(entry.payload);
        for (auto& blob : batch.blobs)
            blobs[blob.sha256] = blob.bytes;
        co_return static_cast<std::int64_t>(entries.size());
    }

    asio::awaitable<result<std::shared_ptr<const std::string>>> blob(std::string sha256) override
    {
        auto found = blobs.find(sha256);
        if (found == blobs.end())
            co_return problem{failure::not_found, "no blob " + sha256, {}};
        co_return found->second;
    }

    [[nodiscard]] bool has(const std::string& entry) const { return std::ranges::find(entries, entry) != entries.end(); }
    [[nodiscard]] long count(const std::string& entry) const { return std::ranges::count(entries, entry); }
};

// Posts with a state each: "future", "draft" or "publish".
struct memory_platform final : queue_port, pin_port, feed_port {
    explicit memory_platform(memory_ledger& ledger_) : ledger(ledger_) {}

    struct entry {
        scheduled_post post;
        std::string state = "future";
    };

    memory_ledger& ledger;
    std::map<std::string, entry> posts;
    std::vector<publication> feed;
    std::vector<post_id> pinned;
    std::vector<std::string> calls;       // in order: "hold p1"
    std::vector<std::string> unrecorded;  // acts whose intent was not in the ledger when they came
    std::function<std::optional<problem>(const std::string& call)> fault = [](const std::string&) { return std::nullopt; };
    int published = 0;
    std::string shown;  // of the public post, since it was edited

    std::optional<problem> called(const std::string& call, const std::string& intent = {})
    {
        calls.push_back(call);
        if (!intent.empty() && !ledger.has(intent))
            unrecorded.push_back(call);
        return fault(call);
    }

    asio::awaitable<result<std::vector<scheduled_post>>> list() override
    {
        if (auto trouble = called("list"))
            co_return *trouble;
        std::vector<scheduled_post> all;
        for (const auto& [id, one] : posts)
            if (one.state == "future")
                all.push_back(one.post);
        co_return all;
    }
    asio::awaitable<result<kept_bytes>> save(save_post call) override
    {
        kept_bytes kept{{"post.json", "", std::make_shared<const std::string>("whole " + call.post.value)}};
        co_return kept;
    }
    asio::awaitable<result<receipt>> hold(hold_post call) override
    {
        auto name = call.post.value;
        if (auto trouble = called("hold " + name, "hold_started " + name))
            co_return *trouble;
        if (call.by == rung::takeout) {
            posts.erase(name);
            co_return receipt{};
        }
        posts.at(name).state = "draft";
        co_return receipt{call.remote, ""};
    }
    asio::awaitable<result<std::vector<post_reading>>> read(read_posts call) override
    {
        if (auto trouble = called("read"))
            co_return *trouble;
        std::vector<post_reading> readings;
        for (const auto& wanted : call.wanted) {
            auto found = posts.find(wanted.remote.value);
            if (found == posts.end()) {
                readings.push_back({wanted.post, whereabouts::absent, {}, "", ""});
                continue;
            }
            const auto& one = found->second;
            auto where = one.state == "future"  ? whereabouts::queued
                         : one.state == "draft" ? whereabouts::parked
                                                : whereabouts::published;
            readings.push_back({wanted.post, where, one.post.due, "", ""});
        }
        co_return readings;
    }
    asio::awaitable<result<receipt>> release(release_post call, kept_bytes, time_point) override
    {
        auto name = call.post.value;
        if (auto trouble = called("release " + name, "release_started " + name))
            co_return *trouble;
        posts.at(name).state = "future";
        posts.at(name).post.due = call.at;
        co_return receipt{call.remote, ""};
    }
    asio::awaitable<result<receipt>> publish(publish_summary call) override
    {
        if (auto trouble = called(call.look_first ? "publish, look first" : "publish", "summary_started "))
            co_return *trouble;
        if (!call.look_first || published == 0)
            ++published;
        co_return receipt{post_id{"summary"}, "https://blog.example/summary"};
    }
    asio::awaitable<result<receipt>> edit(edit_summary call) override
    {
        if (auto trouble = called("edit " + call.remote.value, "edit_started "))
            co_return *trouble;
        shown = call.words.text;
        co_return receipt{call.remote, ""};
    }
    asio::awaitable<result<std::vector<post_id>>> pins() override { co_return pinned; }
    asio::awaitable<result<receipt>> pin(post_id id) override
    {
        if (auto trouble = called("pin " + id.value))
            co_return *trouble;
        if (std::ranges::find(pinned, id) == pinned.end())
            pinned.insert(pinned.begin(), id);
        co_return receipt{id, ""};
    }
    asio::awaitable<result<receipt>> unpin(post_id id) override
    {
        if (auto trouble = called("unpin " + id.value))
            co_return *trouble;
        std::erase(pinned, id);
        co_return receipt{id, ""};
    }
    asio::awaitable<result<std::vector<publication>>> since(time_point) override { co_return feed; }
};

inline ledger_batch encode_kinds(const std::vector<audit_record>& records)
{
    ledger_batch batch;
    for (const auto& record : records)
        batch.entries.push_back({"", std::string{to_string(record.kind)} + " " + record.post.value});
    return batch;
}

// Runs the loop until a condition holds; the io_context is driven by hand, so a condition that never holds ends the test by
// running out of turns, not by a clock: time stands still while there is work, and goes on in ticks when there is none.
class stage {
public:
    stage()
        : platform(std::make_shared<memory_platform>(ledger)),
          calls(
              ledger, [](std::string_view bytes) { return std::string{bytes}; }, clock())
    {
        account blog;
        blog.id = account_id{"blog"};
        blog.connector = "memory";
        blog.rungs = {{rung::draft}};
        blog.can_publish = blog.can_pin = true;
        blog.read_batch = 100;
        rules.accounts[blog.id] = blog;
        playbook outage;
        outage.name = "outage";
        outage.undo = milliseconds{0};
        rules.playbooks["outage"] = outage;
        std::map<post_class, mark_rules> marks;
        marks[post_class::promotional].tags = {"promo"};
        marks[post_class::essential].tags = {"service"};
        rules.rules = std::make_shared<judgement>(std::move(marks), std::vector<word_rule>{});
        connection to;
        to.queue = platform;
        to.pins = platform;
        to.feed = platform;
        calls.connect(blog.id, to);
    }

    std::function<time_point()> clock()
    {
        return [this] { return now; };
    }

    void schedule(const std::string& id, std::chrono::minutes ahead, const std::string& tag)
    {
        memory_platform::entry one;
        one.post.id = post_id{id};
        one.post.due = now + ahead;
        one.post.text = one.post.folded = "post " + id;
        one.post.tags = {tag};
        platform->posts[id] = one;
    }

    // `from`: what a replay gave.
    void start(state from = {})
    {
        engine::engine_hooks hooks;
        hooks.clock = clock();
        hooks.encode = encode_kinds;
        hooks.recorded = [this](const audit_record& record) { recorded.push_back(record); };
        hooks.check_now = [this](const account_id& id) {
            if (check_now)
                check_now(id);
        };
        hooks.ledger_refused = [this](std::string why) { refusals.push_back(std::move(why)); };
        loop = std::make_unique<engine::engine>(context.get_executor(), rules, std::move(from), ledger, calls, hooks);
        auto running = [this]() -> asio::awaitable<void> {
            auto work = loop->run();
            co_await std::move(work);
            ended = true;
        };
        run_ = running;
        auto work = run_();
        asio::co_spawn(context, std::move(work), asio::detached);
        loop->tell(daemon_started{"test"});
    }

    // What a poll would tell.
    void observe()
    {
        queue_observed seen{account_id{"blog"}, now, {}};
        for (const auto& [id, one] : platform->posts)
            if (one.state == "future")
                seen.posts.push_back(std::make_shared<const scheduled_post>(one.post));
        loop->tell(std::move(seen));
    }

    engine::reply ask(event what)
    {
        std::optional<engine::reply> given;
        auto asking = [&]() -> asio::awaitable<void> {
            auto answer = co_await loop->ask(std::move(what));
            given = std::move(answer);
        };
        auto work = asking();
        asio::co_spawn(context, std::move(work), asio::detached);
        run_until([&] { return given.has_value(); });
        return given.value_or(engine::reply{});
    }

    engine::reply raise()
    {
        crisis_raised flag;
        flag.by = actor_id{"ops"};
        flag.playbook = "outage";
        flag.statements[account_id{"blog"}] = {"en", "We are on it."};
        return ask(flag);
    }

    bool run_until(const std::function<bool()>& done)
    {
        for (int turn = 0; turn < 20'000; ++turn) {
            if (done())
                return true;
            context.restart();
            if (context.poll_one() == 0) {  // all is quiet: time goes on
                now += milliseconds{200};
                loop->tell(clock_ticked{});
            }
        }
        return done();
    }

    [[nodiscard]] hold_state state_of(const std::string& id) const
    {
        return loop->known().accounts.at(account_id{"blog"}).holds.at(post_id{id}).state;
    }

    time_point now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours{3}};
    asio::io_context context;
    memory_ledger ledger;
    std::shared_ptr<memory_platform> platform;
    engine::dispatcher calls;
    policy rules;
    std::unique_ptr<engine::engine> loop;
    std::vector<audit_record> recorded;  // durable, in order
    std::vector<std::string> refusals;
    std::function<void(const account_id&)> check_now;  // may be empty
    bool ended = false;                                // the loop has run to its end

private:
    std::function<asio::awaitable<void>()> run_;  // keeps the coroutine's captures alive
};

}  // namespace halfmast::test
