#include "daemon/net/transfer.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "daemon/net/request_name.hpp"

namespace halfmast::net {

namespace {

constexpr std::size_t most_header_bytes = 256u << 10;
constexpr long slow_bytes_per_second = 1;
constexpr long upload_buffer = 16L << 10;  // the least there is
constexpr std::size_t small_answer = 256u << 10;
constexpr long slow_seconds = 30;  // a platform may think so long before its first byte

template <class T>
void set(CURL* handle, CURLoption option, T value)
{
    // Fails only for options or values this libcurl does not know: a bug here, shown by any test.
    if (curl_easy_setopt(handle, option, value) != CURLE_OK)
        throw std::logic_error("libcurl refuses option " + std::to_string(static_cast<int>(option)));
}

long in_ms(milliseconds length) { return static_cast<long>(std::max<std::int64_t>(1, length.count())); }

bool is_token(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

std::string part(CURLU* url, CURLUPart which, unsigned flags)
{
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return {};
    std::string copy{text};
    curl_free(text);
    return copy;
}

void append(curl_slist*& list, const std::string& text)
{
    auto* longer = curl_slist_append(list, text.c_str());
    if (longer == nullptr)
        throw std::bad_alloc{};
    list = longer;
}

}  // namespace

std::optional<target> parse_target(const std::string& url)
{
    std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed{curl_url(), curl_url_cleanup};
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return std::nullopt;
    target found{part(parsed.get(), CURLUPART_SCHEME, 0), part(parsed.get(), CURLUPART_HOST, CURLU_PUNYCODE),
                 part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
    if ((found.scheme != "http" && found.scheme != "https") || found.host.empty() || found.port.empty())
        return std::nullopt;
    std::ranges::transform(found.host, found.host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return found;
}

transfer::transfer(std::uint64_t id, http_request request, target where, std::size_t& in_memory)
    : id_(id),
      request_(std::move(request)),
      where_(std::move(where)),
      in_memory_(in_memory)
{
}

transfer::~transfer()
{
    drop_body();
    curl_slist_free_all(headers_);
    curl_slist_free_all(resolve_);
}

std::string transfer::fault_of(const http_request& request)
{
    if (!is_token(request.method))
        return "its method is not a word";
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name))
            return "the name of a header is not a word";
        if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos)
            return "header " + name + " has a line break in it";
    }
    return {};
}

