#include "daemon/alert/outbox.hpp"

#include <algorithm>
#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/alert/mail.hpp"
#include "daemon/alert/wire.hpp"
#include "daemon/alert/words.hpp"
#include "daemon/net/request_name.hpp"
#include "daemon/net/smtp_client.hpp"

namespace halfmast::alert {

namespace {

constexpr std::size_t most_at_once = 4;  // letters to one receiver
constexpr std::string_view mail_kind = "smtp";

void replace_all(std::string& text, const std::string& what, std::string_view with)
{
    if (what.empty())
        return;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// The address of a webhook is its key: of it, only the host is said. What a receiver answers may have the key in it too.
std::string without_secrets(std::string text, const receiver_settings& to, const std::string& named, const std::string& url)
{
    constexpr std::size_t least_key = 8;  // "Cannot POST /services/T/B/key" says it too; "/alerts" is in many an answer
    auto path_of = [](const std::string& address) {
        auto host = address.find("://");
        return std::min(address.find('/', host == std::string::npos ? 0 : host + 3), address.size());
    };
    auto path = path_of(named);
    if (path < named.size())
        replace_all(text, named, named.substr(0, path));
    for (const auto& key : {url.substr(path_of(url)), named.substr(path)})
        if (key.size() > least_key)
            replace_all(text, key, "/***");
    replace_all(text, to.secret, "***");
    replace_all(text, to.user, "***");
    return text;
}

net::smtp_settings smtp_of(const receiver_settings& to)
{
    net::smtp_settings made;
    made.url = to.url;
    made.plain = to.plain;
    made.username = to.username;
    made.password = to.secret;
    made.ca_file = to.ca_file;
    made.timeout = to.timeout;
    return made;
}

}  // namespace

struct outbox::lane {
    receiver_settings to;
    const wire* how = nullptr;  // null: mail
    std::unique_ptr<net::smtp_client> mail;
    std::deque<page_letter> queue;
    std::size_t leaving = 0;
};

std::optional<receiver_kind> find_receiver_kind(std::string_view kind)
{
    if (kind == mail_kind)
        return receiver_kind{};
    const auto* found = find_wire(kind);
    if (found == nullptr)
        return std::nullopt;
    return receiver_kind{found->hears_acknowledged, found->hears_resolved, found->refresh};
}

outbox::outbox(asio::any_io_executor executor, http_port& http, std::function<time_point()> clock,
               std::function<void(page_answered)> answered)
    : executor_(std::move(executor)),
      http_(http),
      clock_(std::move(clock)),
      answered_(std::move(answered))
{
}

outbox::~outbox()
{
    for (auto& [name, mine] : receivers_)
        mine->mail.reset();  // its thread ends before the executor does, whoever still waits for it
}

void outbox::add(receiver_settings to)
{
    auto made = std::make_shared<lane>();
    made->how = find_wire(to.kind);
    if (to.kind == mail_kind)
        made->mail = std::make_unique<net::smtp_client>(executor_, smtp_of(to));
    made->to = std::move(to);
    auto name = made->to.name;
    receivers_[name] = std::move(made);
}

void outbox::send(page_letter letter)
{
    auto found = receivers_.find(letter.receiver);
    if (found == receivers_.end()) {
        page_answered none{letter.group,
                           letter.receiver,
                           letter.id,
                           problem{failure::unsupported, "there is no such receiver in the settings", {}},
                           {}};
        answered_(std::move(none));
        return;
    }
    found->second->queue.push_back(std::move(letter));
    start_more(*found->second);
}

void outbox::start_more(lane& mine)
{
    while (mine.leaving < most_at_once && !mine.queue.empty()) {
        auto letter = std::move(mine.queue.front());
        mine.queue.pop_front();
        ++mine.leaving;
        auto work = carry(receivers_.at(mine.to.name), std::move(letter));
        asio::co_spawn(executor_, std::move(work), asio::detached);
    }
}

asio::awaitable<void> outbox::carry(std::shared_ptr<lane> mine, page_letter letter)
{
    page_answered answer;
    answer.group = letter.group;
    answer.receiver = letter.receiver;
    answer.id = letter.id;
    auto work = put(mine, std::move(letter));
    auto given = co_await std::move(work);
    if (given)
        answer.said = *given;
    else
        answer.trouble = given.error();
    --mine->leaving;
    answered_(std::move(answer));
    start_more(*mine);
}

asio::awaitable<result<std::string>> outbox::put(std::shared_ptr<lane> mine, page_letter letter)
{
    // Exceptions stop here: a letter that was not answered would be owed for ever.
    std::string thrown;
    try {
        auto now = clock_();
        if (mine->mail) {
            net::mail what;
            what.from = mine->to.from;
            what.to = mine->to.to;
            what.message = write_mail(mine->to, letter, now);
            auto taken = co_await mine->mail->send(std::move(what));
            co_return taken;
        }
        if (mine->how == nullptr) {
            problem unknown{failure::unsupported, "there is no kind of receiver '" + mine->to.kind + "'", {}};
            co_return unknown;
        }
        auto request = mine->how->write(mine->to, letter, now);
        if (!request)
            co_return std::string{"nothing has to be said there"};
        auto named = net::name_of(*request);
        auto url = request->url;
        auto fetched = co_await http_.fetch(std::move(*request));
        auto said = fetched ? mine->how->read(*fetched) : result<std::string>{fetched.error()};
        if (said)
            co_return without_secrets(std::move(*said), mine->to, named, url);
        auto wrong = said.error();
        wrong.detail = without_secrets(std::move(wrong.detail), mine->to, named, url);
        co_return wrong;
    } catch (const std::exception& error) {
        thrown = error.what();
    }
    problem inside{failure::unknown_outcome, "internal error at receiver " + mine->to.name + ": " + thrown, {}};
    co_return inside;
}

asio::awaitable<result<std::string>> outbox::deliver(page_letter letter)
{
    auto found = receivers_.find(letter.receiver);
    if (found == receivers_.end()) {
        problem none{failure::unsupported, "there is no receiver '" + letter.receiver + "' in the settings", {}};
        co_return none;
    }
    auto mine = found->second;
    auto work = put(mine, std::move(letter));
    auto given = co_await std::move(work);
    co_return given;
}

asio::awaitable<std::vector<receiver_report>> outbox::test_all()
{
    // All at once, so that the answer takes as long as the slowest of them.
    struct waiting {
        explicit waiting(const asio::any_io_executor& on) : bell(on, asio::steady_timer::time_point::max()) {}
        asio::steady_timer bell;
        std::size_t left = 0;
        std::vector<receiver_report> reports;
    };
    auto mine = std::make_shared<waiting>(executor_);
    mine->left = receivers_.size();
    mine->reports.resize(receivers_.size());
    std::size_t number = 0;
    for (const auto& [name, lane] : receivers_) {
        auto& report = mine->reports[number];
        report.name = name;
        report.kind = lane->to.kind;
        auto letter = test_letter(name, clock_());
        auto work = put(lane, std::move(letter));
        auto done = [mine, number](std::exception_ptr, result<std::string> given) {
            mine->reports[number].ok = given.has_value();
            mine->reports[number].said = given ? *given : given.error().detail;
            if (--mine->left == 0)
                mine->bell.cancel();
        };
        asio::co_spawn(executor_, std::move(work), std::move(done));
        ++number;
    }
    while (mine->left > 0) {
        boost::system::error_code ignored;
        co_await mine->bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return mine->reports;
}

}  // namespace halfmast::alert
