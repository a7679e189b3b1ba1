#include "daemon/net/http_server.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <unordered_set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "daemon/net/answer_text.hpp"
#include "daemon/net/listener.hpp"

namespace halfmast::net {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using stream_socket = asio::generic::stream_protocol::socket;
using request_parser = http::request_parser<http::string_body>;

constexpr std::size_t read_step = 16u << 10;
constexpr std::size_t write_step = 256u << 10;
constexpr milliseconds linger_time{2'000};  // after a refusal: time to read what still comes, so that the answer is not lost in a reset

// What became of reading a request.
enum class heard {
    request,  // a whole one
    nothing,  // the peer is gone, or was idle for too long, or the server ends
    broken,   // refuse it with a status, then close
};

}  // namespace

class http_server::impl : public std::enable_shared_from_this<http_server::impl> {
public:
    class connection;
    template <class Acceptor>
    struct door {
        Acceptor acceptor;
        asio::steady_timer full;  // waits for a connection to end
        socket_file file{};

        explicit door(asio::any_io_executor executor) : acceptor(executor), full(executor) {}
    };
    using tcp_door = door<asio::ip::tcp::acceptor>;
    using unix_door = door<asio::local::stream_protocol::acceptor>;

    impl(asio::any_io_executor executor, request_handler handler_, http_server_settings settings_)
        : executor_(std::move(executor)), handler(std::move(handler_)), settings(settings_)
    {
    }

    void listen_unix(const std::string& path, unsigned mode, const std::string& group)
    {
        auto here = std::make_shared<unix_door>(executor_);
        here->acceptor.assign(asio::local::stream_protocol{}, open_unix_listener(path, mode, group));
        here->file = file_of(path);
        unix_doors_.push_back(here);
        auto work = accept(shared_from_this(), here);
        asio::co_spawn(executor_, std::move(work), asio::detached);
    }

    unsigned short listen_tcp(const std::string& address, unsigned short port);
    void drain(std::function<void()> done);
    void close();
    void left(connection* who);

    asio::any_io_executor executor_;
    request_handler handler;
    http_server_settings settings;
    bool draining = false;
    bool closed = false;

private:
    template <class Door>
    static asio::awaitable<void> accept(std::shared_ptr<impl> mine, std::shared_ptr<Door> here);
    void welcome(stream_socket socket, std::string remote, std::optional<peer> from);
    void shut_doors();

    std::vector<std::shared_ptr<tcp_door>> tcp_doors_;
    std::vector<std::shared_ptr<unix_door>> unix_doors_;
    std::unordered_set<connection*> connections_;
    std::function<void()> drained_;
};

// One peer. Lives as long as its coroutine; the server only knows it.
class http_server::impl::connection : public std::enable_shared_from_this<connection> {
public:
    connection(std::shared_ptr<impl> server, stream_socket socket, std::string remote, std::optional<peer> from)
        : server_(std::move(server)), socket_(std::move(socket)), deadline_(socket_.get_executor()), remote_(std::move(remote)),
          from_(std::move(from))
    {
    }
    ~connection() { server_->left(this); }

    static asio::awaitable<void> run(std::shared_ptr<connection> mine);

    // The server drains: an idle one goes now, a busy one after its answer.
    void finish_soon()
    {
        if (idle_)
            cut();
    }

    void cut()
    {
        error_code ignored;
        socket_.close(ignored);
        deadline_.cancel();
    }

private:
    asio::awaitable<heard> read(request_parser& parser);
    asio::awaitable<bool> read_some();
    asio::awaitable<bool> write(const char* bytes, std::size_t size);
    asio::awaitable<bool> answer(server_request request, bool keep_open, unsigned version);
    asio::awaitable<void> refuse();
    asio::awaitable<server_response> ask(server_request request);
    asio::awaitable<void> wait(milliseconds length);
    bool take_request(const request_parser& parser, server_request& request);
    void arm(milliseconds length);
    void disarm();