void transfer::prepare(CURL* handle, const http_client_settings& settings, const target& resolved,
                       const std::vector<std::string>& known)
{
    handle_ = handle;
    most_in_memory_ = settings.most_in_memory;
    set(handle_, CURLOPT_PRIVATE, static_cast<void*>(this));
    set(handle_, CURLOPT_ERRORBUFFER, error_.data());
    set(handle_, CURLOPT_PREREQFUNCTION, &transfer::before_request);
    set(handle_, CURLOPT_PREREQDATA, static_cast<void*>(this));
    set(handle_, CURLOPT_HEADERFUNCTION, &transfer::take_header);
    set(handle_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(handle_, CURLOPT_WRITEFUNCTION, &transfer::take_body);
    set(handle_, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set_limits(settings);
    set_route(settings, resolved, known);
    set_request(settings);
}

// The defaults are those of a tool a person watches: five minutes to connect, for ever to answer.
void transfer::set_limits(const http_client_settings& settings)
{
    set(handle_, CURLOPT_CONNECTTIMEOUT_MS, in_ms(std::min(settings.connect_timeout, request_.timeout)));
    set(handle_, CURLOPT_TIMEOUT_MS, in_ms(request_.timeout));
    set(handle_, CURLOPT_LOW_SPEED_LIMIT, slow_bytes_per_second);
    set(handle_, CURLOPT_LOW_SPEED_TIME, slow_seconds);
    set(handle_, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.most_body));
    set(handle_, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle_, CURLOPT_NOSIGNAL, 1L);
    set(handle_, CURLOPT_QUICK_EXIT, 1L);
    set(handle_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer);  // 64 KB otherwise, for each call under way that has a body
    set(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    // HTTP/2 of libcurl before 8 calls cut answers whole and spins on uploads.
    set(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
}

void transfer::set_route(const http_client_settings& settings, const target& resolved, const std::vector<std::string>& known)
{
    set(handle_, CURLOPT_URL, request_.url.c_str());
    set(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
    // Empty means: none, and do not ask the environment.
    set(handle_, CURLOPT_PROXY, settings.proxy.c_str());
    set(handle_, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    set(handle_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!settings.ca_file.empty())
        set(handle_, CURLOPT_CAINFO, settings.ca_file.c_str());
    if (request_.publishes) {
        // libcurl resends any request, a POST too, when a reused connection dies without a byte.
        set(handle_, CURLOPT_FRESH_CONNECT, 1L);
        set(handle_, CURLOPT_FORBID_REUSE, 1L);
    }
    if (known.empty())
        return;
    // For good (no '+' in front), so that libcurl never looks a name up itself; the next transfer replaces it.
    auto entry = resolved.host + ':' + resolved.port + ':';
    for (const auto& address : known)
        entry += (address == known.front() ? "" : ",") + address;
    append(resolve_, entry);
    set(handle_, CURLOPT_RESOLVE, resolve_);
}

void transfer::set_request(const http_client_settings& settings)
{
    const auto& method = request_.method;
    bool has_body = !request_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
    if (has_body) {
        set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
    } else if (method == "HEAD") {
        set(handle_, CURLOPT_NOBODY, 1L);
    } else {
        set(handle_, CURLOPT_HTTPGET, 1L);
    }
    if (method != "GET" && method != "HEAD" && (method != "POST" || !has_body))
        set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
    else if (has_body && method != "POST")
        set(handle_, CURLOPT_CUSTOMREQUEST, method.c_str());
    set(handle_, CURLOPT_USERAGENT, settings.user_agent.c_str());
    for (const auto& [name, value] : request_.headers)
        append(headers_, value.empty() ? name + ';' : name + ": " + value);
    append(headers_, "Expect:");  // no second trip for a question nobody asks
    if (has_body && find_header(request_.headers, "Content-Type").empty())
        append(headers_, "Content-Type:");
    set(handle_, CURLOPT_HTTPHEADER, headers_);
}

int transfer::before_request(void* self, char* address, char*, int, int)
{
    auto& mine = *static_cast<transfer*>(self);
    mine.maybe_sent_ = true;
    mine.connected_to_ = address != nullptr ? address : "";
    if (mine.connected_to_.find(':') != std::string::npos)
        mine.connected_to_ = '[' + mine.connected_to_ + ']';
    return CURL_PREREQFUNC_OK;
}

bool transfer::add_header(std::string_view line)
{
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n'))
        line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // also after 100 and 103
        given_.headers.clear();
        drop_body();
        return true;
    }
    auto trim = [](std::string_view text) {
        auto first = text.find_first_not_of(" \t");
        return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
    };
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {  // the old way to go on in the next line
        if (!given_.headers.empty())
            given_.headers.back().second += ' ' + std::string{trim(line)};
        return true;
    }
    if (auto colon = line.find(':'); colon != std::string_view::npos && colon > 0)
        given_.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    return true;
}

std::size_t transfer::take_header(char* line, std::size_t size, std::size_t count, void* self)
{
    auto& mine = *static_cast<transfer*>(self);
    auto length = size * count;
    mine.header_bytes_ += length;
    if (mine.header_bytes_ > most_header_bytes) {
        mine.too_large_ = true;
        return 0;
    }
    try {
        return mine.add_header({line, length}) ? length : 0;
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

std::size_t transfer::take_body(char* bytes, std::size_t size, std::size_t count, void* self)
{
    auto& mine = *static_cast<transfer*>(self);
    auto length = size * count;
    if (length > mine.request_.most_body - std::min(mine.request_.most_body, mine.given_.body.size())) {
        mine.too_large_ = true;
        return length == 0 ? 1 : 0;
    }
    // A platform whose answers have no end must not take the memory of all others, over all its connections.
    if (mine.given_.body.size() + length > small_answer && mine.in_memory_ + length > mine.most_in_memory_) {
        mine.no_room_ = true;
        return length == 0 ? 1 : 0;
    }
    try {
        mine.given_.body.append(bytes, length);
        mine.in_memory_ += length;
        return length;
    } catch (const std::bad_alloc&) {
        return length == 0 ? 1 : 0;
    }
}

void transfer::drop_body()
{
    in_memory_ -= given_.body.size();
    given_.body.clear();
}

problem transfer::not_sent(const std::string& why) const
{
    return {failure::unreachable, name_of(request_) + " was not sent: " + why, {}};
}

problem transfer::unknown(const std::string& why) const
{
    return {failure::unknown_outcome,
            name_of(request_) + " was sent, and no whole answer came: " + why + "; look before it is done again",
            {}};
}

result<http_response> transfer::finish(CURLcode code)
{
    if (code == CURLE_OK && !too_large_) {
        long status = 0;
        curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
        given_.status = static_cast<int>(status);
        given_.came_at = std::chrono::steady_clock::now();
        in_memory_ -= given_.body.size();
        return std::exchange(given_, http_response{});
    }
    std::string why = error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
    while (!why.empty() && (why.back() == '\n' || why.back() == '\r'))
        why.pop_back();
    if (too_large_ || code == CURLE_FILESIZE_EXCEEDED)
        return problem{
            failure::bad_reply,
            name_of(request_) + ": the answer is larger than " + std::to_string(request_.most_body) + " bytes, so it was not read",
            {}};
    if (no_room_)
        why = "there is no memory for it: answers of " + std::to_string(most_in_memory_)
              + " bytes are being read already; does a platform send without end?";
    return maybe_sent_ ? unknown(why) : not_sent(why);
}

}  // namespace halfmast::net
