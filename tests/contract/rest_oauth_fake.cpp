// Its posts are those of the WordPress fake; in front of it stands a token server. It shares no code with what asks it.
#include "tests/contract/rest_oauth_fake.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <stdlib.h>

#include "daemon/net/http_server.hpp"
#include "tests/contract/forwarding_fake.hpp"

namespace halfmast::contract {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto first_token = "rt-first-9b1de0";
// halfmast-app:cl1ent-s3cret
constexpr auto application = "Basic aGFsZm1hc3QtYXBwOmNsMWVudC1zM2NyZXQ=";
constexpr auto lifetime = 1h;

// The shipped description of WordPress, behind another door.
class description_file {
public:
    description_file()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-oauth-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary directory");
        folder_ = pattern;
        std::ifstream shipped(HALFMAST_SOURCE_DIR "/config/connectors/wordpress.toml");
        std::stringstream text;
        text << shipped.rdbuf();
        auto whole = text.str();
        const std::string before = "kind = \"basic\"\n";
        auto at = whole.find(before);
        if (at == std::string::npos)
            throw std::logic_error("wordpress.toml has another [auth] than it had");
        whole.replace(at, before.size(),
                      "kind = \"oauth2\"\ntoken_url = \"/oauth/token\"\nscopes = [\"posts:read\", \"posts:write\"]\n");
        std::ofstream(path()) << whole;
    }
    ~description_file()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    description_file(const description_file&) = delete;
    description_file& operator=(const description_file&) = delete;

    [[nodiscard]] std::string path() const { return (folder_ / "wordpress.toml").string(); }

private:
    std::filesystem::path folder_;
};

class rest_oauth_fake final : public forwarding_fake {
public:
    using forwarding_fake::forwarding_fake;

    std::string connector() const override { return "rest"; }
    std::map<std::string, std::string> settings() const override
    {
        auto keys = behind().settings();
        keys.erase("username");
        keys.erase("password");
        keys["description"] = description_.path();
        keys["client_id"] = "halfmast-app";
        keys["client_secret"] = "cl1ent-s3cret";
        keys["refresh_token"] = first_token;
        return keys;
    }
    call_kind kind_of(const http_request& request) const override
    {
        return is_token_call(request) ? call_kind::other : behind().kind_of(request);
    }

    http_response serve(const http_request& request, time_point now, bool carry_out) override
    {
        now_ = now;
        if (is_token_call(request))
            return tokens(request);
        if (access_.empty() || now >= ends_ || find_header(request.headers, "Authorization") != "Bearer " + access_) {
            auto refused = answer(401, {{"error", "invalid_token"}});
            refused.headers.emplace_back("WWW-Authenticate", R"(Bearer error="invalid_token")");
            return refused;
        }
        auto passed = request;
        for (auto& [name, value] : passed.headers)
            if (name == "Authorization")
                value = "Basic aGFsZm1hc3Q6YWJjZDEyMzRlZmdoNTY3OGlqa2w5MDEy";
        return behind().serve(passed, now, carry_out);
    }

private:
    static bool is_token_call(const http_request& request) { return request.url.ends_with("/oauth/token"); }

    static http_response answer(int status, const json& body)
    {
        http_response made;
        made.status = status;
        made.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
        made.body = body.dump();
        return made;
    }

    http_response tokens(const http_request& request)
    {
        if (find_header(request.headers, "Authorization") != application)
            return answer(401, {{"error", "invalid_client"}});
        const std::string wanted = "grant_type=refresh_token&refresh_token=";
        if (request.method != "POST" || !request.publishes || !request.body.starts_with(wanted))
            return answer(400, {{"error", "invalid_request"}});
        auto shown = net::percent_decode(request.body.substr(wanted.size())).value_or("");
        if (shown != refresh_) {
            if (spent_.contains(shown))
                refresh_ = access_ = "";  // somebody has a copy: all of them go
            return answer(400, {{"error", "invalid_grant"}});
        }
        spent_.insert(refresh_);
        auto number = std::to_string(spent_.size());
        refresh_ = "rt-" + number + "-5f0c1a";
        access_ = "at-" + number + "-77b3e2";
        ends_ = now_ + lifetime;
        return answer(200, {{"access_token", access_},
                            {"refresh_token", refresh_},
                            {"token_type", "Bearer"},
                            {"expires_in", 3600},
                            {"scope", "posts:read posts:write"}});
    }

    description_file description_;
    time_point now_{};
    std::string refresh_ = first_token;
    std::set<std::string> spent_;
    std::string access_;
    time_point ends_{};
};

}  // namespace

std::unique_ptr<fake_platform> make_rest_oauth(std::unique_ptr<fake_platform> site)
{
    return std::make_unique<rest_oauth_fake>(std::move(site));
}

}  // namespace halfmast::contract
