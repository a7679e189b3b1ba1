// One HTTP exchange on a libcurl handle: every option, every limit, and what its end means. Runs on the transfer loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "daemon/net/http_client.hpp"
#include "daemon/net/resolver.hpp"

namespace halfmast::net {

// Where a URL leads, as libcurl reads it.
struct target {
    std::string scheme;  // "http", "https"
    std::string host;    // lower case, punycode; IPv6 in brackets
    std::string port;

    [[nodiscard]] bool is_loopback() const { return host == "localhost" || host == "127.0.0.1" || host == "[::1]"; }
};

// nullopt for anything that is not an http or https URL.
std::optional<target> parse_target(const std::string& url);

class transfer {
public:
    // `in_memory`: the bytes of all answers under way; it outlives the transfer.
    transfer(std::uint64_t id, http_request request, target where, std::size_t& in_memory);
    ~transfer();
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;

    [[nodiscard]] std::uint64_t id() const { return id_; }
    [[nodiscard]] const target& where() const { return where_; }
    [[nodiscard]] milliseconds timeout() const { return request_.timeout; }
    [[nodiscard]] CURL* handle() const { return handle_; }

    // The address of the connection, once there was one.
    [[nodiscard]] const std::string& connected_to() const { return connected_to_; }

    // Makes the handle, fresh or reset, ready for this exchange. `known` are the addresses of `resolved` (the host or the proxy).
    // The handle stays the caller's.
    void prepare(CURL* handle, const http_client_settings& settings, const target& resolved, const std::vector<std::string>& known);

    // What the end of the exchange means.
    result<http_response> finish(CURLcode code);

    // It ends before it was over.
    [[nodiscard]] problem not_sent(const std::string& why) const;
    [[nodiscard]] problem unknown(const std::string& why) const;

    // Why this request cannot be put on the wire as it is; empty when it can.
    static std::string fault_of(const http_request& request);

private:
    static int before_request(void* self, char* address, char*, int, int);
    static std::size_t take_header(char* line, std::size_t size, std::size_t count, void* self);
    static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self);

    void set_limits(const http_client_settings& settings);
    void set_route(const http_client_settings& settings, const target& resolved, const std::vector<std::string>& known);
    void set_request(const http_client_settings& settings);
    bool add_header(std::string_view line);
    void drop_body();

    std::uint64_t id_;
    http_request request_;
    target where_;
    CURL* handle_ = nullptr;
    curl_slist* headers_ = nullptr;
    curl_slist* resolve_ = nullptr;
    std::array<char, CURL_ERROR_SIZE> error_{};
    http_response given_;
    std::size_t header_bytes_ = 0;
    bool maybe_sent_ = false;  // libcurl was about to write the request to a connection
    std::size_t& in_memory_;
    std::size_t most_in_memory_ = 0;
    bool too_large_ = false;
    bool no_room_ = false;
    std::string connected_to_;
};

}  // namespace halfmast::net
