#include "daemon/net/http_connection.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "daemon/net/answer_text.hpp"

namespace halfmast::net {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t write_step = 256u << 10;
// After a refusal: time to read what still comes, so that the answer is not lost in a reset.
constexpr milliseconds linger_time{2'000};
constexpr milliseconds longest_handshake{10'000};
constexpr std::size_t most_ahead = 64u << 10;  // bytes that a peer may send while it is given a stream

}  // namespace

struct connection::incoming {
    http::request_parser<http::string_body> parser;
};

// The way out of one stream. It lives in stream()'s frame; the connection points to it meanwhile.
class connection::open_stream final : public response_stream {
public:
    open_stream(connection& on, bool chunked) : on_(on), chunked_(chunked) {}

    asio::awaitable<bool> send(std::string bytes) override
    {
        if (over_)
            co_return false;
        if (bytes.empty())
            co_return true;  // a chunk of no bytes is the end
        std::string framed;
        if (chunked_) {
            constexpr std::string_view digits = "0123456789abcdef";
            for (auto size = bytes.size(); size > 0; size /= 16)
                framed.insert(framed.begin(), digits[size % 16]);
            framed += "\r\n" + bytes + "\r\n";
        } else {
            framed = std::move(bytes);
        }
        writing_ = true;
        auto sent = co_await on_.write(framed.data(), framed.size(), on_.home_->settings.slow_reader);
        writing_ = false;
        if (!sent) {
            broken_ = true;
            end();
        }
        co_return sent && !over_;
    }

    [[nodiscard]] bool is_over() const override { return over_; }

    void when_over(std::function<void()> then) override
    {
        if (over_)
            then();
        else
            then_ = std::move(then);
    }

    void end()
    {
        if (std::exchange(over_, true))
            return;
        if (auto then = std::exchange(then_, nullptr))
            then();
    }

    [[nodiscard]] bool is_writing() const { return writing_; }
    [[nodiscard]] bool is_broken() const { return broken_; }

private:
    connection& on_;
    bool chunked_;
    bool over_ = false;
    bool broken_ = false;  // the last bytes are not whole: no end may be said after them
    bool writing_ = false;
    std::function<void()> then_;
};

connection::connection(std::shared_ptr<connection_home> home, stream_socket socket, origin from)
    : home_(std::move(home)),
      socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      from_(std::move(from))
{
    home_->all.insert(this);
    if (!from_.address.empty())
        ++home_->of_address[from_.address];
    if (from_.tls)
        tls_ = std::make_unique<tls_stream>(socket_, *from_.tls);
}

connection::~connection()
{
    home_->all.erase(this);
    if (auto found = home_->of_address.find(from_.address); found != home_->of_address.end() && --found->second == 0)
        home_->of_address.erase(found);
    if (home_->left)
        home_->left();
}

void connection::finish_soon()
{
    if (streaming_ != nullptr) {
        // A reader that is being waited for would keep the server.
        bool stuck = streaming_->is_writing();
        streaming_->end();
        if (!stuck)
            return;
    }
    if (idle_ || streaming_ != nullptr)
        cut();
}

void connection::cut()
{
    error_code ignored;
    socket_.close(ignored);
    deadline_.cancel();
    if (streaming_ != nullptr)
        streaming_->end();
}

asio::awaitable<bool> connection::shake_hands()
{
    error_code error;
    arm(std::min(longest_handshake, home_->settings.patience));
    co_await tls_->async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
    disarm();
    co_return !error && !late_;
}

// Says that nothing was cut off; a peer that does not answer is not waited for long.
asio::awaitable<void> connection::say_goodbye()
{
    if (!tls_ || late_ || !socket_.is_open())
        co_return;
    error_code ignored;
    arm(linger_time);
    co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    disarm();
}

asio::awaitable<bool> connection::read_some()
{
    error_code error;
    std::size_t got = 0;
    if (tls_)
        got = co_await tls_->async_read_some(asio::buffer(room_), asio::redirect_error(asio::use_awaitable, error));
    else
        got = co_await socket_.async_read_some(asio::buffer(room_), asio::redirect_error(asio::use_awaitable, error));
    if (error || late_)
        co_return false;
    pending_.append(room_.data(), got);
    co_return true;
}

// Gives up without a byte taken for `patience`; of the whole, when all of them have to be gone by then.
asio::awaitable<bool> connection::write(const char* bytes, std::size_t size, milliseconds patience, bool of_the_whole)
{
    if (of_the_whole)
        arm(patience);
    while (size > 0) {
        error_code error;
        if (!of_the_whole)
            arm(patience);
        auto piece = asio::buffer(bytes, std::min(size, write_step));
        std::size_t sent = 0;
        if (tls_)
            sent = co_await tls_->async_write_some(piece, asio::redirect_error(asio::use_awaitable, error));
        else
            sent = co_await socket_.async_write_some(piece, asio::redirect_error(asio::use_awaitable, error));
        if (error || late_)
            co_return false;
        bytes += sent;
        size -= sent;
    }
    disarm();
    co_return true;
}

// True: the connection may take another request.
asio::awaitable<bool> connection::answer(server_request request, bool keep_open, unsigned version)
{
    bool is_head = request.method == "HEAD";
    auto given = co_await ask(std::move(request));
    if (given.delay > milliseconds{0})
        co_await wait(given.delay);
    if (given.no_answer || home_->closed)
        co_return false;
    complete(given);
    bool streams = given.stream && may_have_body(given.status);
    keep_open = keep_open && !home_->draining && !given.cut_after && !streams;
    auto head = head_text(given, version, keep_open);
    auto body_size = is_head || streams || !may_have_body(given.status)
                         ? 0
                         : std::min(given.body.size(), given.cut_after.value_or(given.body.size()));
    constexpr std::size_t small = 64u << 10;
    if (body_size <= small) {  // one packet, one system call
        head.append(given.body, 0, body_size);
        body_size = 0;
    }
    // A peer that takes a byte now and then would keep its place for ever.
    auto patience = home_->settings.patience;
    auto sent = co_await write(head.data(), head.size(), patience, true);
    patience += std::chrono::seconds{body_size / std::max<std::size_t>(home_->settings.slowest, 1)};
    if (sent && body_size > 0)
        sent = co_await write(given.body.data(), body_size, patience, true);
    if (sent && streams && !is_head)
        co_await stream(given, version >= 11);
    co_return sent&& keep_open;
}

// What every answer says, however it came about.
void connection::complete(server_response& given) const
{
    if (tls_)
        given.headers.emplace_back("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    for (const auto& [name, value] : home_->settings.always)
        if (find_header(given.headers, name).empty())
            given.headers.emplace_back(name, value);
}

asio::awaitable<void> connection::stream(const server_response& given, bool chunked)
{
    open_stream out{*this, chunked};
    streaming_ = &out;
    if (home_->draining)
        out.end();
    auto watching = watch(shared_from_this());
    asio::co_spawn(socket_.get_executor(), std::move(watching), asio::detached);
    bool whole = true;
    try {
        auto work = given.stream(out);
        co_await std::move(work);
    } catch (const std::exception& thrown) {
        if (home_->settings.mistake)
            home_->settings.mistake(thrown.what());
        whole = false;  // a bug of the handler: the peer sees a cut answer, and comes back
    }
    streaming_ = nullptr;
    if (chunked && whole && !out.is_broken() && !late_) {
        constexpr std::string_view end = "0\r\n\r\n";
        co_await write(end.data(), end.size(), linger_time);
    }
}

// Hears that the peer is gone although nothing is being sent to it. What it sends meanwhile is no request any more.
asio::awaitable<void> connection::watch(std::shared_ptr<connection> mine)
{
    mine->pending_.clear();
    for (std::size_t heard = 0; heard <= most_ahead; heard += mine->pending_.size()) {
        mine->pending_.clear();
        auto more = co_await mine->read_some();
        if (!more)
            break;
    }
    if (mine->streaming_ != nullptr)
        mine->streaming_->end();
}

// Closes the socket when it rings, which ends whatever waits on it.
void connection::arm(milliseconds length)
{
    auto number = ++deadlines_;
    deadline_.expires_after(length);
    deadline_.async_wait([weak = weak_from_this(), number](error_code cancelled) {
        auto mine = weak.lock();
        if (cancelled || !mine || mine->deadlines_ != number)
            return;
        mine->late_ = true;
        error_code ignored;
        mine->socket_.cancel(ignored);
    });
}

void connection::disarm()
{
    ++deadlines_;
    deadline_.cancel();
}

// One deadline for the whole request, from its first byte: what comes byte by byte is not waited for any longer.
asio::awaitable<connection::heard> connection::read(incoming& message)
{
    using clock = asio::steady_timer::clock_type;
    auto& parser = message.parser;
    bool continued = false;
    idle_ = pending_.empty();
    auto until = clock::now() + home_->settings.patience;
    arm(idle_ ? home_->settings.idle : home_->settings.patience);
    while (!parser.is_done()) {
        if (!pending_.empty()) {
            if (std::exchange(idle_, false)) {  // waiting for a request is no part of sending it
                until = clock::now() + home_->settings.patience;
                arm(home_->settings.patience);
            }
            error_code error;
            auto used = parser.put(asio::buffer(pending_), error);
            pending_.erase(0, used);
            if (error == http::error::need_more)
                error = {};
            if (error) {
                refusal_ = error == http::error::body_limit ? 413 : error == http::error::header_limit ? 431 : 400;
                reason_ = error.message();
                co_return heard::broken;
            }
            if (parser.is_done())
                break;
            if (used > 0 && !pending_.empty())
                continue;
        } else if (idle_ && home_->draining) {
            co_return heard::nothing;
        }
        if (parser.is_header_done()) {
            if (!continued && boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
                continued = true;
                constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                auto sent = co_await write(go_on.data(), go_on.size(), home_->settings.patience, true);
                if (!sent)
                    co_return heard::nothing;
                arm(std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(until - clock::now())));
            }
        }
        auto more = co_await read_some();
        if (more)
            continue;
        if (!late_ || idle_)
            co_return heard::nothing;
        refusal_ = 408;
        reason_ = "the request did not come in time";
        co_return heard::broken;
    }
    disarm();
    co_return heard::request;
}

// False: refuse it.
bool connection::take_request(const incoming& given, server_request& request)
{
    const auto& message = given.parser.get();
    request.method = std::string{message.method_string()};
    request.target = std::string{message.target()};
    request.remote = from_.remote;
    request.from = from_.from;
    request.tls = tls_ != nullptr;
    if (tls_)
        request.certificate = name_of_peer(*tls_);
    for (const auto& field : message)
        request.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    if (message.version() >= 11 && message.count(http::field::host) != 1) {
        reason_ = "exactly one Host header is required";
        return false;
    }
    if (!split_target(request.target, request.path, request.query)) {
        reason_ = "the target is not properly percent-encoded";
        return false;
    }
    return true;
}

asio::awaitable<server_response> connection::ask(server_request request)
{
    // An exception of a handler is a bug there; the peer learns nothing of it, and the server goes on.
    try {
        auto work = home_->handler(std::move(request));
        auto given = co_await std::move(work);
        co_return given;
    } catch (const std::exception& thrown) {
        if (home_->settings.mistake)
            home_->settings.mistake(thrown.what());
    }
    co_return server_response{500, problem_text(500, "an internal error; the daemon's log has more")};
}

asio::awaitable<void> connection::wait(milliseconds length)
{
    asio::steady_timer timer(socket_.get_executor(), length);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> connection::refuse()
{
    late_ = false;
    auto given = server_response{refusal_, problem_text(refusal_, reason_)};
    given.content_type = "application/problem+json";
    complete(given);
    auto text = head_text(given, 11, false) + given.body;
    auto sent = co_await write(text.data(), text.size(), std::min(linger_time, home_->settings.patience), true);
    if (!sent)
        co_return;
    error_code ignored;
    if (tls_) {
        co_await say_goodbye();
        co_return;
    }
    socket_.shutdown(stream_socket::shutdown_send, ignored);
    arm(linger_time);
    for (bool more = true; more;) {
        pending_.clear();
        more = co_await read_some();
    }
    disarm();
}

asio::awaitable<void> connection::serve()
{
    for (bool open = true; open && !home_->closed;) {
        incoming message;
        message.parser.eager(true);
        message.parser.body_limit(home_->settings.most_body);
        message.parser.header_limit(static_cast<std::uint32_t>(home_->settings.most_header));
        auto what = co_await read(message);
        if (what == heard::nothing || home_->closed)
            break;
        server_request request;
        if (what == heard::request && !take_request(message, request)) {
            refusal_ = 400;
            what = heard::broken;
        }
        if (what == heard::broken) {
            co_await refuse();
            break;
        }
        request.body = std::move(message.parser.get().body());
        open = co_await answer(std::move(request), message.parser.get().keep_alive(), message.parser.get().version());
    }
}

asio::awaitable<void> connection::run(std::shared_ptr<connection> mine)
{
    bool ready = true;
    if (mine->tls_)
        ready = co_await mine->shake_hands();
    if (ready) {
        co_await mine->serve();
        co_await mine->say_goodbye();
    }
    error_code ignored;
    mine->socket_.shutdown(stream_socket::shutdown_both, ignored);
    mine->cut();
}

}  // namespace halfmast::net
