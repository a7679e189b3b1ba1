#include "daemon/app/lookout.hpp"

#include <fstream>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sys/random.h>

#include "daemon/app/journal.hpp"
#include "daemon/audit/files.hpp"
#include "daemon/signals/acknowledge.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::app {

namespace {

constexpr std::size_t key_size = 32;

// The key of the links in letters: made once, and of use to nobody who cannot read the state directory anyway.
secret link_key_of(const std::string& state_dir)
{
    auto path = state_dir + "/acknowledge.key";
    if (auto kept = audit::read_file(path, key_size); kept && kept->size() == key_size)
        return secret{std::move(*kept)};
    std::string made(key_size, '\0');
    if (::getrandom(made.data(), made.size(), 0) != static_cast<ssize_t>(made.size()))
        throw std::runtime_error("this machine gives no random numbers");
    if (auto written = audit::replace_file(path, made, 0600); !written)
        throw std::runtime_error(written.error().detail);
    return secret{std::move(made)};
}

// "HEAD: 404 Not Found" came from a server; "HEAD: the name a.example has no address" did not.
bool names_a_status(std::string_view said)
{
    for (std::string_view mark : {"HEAD: ", "GET: "})
        for (auto at = said.find(mark); at != said.npos; at = said.find(mark, at + 1))
            if (auto digit = at + mark.size(); digit < said.size() && said[digit] >= '1' && said[digit] <= '9')
                return true;
    return false;
}

}  // namespace

lookout::lookout(asio::any_io_executor executor, const settings::settings& wanted, std::function<time_point()> clock,
                 daemon_backend& backend)
    : executor_(executor),
      clock_(std::move(clock)),
      backend_(backend),
      public_url_(wanted.signals.public_url),
      link_key_(link_key_of(wanted.state_dir))
{
    auto seen = std::make_unique<signals::deliveries>(wanted.state_dir + "/hooks.seen");
    hooks_ = std::make_unique<signals::hooks>(wanted.signals, std::move(seen), hook_needs());
    auto heard = [this](heard_signal said) { hear(std::move(said)); };
    files_ = std::make_unique<signals::flag_files>(executor, wanted.signals.files, clock_, heard);
    listens_ = wanted.signals.mentions.on;
    signals::mentions::needs for_mentions;
    for_mentions.clock = clock_;
    for_mentions.hear = heard;
    for_mentions.fold = text::fold;
    for_mentions.offset = text::zone_offset;
    for_mentions.folder = wanted.state_dir + "/mentions";
    mentions_ = std::make_unique<signals::mentions>(executor, wanted.signals.mentions, std::move(for_mentions));
    signals::link_follower::needs for_links;
    for_links.clock = clock_;
    for_links.known = [this]() -> const state& { return backend_.known(); };
    for_links.ask = [this](std::vector<std::string> urls) -> asio::awaitable<std::vector<signals::asked_link>> {
        auto work = backend_.check_links(std::move(urls));
        auto given = co_await std::move(work);
        std::vector<signals::asked_link> answers;
        for (auto& one : given) {
            signals::asked_link answer;
            answer.url = std::move(one.url);
            answer.ok = one.ok;
            answer.asked = one.ok || one.said.starts_with("HEAD") || one.said.starts_with("GET");
            answer.answered = names_a_status(one.said);
            answer.said = std::move(one.said);
            answers.push_back(std::move(answer));
        }
        co_return answers;
    };
    for_links.tell = [this](event what) {
        auto work = backend_.submit(std::move(what));
        asio::co_spawn(executor_, std::move(work), [](std::exception_ptr, const api::answer&) {});
    };
    for_links.hear = heard;
    for_links.partners = wanted.partners;
    for (const auto& one : wanted.accounts)
        if (one.declared.practice)
            for_links.practice.insert(one.declared.id);
    links_ = std::make_unique<signals::link_follower>(executor, wanted.signals.links, std::move(for_links));
}

signals::hook_needs lookout::hook_needs()
{
    signals::hook_needs needs;
    needs.clock = clock_;
    needs.link_key = link_key_;
    needs.pages = [this]() -> const page_book& { return backend_.known().pages; };
    needs.hear = [this](heard_signal said) -> asio::awaitable<result<void>> {
        auto work = backend_.hear(std::move(said));
        auto given = co_await std::move(work);
        if (!given.durable)
            co_return problem{failure::local, "the ledger cannot be written: " + given.ledger_error, {}};
        co_return result<void>{};
    };
    needs.acknowledge = [this](page_acknowledged what) -> asio::awaitable<result<void>> {
        event happened{std::move(what)};
        auto work = backend_.submit(std::move(happened));
        auto given = co_await std::move(work);
        if (given.refused)
            co_return problem{failure::not_found, given.refused->text, {}};
        co_return result<void>{};  // it counts from now on; that it is on record can wait
    };
    needs.refused = [](const std::string& hook, const std::string& why, std::uint64_t times) {
        journal::hook_refused(hook, why, times);
    };
    return needs;
}

void lookout::listen_to(const account& who, std::shared_ptr<mentions_port> from)
{
    if (listens_ && from != nullptr && !who.practice)  // what is written there is part of a drill, and no first warning
        mentions_->add(who, std::move(from));
}

void lookout::start()
{
    files_->start();
    mentions_->start();
    links_->start();
}

void lookout::stop()
{
    files_->stop();
    mentions_->stop();
    links_->stop();
}

void lookout::hear(heard_signal said)
{
    auto work = hand_in(std::move(said));
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

// What is not durable is in memory, and said again by whoever says it.
asio::awaitable<void> lookout::hand_in(heard_signal said)
{
    auto work = backend_.hear(std::move(said));
    (void)co_await std::move(work);
}

std::string lookout::acknowledge_url(const page_letter& letter) const
{
    if (public_url_.empty() || letter.test)
        return {};
    return public_url_ + "/hooks/acknowledge/"
           + signals::sign_page(link_key_, {letter.dedup, letter.receiver}, clock_() + signals::link_lasts);
}

std::map<std::pair<std::string, std::string>, std::uint64_t> lookout::hook_counts() const
{
    std::map<std::pair<std::string, std::string>, std::uint64_t> all;
    for (const auto& [hook, count] : hooks_->counts()) {
        all[{hook, "taken"}] = count.taken;
        all[{hook, "refused"}] = count.refused;
        all[{hook, "repeated"}] = count.repeated;
    }
    return all;
}

}  // namespace halfmast::app
