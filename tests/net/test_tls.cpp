// The server behind TLS, asked by OpenSSL's own client.
#include <filesystem>

#include <boost/asio/ssl.hpp>
#include <unistd.h>

#include "tests/net/certificates.hpp"
#include "tests/net/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::net;
using namespace halfmast::net::testing;
namespace fs = std::filesystem;

namespace {

struct safe_stage {
    fs::path folder = fs::temp_directory_path() / ("halfmast-tls-" + std::to_string(::getpid()));
    asio::io_context context{1};
    certificate authority{"the authority"};
    std::optional<http_server> server;
    unsigned short port = 0;
    std::vector<server_request> seen;

    explicit safe_stage(bool with_clients = false)
    {
        fs::create_directories(folder);
        authority.write(at("ca.pem"), at("ca.key"));
        certificate{"halfmast", &authority}.write(at("own.pem"), at("own.key"));
        server.emplace(context.get_executor(), [this](server_request request) { return serve(std::move(request)); });
        port = server->listen_tls("127.0.0.1", 0, files(with_clients));
    }
    ~safe_stage() { fs::remove_all(folder); }

    [[nodiscard]] std::string at(const std::string& name) const { return (folder / name).string(); }
    [[nodiscard]] tls_files files(bool with_clients) const
    {
        return {at("own.pem"), at("own.key"), with_clients ? at("ca.pem") : ""};
    }

    asio::awaitable<server_response> serve(server_request request)
    {
        seen.push_back(request);
        server_response given{200, "hello"};
        if (request.path == "/large")
            given.body = std::string(3u << 20, 'x');
        if (request.path == "/stream")
            given.stream = [](response_stream& out) { return two_words(out); };
        co_return given;
    }

