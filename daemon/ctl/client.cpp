#include "daemon/ctl/client.hpp"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>
#include <nlohmann/json.hpp>

#include "daemon/ctl/interrupt.hpp"

namespace halfmast::ctl {

namespace {

constexpr long connect_timeout_ms = 5'000;
constexpr milliseconds usual_patience{120'000};  // a list of a hundred thousand posts, and doctor, which asks every platform

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* into)
{
    static_cast<std::string*>(into)->append(bytes, size * count);
    return size * count;
}

int stop_when_interrupted(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return was_interrupted() ? 1 : 0; }

// Why nobody can be reached there: libcurl only says that it could not connect.
int connect_error(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
    ::close(fd);
    return error;
}

[[noreturn]] void throw_unreached(const std::string& path, const char* what)
{
    int error = connect_error(path);
    if (error == EACCES || error == EPERM)
        throw command_error{exit_code::not_allowed, "not-allowed",
                            "you may not use " + path + " (" + std::strerror(error) + "); members of group halfmast may"};
    if (error == ENAMETOOLONG)
        throw command_error{exit_code::usage, "usage", "the path of the socket is too long: " + path};
    std::string why = error == ENOENT ? "there is no socket" : error == ECONNREFUSED ? "nobody listens" : error != 0 ? std::strerror(error) : what;
    throw daemon_down{exit_code::unreachable, "unreachable",
                      "the daemon is not reachable at " + path + " (" + why + "); start it with 'systemctl start halfmastd'"};
}

[[noreturn]] void throw_problem(const reply& answer)
{
    auto body = document::parse(answer.text, nullptr, false);
    auto text = [&](const char* name) {
        auto found = body.is_object() ? body.find(name) : body.end();
        return body.is_object() && found != body.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    auto type = text("type");
    constexpr std::string_view prefix = "urn:halfmast:problem:";
    if (type.starts_with(prefix))
        type.erase(0, prefix.size());
    auto detail = text("detail");
    if (detail.empty())
        detail = text("title");
    if (detail.empty())
        detail = "the daemon answered " + std::to_string(answer.status) + " without a reason";
    int code = exit_code::failed;
    if (body.is_object())
        if (auto found = body.find("exit_code"); found != body.end() && found->is_number_integer())
            code = found->get<int>();
    throw command_error{code, type.empty() ? "failed" : type, detail};
}

}  // namespace

document reply::body() const
{
    auto value = document::parse(text, nullptr, false);
    if (!value.is_object())
        throw command_error{exit_code::failed, "bad-answer", "the daemon's answer is not the JSON object it promises; is it halfmastd?"};
    return value;
}

class client::impl {
public:
    explicit impl(std::string path_) : path(std::move(path_)), handle(curl_easy_init()) {}
    ~impl() { curl_easy_cleanup(handle); }

    std::string path;
    CURL* handle;
    milliseconds patience = usual_patience;
};

client::client(std::string socket) : impl_(std::make_unique<impl>(std::move(socket))) {}
client::~client() = default;
client::client(client&&) noexcept = default;

const std::string& client::socket() const { return impl_->path; }

void client::answer_within(milliseconds length) { impl_->patience = length; }

reply client::get(const std::string& path) { return ask(path, nullptr); }

reply client::post(const std::string& path, const document& body)
{
    auto text = body.dump(-1, ' ', false, document::error_handler_t::replace);
    return ask(path, &text);
}

reply client::ask(const std::string& path, const std::string* body)
{
    auto* handle = impl_->handle;
    if (handle == nullptr)
        throw command_error{exit_code::failed, "failed", "libcurl cannot be used"};
    curl_easy_reset(handle);  // keeps the connection
    auto url = "http://localhost/api/v1" + path;
    reply answer;
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, impl_->path.c_str());
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(impl_->patience.count()));
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.text);
    curl_slist* headers = nullptr;
    if (body != nullptr) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body->c_str());
    }
    auto code = curl_easy_perform(handle);
    curl_slist_free_all(headers);
    if (code == CURLE_ABORTED_BY_CALLBACK || was_interrupted())
        throw command_error{exit_code::interrupted, "interrupted",
                            "interrupted before the daemon had answered; 'halfmast status' shows what it did"};
    if (code == CURLE_COULDNT_CONNECT)
        throw_unreached(impl_->path, curl_easy_strerror(code));
    if (code != CURLE_OK)
        throw no_answer{exit_code::failed, "no-answer",
                            std::string{"the daemon was asked and gave no whole answer ("} + curl_easy_strerror(code)
                            + "); 'halfmast status' shows what it did"};
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    // readyz answers 503 without a problem document; everything else above 400 has one.
    if (status >= 400)
        throw_problem(answer);
    return answer;
}

std::string percent_encode(std::string_view text)
{
    char* encoded = text.empty() ? nullptr : curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
    std::string copy = encoded == nullptr ? std::string{} : encoded;
    curl_free(encoded);
    return copy;
}

std::string post_path(std::string_view id)
{
    auto slash = id.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == id.size())
        throw command_error{exit_code::usage, "usage",
                            "'" + std::string{id} + "' is no post: an id is ACCOUNT/POST, like acme-blog/123 ('halfmast queue list' shows them)"};
    return "/posts/" + percent_encode(id.substr(0, slash)) + "/" + percent_encode(id.substr(slash + 1));
}

std::string query_string(std::initializer_list<std::pair<const char*, std::string>> members)
{
    std::string text;
    for (const auto& [name, value] : members)
        if (!value.empty())
            text += (text.empty() ? "?" : "&") + std::string{name} + "=" + percent_encode(value);
    return text;
}

}  // namespace halfmast::ctl
