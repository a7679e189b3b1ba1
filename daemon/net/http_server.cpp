#include "daemon/net/http_server.hpp"

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/http_connection.hpp"
#include "daemon/net/listener.hpp"

namespace halfmast::net {

namespace {

using boost::system::error_code;

}  // namespace

class http_server::impl : public std::enable_shared_from_this<http_server::impl> {
public:
    template <class Acceptor>
    struct door {
        Acceptor acceptor;
        asio::steady_timer full;  // waits for a connection to end
        socket_file file{};
        std::optional<tls_files> files{};
        std::shared_ptr<tls_context> tls{};

        explicit door(asio::any_io_executor executor) : acceptor(executor), full(executor) {}
    };
    using tcp_door = door<asio::ip::tcp::acceptor>;
    using unix_door = door<asio::local::stream_protocol::acceptor>;

    impl(asio::any_io_executor executor, request_handler handler, http_server_settings settings)
        : home_(std::make_shared<connection_home>())
    {
        home_->executor = std::move(executor);
        home_->handler = std::move(handler);
        home_->settings = settings;
    }

    void start()
    {
        home_->left = [weak = weak_from_this()] {
            if (auto mine = weak.lock())
                mine->left();
        };
    }

    void listen_unix(const std::string& path, unsigned mode, const std::string& group)
    {
        auto here = std::make_shared<unix_door>(home_->executor);
        here->acceptor.assign(asio::local::stream_protocol{}, open_unix_listener(path, mode, group));
        here->file = file_of(path);
        unix_doors_.push_back(here);
        auto work = accept(shared_from_this(), here);
        asio::co_spawn(home_->executor, std::move(work), asio::detached);
    }

    unsigned short listen_tcp(const std::string& address, unsigned short port, std::optional<tls_files> files);
    void renew_tls();
    void drain(std::function<void()> done);
    void close();

private:
    template <class Door>
    static asio::awaitable<void> accept(std::shared_ptr<impl> mine, std::shared_ptr<Door> here);
    void welcome(stream_socket socket, origin from);
    void left();
    void shut_doors();

    std::shared_ptr<connection_home> home_;
    std::vector<std::shared_ptr<tcp_door>> tcp_doors_;
    std::vector<std::shared_ptr<unix_door>> unix_doors_;
    std::function<void()> drained_;
};

template <class Door>
asio::awaitable<void> http_server::impl::accept(std::shared_ptr<impl> mine, std::shared_ptr<Door> here)
{
    constexpr bool is_unix = std::is_same_v<Door, unix_door>;
    while (here->acceptor.is_open()) {
        error_code error;
        if (mine->home_->all.size() >= mine->home_->settings.most_connections) {
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
        origin from;
        from.remote = "unix";
        if constexpr (is_unix) {
            from.from = peer_of(socket.native_handle());
        } else {
            socket.set_option(asio::ip::tcp::no_delay(true), error);
            auto other = socket.remote_endpoint(error);
            from.address = other.address().is_v6() ? "[" + other.address().to_string() + "]" : other.address().to_string();
            from.remote = from.address + ':' + std::to_string(other.port());
            from.tls = here->tls;
            auto others = mine->home_->of_address.find(from.address);
            if (others != mine->home_->of_address.end() && others->second >= mine->home_->settings.most_of_one)
                continue;  // the socket ends here
        }
        mine->welcome(stream_socket(std::move(socket)), std::move(from));
    }
}

void http_server::impl::welcome(stream_socket socket, origin from)
{
    auto made = std::make_shared<connection>(home_, std::move(socket), std::move(from));
    auto work = connection::run(std::move(made));
    asio::co_spawn(home_->executor, std::move(work), asio::detached);
}

void http_server::impl::left()
{
    for (auto& here : tcp_doors_)
        here->full.cancel();
    for (auto& here : unix_doors_)
        here->full.cancel();
    if (home_->draining && home_->all.empty() && drained_)
        asio::post(home_->executor, std::exchange(drained_, nullptr));
}

unsigned short http_server::impl::listen_tcp(const std::string& address, unsigned short port, std::optional<tls_files> files)
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
    auto here = std::make_shared<tcp_door>(home_->executor);
    here->files = std::move(files);
    try {
        if (here->files)
            here->tls = make_tls_context(*here->files);
    } catch (const std::exception& wrong) {
        throw refuse(wrong.what());
    }
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
    asio::co_spawn(home_->executor, std::move(work), asio::detached);
    return taken;
}

void http_server::impl::renew_tls()
{
    std::vector<std::shared_ptr<tls_context>> made;
    for (const auto& here : tcp_doors_)
        made.push_back(here->files ? make_tls_context(*here->files) : nullptr);
    for (std::size_t i = 0; i < made.size(); ++i)
        tcp_doors_[i]->tls = std::move(made[i]);
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
    home_->draining = true;
    shut_doors();
    for (auto* one : home_->all)
        one->finish_soon();
    if (home_->all.empty())
        asio::post(home_->executor, std::move(done));
    else
        drained_ = std::move(done);
}

void http_server::impl::close()
{
    home_->closed = true;
    drained_ = nullptr;
    shut_doors();
    for (auto* one : home_->all)
        one->cut();
}

http_server::http_server(asio::any_io_executor executor, request_handler handler, http_server_settings settings)
    : impl_(std::make_shared<impl>(std::move(executor), std::move(handler), settings))
{
    impl_->start();
}

http_server::~http_server() { impl_->close(); }

void http_server::listen_unix(const std::string& path, unsigned mode, const std::string& group)
{
    impl_->listen_unix(path, mode, group);
}

unsigned short http_server::listen_tcp(const std::string& address, unsigned short port)
{
    return impl_->listen_tcp(address, port, std::nullopt);
}

unsigned short http_server::listen_tls(const std::string& address, unsigned short port, const tls_files& files)
{
    return impl_->listen_tcp(address, port, files);
}

void http_server::renew_tls() { impl_->renew_tls(); }

void http_server::drain(std::function<void()> done) { impl_->drain(std::move(done)); }

}  // namespace halfmast::net