    static asio::awaitable<void> two_words(response_stream& out)
    {
        for (int i = 0; i < 2; ++i) {
            std::string word{"word"};
            co_await out.send(std::move(word));
        }
    }
};

struct answer_over_tls {
    std::string text;
    error_code end;
    std::string server_name;  // of its certificate
    bool shook = false;
};

// One connection: handshake, what is to be said, everything that is answered.
answer_over_tls ask(safe_stage& here, const std::string& say, const std::function<void(asio::ssl::context&)>& prepare = {})
{
    asio::ssl::context with{asio::ssl::context::tls_client};
    with.load_verify_file(here.at("ca.pem"));
    with.set_verify_mode(asio::ssl::verify_peer);
    if (prepare)
        prepare(with);
    asio::ssl::stream<tcp::socket> stream{here.context, with};
    stream.next_layer().connect({asio::ip::address_v4::loopback(), here.port});
    answer_over_tls given;
    bool done = false;
    auto talk = [&]() -> asio::awaitable<void> {
        error_code error;
        co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
        given.shook = !error;
        if (!error)
            co_await asio::async_write(stream, asio::buffer(say), asio::redirect_error(asio::use_awaitable, error));
        std::array<char, 65536> room{};
        while (!error) {
            auto size = co_await stream.async_read_some(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
            given.text.append(room.data(), size);
        }
        given.end = error;
        done = true;
    };
    auto work = talk();
    asio::co_spawn(here.context, std::move(work), asio::detached);
    REQUIRE(run_until(here.context, [&] { return done; }));
    if (auto* shown = ::SSL_get1_peer_certificate(stream.native_handle())) {
        char name[64] = "";
        ::X509_NAME_get_text_by_NID(::X509_get_subject_name(shown), NID_commonName, name, sizeof name);
        given.server_name = name;
        ::X509_free(shown);
    }
    return given;
}

std::string what_it_throws(const std::function<void()>& act)
{
    try {
        act();
    } catch (const std::exception& thrown) {
        return thrown.what();
    }
    return {};
}

bool names(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string get_of(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"; }

}  // namespace

TEST_CASE("requests over TLS are answered whole, and the end is said", "[tls]")
{
    safe_stage here;
    auto small = ask(here, get_of("/"));
    CHECK(small.text.ends_with("\r\n\r\nhello"));
    CHECK(small.text.find("Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n") != std::string::npos);
    CHECK(small.end == asio::error::eof);  // not "stream truncated"
    REQUIRE(here.seen.size() == 1);
    CHECK(here.seen[0].tls);
    CHECK(here.seen[0].certificate.empty());
    CHECK(here.seen[0].remote.starts_with("127.0.0.1:"));
    auto large = ask(here, get_of("/large"));
    CHECK(large.text.size() - large.text.find("\r\n\r\n") - 4 == 3u << 20);
    auto streamed = ask(here, get_of("/stream"));
    CHECK(streamed.text.ends_with("4\r\nword\r\n4\r\nword\r\n0\r\n\r\n"));
}

TEST_CASE("old versions of TLS, weak ciphers and plain HTTP are refused, and the server goes on", "[tls]")
{
    safe_stage here;
    CHECK_FALSE(ask(here, get_of("/"), [](asio::ssl::context& with) {
                    ::SSL_CTX_set_security_level(with.native_handle(), 0);
                    ::SSL_CTX_set_min_proto_version(with.native_handle(), TLS1_VERSION);
                    ::SSL_CTX_set_max_proto_version(with.native_handle(), TLS1_1_VERSION);
                }).shook);
    CHECK_FALSE(ask(here, get_of("/"), [](asio::ssl::context& with) {
                    ::SSL_CTX_set_max_proto_version(with.native_handle(), TLS1_2_VERSION);
                    ::SSL_CTX_set_cipher_list(with.native_handle(), "AES128-SHA256");
                }).shook);
    CHECK(ask(here, get_of("/"), [](asio::ssl::context& with) {
              ::SSL_CTX_set_max_proto_version(with.native_handle(), TLS1_2_VERSION);
          }).shook);
    tcp::socket plain{here.context};
    plain.connect({asio::ip::address_v4::loopback(), here.port});
    auto text = get_of("/");
    asio::write(plain, asio::buffer(text));
    std::array<char, 1024> room{};
    std::string got;
    bool ended = false;
    auto read_all = [&]() -> asio::awaitable<void> {
        error_code error;
        while (!error) {
            auto size = co_await plain.async_read_some(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
            got.append(room.data(), size);
        }
        ended = true;
    };
    auto work = read_all();
    asio::co_spawn(here.context, std::move(work), asio::detached);
    REQUIRE(run_until(here.context, [&] { return ended; }));
    CHECK(got.find("hello") == std::string::npos);
    CHECK(here.seen.size() == 1);
    CHECK(ask(here, get_of("/")).text.ends_with("hello"));
}

TEST_CASE("a client certificate names who asks when our authority signed it; another one's is refused; none is fine", "[tls]")
{
    safe_stage here{true};
    certificate{"maria", &here.authority}.write(here.at("maria.pem"), here.at("maria.key"));
    certificate stranger{"maria"};
    stranger.write(here.at("stranger.pem"), here.at("stranger.key"));
    auto shown = [&](const std::string& who) {
        return [&here, who](asio::ssl::context& with) {
            with.use_certificate_chain_file(here.at(who + ".pem"));
            with.use_private_key_file(here.at(who + ".key"), asio::ssl::context::pem);
        };
    };
    CHECK(ask(here, get_of("/"), shown("maria")).text.ends_with("hello"));
    REQUIRE(here.seen.size() == 1);
    CHECK(here.seen[0].certificate == "maria");
    CHECK(ask(here, get_of("/"), shown("stranger")).text.empty());
    CHECK(here.seen.size() == 1);
    CHECK(ask(here, get_of("/")).text.ends_with("hello"));
    CHECK(here.seen.at(1).certificate.empty());
}

TEST_CASE("files are read again for new connections; a wrong one changes nothing and says why", "[tls]")
{
    safe_stage here;
    CHECK(ask(here, get_of("/")).server_name == "halfmast");
    certificate{"renewed", &here.authority}.write(here.at("own.pem"), here.at("own.key"));
    here.server->renew_tls();
    CHECK(ask(here, get_of("/")).server_name == "renewed");
    certificate{"another", &here.authority}.write(here.at("own.pem"), here.at("unused.key"));
    CHECK(names(what_it_throws([&] { here.server->renew_tls(); }), "own.key cannot be used"));
    fs::remove(here.at("own.pem"));
    CHECK(names(what_it_throws([&] { here.server->renew_tls(); }), "own.pem"));
    CHECK(ask(here, get_of("/")).server_name == "renewed");
    http_server second{here.context.get_executor(), [&here](server_request request) { return here.serve(std::move(request)); }};
    CHECK(names(what_it_throws([&] { second.listen_tls("127.0.0.1", 0, here.files(false)); }), "own.pem"));
}