    std::shared_ptr<impl> server_;
    stream_socket socket_;
    asio::steady_timer deadline_;
    unsigned deadlines_ = 0;   // a deadline that was replaced may still ring
    bool late_ = false;
    bool idle_ = true;         // no byte of a request has come yet
    std::string remote_;
    std::optional<peer> from_;
    std::string pending_;      // read, not yet parsed
    std::array<char, read_step> room_{};
    int refusal_ = 400;
    std::string reason_;
};

// Closes the socket when it rings, which ends whatever waits on it.
void http_server::impl::connection::arm(milliseconds length)
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

void http_server::impl::connection::disarm()
{
    ++deadlines_;
    deadline_.cancel();
}

asio::awaitable<bool> http_server::impl::connection::read_some()
{
    error_code error;
    auto got = co_await socket_.async_read_some(asio::buffer(room_), asio::redirect_error(asio::use_awaitable, error));
    if (error || late_)
        co_return false;
    pending_.append(room_.data(), got);
    co_return true;
}

asio::awaitable<bool> http_server::impl::connection::write(const char* bytes, std::size_t size)
{
    while (size > 0) {
        error_code error;
        arm(server_->settings.idle);
        auto sent = co_await socket_.async_write_some(asio::buffer(bytes, std::min(size, write_step)), asio::redirect_error(asio::use_awaitable, error));
        if (error || late_)
            co_return false;
        bytes += sent;
        size -= sent;
    }
    disarm();
    co_return true;
}

// The deadline is one for the whole header and starts anew with every piece of the body.
asio::awaitable<heard> http_server::impl::connection::read(request_parser& parser)
{
    bool continued = false;
    idle_ = pending_.empty();
    arm(server_->settings.idle);
    while (!parser.is_done()) {
        if (!pending_.empty()) {
            if (std::exchange(idle_, false))
                arm(server_->settings.idle);  // waiting for a request is no part of sending it
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
        } else if (idle_ && server_->draining) {
            co_return heard::nothing;
        }
        if (parser.is_header_done()) {
            if (!continued && boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
                continued = true;
                constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                auto sent = co_await write(go_on.data(), go_on.size());
                if (!sent)
                    co_return heard::nothing;
            }
            arm(server_->settings.idle);
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
bool http_server::impl::connection::take_request(const request_parser& parser, server_request& request)
{
    const auto& message = parser.get();
    request.method = std::string{message.method_string()};
    request.target = std::string{message.target()};
    request.remote = remote_;
    request.from = from_;
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

asio::awaitable<server_response> http_server::impl::connection::ask(server_request request)
{
    // An exception of a handler is a bug there; the peer learns nothing of it, and the server goes on.
    try {
        auto work = server_->handler(std::move(request));
        auto given = co_await std::move(work);
        co_return given;
    } catch (const std::exception&) {
    }
    co_return server_response{500, problem_text(500, "an internal error; the daemon's log has more")};
}

asio::awaitable<void> http_server::impl::connection::wait(milliseconds length)
{
    asio::steady_timer timer(socket_.get_executor(), length);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// True: the connection may take another request.
asio::awaitable<bool> http_server::impl::connection::answer(server_request request, bool keep_open, unsigned version)
{
    bool is_head = request.method == "HEAD";
    auto given = co_await ask(std::move(request));
    if (given.delay > milliseconds{0})
        co_await wait(given.delay);
    if (given.no_answer || server_->closed)
        co_return false;
    keep_open = keep_open && !server_->draining && !given.cut_after;
    auto head = head_text(given, version, keep_open);
    auto body_size = is_head || !may_have_body(given.status) ? 0 : std::min(given.body.size(), given.cut_after.value_or(given.body.size()));
    constexpr std::size_t small = 64u << 10;
    if (body_size <= small) {  // one packet, one system call
        head.append(given.body, 0, body_size);
        body_size = 0;
    }
    auto sent = co_await write(head.data(), head.size());
    if (sent && body_size > 0)
        sent = co_await write(given.body.data(), body_size);
    co_return sent && keep_open;
}

asio::awaitable<void> http_server::impl::connection::refuse()
{
    late_ = false;
    auto given = server_response{refusal_, problem_text(refusal_, reason_)};
    given.content_type = "application/problem+json";
    auto text = head_text(given, 11, false) + given.body;
    auto sent = co_await write(text.data(), text.size());
    if (!sent)
        co_return;
    error_code ignored;
    socket_.shutdown(stream_socket::shutdown_send, ignored);
    arm(linger_time);
    for (bool more = true; more;) {
        pending_.clear();
        more = co_await read_some();
    }
    disarm();
}

asio::awaitable<void> http_server::impl::connection::run(std::shared_ptr<connection> mine)
{
    for (bool open = true; open && !mine->server_->closed;) {
        request_parser parser;
        parser.eager(true);
        parser.body_limit(mine->server_->settings.most_body);
        parser.header_limit(static_cast<std::uint32_t>(mine->server_->settings.most_header));
        auto what = co_await mine->read(parser);
        if (what == heard::nothing || mine->server_->closed)
            break;
        server_request request;
        if (what == heard::request && !mine->take_request(parser, request)) {
            mine->refusal_ = 400;
            what = heard::broken;
        }
        if (what == heard::broken) {
            co_await mine->refuse();
            break;
        }
        request.body = std::move(parser.get().body());
        open = co_await mine->answer(std::move(request), parser.get().keep_alive(), parser.get().version());
    }
    error_code ignored;
    mine->socket_.shutdown(stream_socket::shutdown_both, ignored);
    mine->cut();
}

template <class Door>
asio::awaitable<void> http_server::impl::accept(std::shared_ptr<impl> mine, std::shared_ptr<Door> here)
{
    constexpr bool is_unix = std::is_same_v<Door, unix_door>;
    while (here->acceptor.is_open()) {
        error_code error;
        if (mine->connections_.size() >= mine->settings.most_connections) {
            here->full.expires_at(asio::steady_timer::time_point::max());
            co_await here->full.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        auto socket = co_await here->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || !here->acceptor.is_open())
            break;
        if (error) {  // no descriptor left, or the peer is gone already
            error_code ignored;
            here->full.expires_after(milliseconds{50});
            co_await here->full.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            continue;
        }
        std::string remote = "unix";
        std::optional<peer> from;
        if constexpr (is_unix) {
            from = peer_of(socket.native_handle());
        } else {
            socket.set_option(asio::ip::tcp::no_delay(true), error);
            auto other = socket.remote_endpoint(error);
            remote = other.address().is_v6() ? "[" + other.address().to_string() + "]" : other.address().to_string();
            remote += ':' + std::to_string(other.port());
        }
        mine->welcome(stream_socket(std::move(socket)), std::move(remote), std::move(from));
    }
}

void http_server::impl::welcome(stream_socket socket, std::string remote, std::optional<peer> from)
{
    auto made = std::make_shared<connection>(shared_from_this(), std::move(socket), std::move(remote), std::move(from));
    connections_.insert(made.get());
    auto work = connection::run(made);
    asio::co_spawn(executor_, std::move(work), asio::detached);
}

void http_server::impl::left(connection* who)
{
    connections_.erase(who);
    for (auto& here : tcp_doors_)
        here->full.cancel();
    for (auto& here : unix_doors_)
        here->full.cancel();
    if (draining && connections_.empty() && drained_)
        asio::post(executor_, std::exchange(drained_, nullptr));
}

unsigned short http_server::impl::listen_tcp(const std::string& address, unsigned short port)
{
    auto refuse = [&](const std::string& why) {
        return std::runtime_error("cannot listen on " + address + ":" + std::to_string(port) + ": " + why);
    };
    auto text = address == "localhost" ? std::string{"127.0.0.1"} : address;
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
        text = text.substr(1, text.size() - 2);
    error_code error;
    auto parsed = asio::ip::make_address(text, error);
    if (error)
        throw refuse("that is not an IP address");
    auto here = std::make_shared<tcp_door>(executor_);
    asio::ip::tcp::endpoint where(parsed, port);
    here->acceptor.open(where.protocol(), error);
    if (!error)
        here->acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
    if (!error)
        here->acceptor.bind(where, error);
    if (!error)
        here->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        throw refuse(error.message());
    tcp_doors_.push_back(here);
    auto taken = here->acceptor.local_endpoint().port();
    auto work = accept(shared_from_this(), here);
    asio::co_spawn(executor_, std::move(work), asio::detached);
    return taken;
}

void http_server::impl::shut_doors()
{
    error_code ignored;
    for (auto& here : tcp_doors_) {
        here->acceptor.close(ignored);
        here->full.cancel();
    }
    for (auto& here : unix_doors_) {
        here->acceptor.close(ignored);
        here->full.cancel();
        remove_file(here->file);
    }
    tcp_doors_.clear();
    unix_doors_.clear();
}

void http_server::impl::drain(std::function<void()> done)
{
    draining = true;
    shut_doors();
    for (auto* one : connections_)
        one->finish_soon();
    if (connections_.empty())
        asio::post(executor_, std::move(done));
    else
        drained_ = std::move(done);
}

void http_server::impl::close()
{
    closed = true;
    drained_ = nullptr;
    shut_doors();
    for (auto* one : connections_)
        one->cut();
}

http_server::http_server(asio::any_io_executor executor, request_handler handler, http_server_settings settings)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(handler), settings))
{
}

http_server::~http_server() { impl_->close(); }

void http_server::listen_unix(const std::string& path, unsigned mode, const std::string& group) { impl_->listen_unix(path, mode, group); }

unsigned short http_server::listen_tcp(const std::string& address, unsigned short port) { return impl_->listen_tcp(address, port); }

void http_server::drain(std::function<void()> done) { impl_->drain(std::move(done)); }

}  // namespace halfmast::net
