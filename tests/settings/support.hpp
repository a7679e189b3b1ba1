// Files in a folder that goes away, and a connector that only reads its settings.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <stdlib.h>

#include "daemon/settings/settings.hpp"
#include "tests/support/catch.hpp"

namespace halfmast::tests {

struct fake_settings : connector_settings {
    std::string url;
    std::string token;
    std::optional<std::int64_t> limit;
    std::optional<bool> quick;
    std::optional<std::string> nick;
};

inline std::shared_ptr<const connector_settings> parse_fake(account_values& values)
{
    auto made = std::make_shared<fake_settings>();
    made->url = values.base_url("url");
    made->token = values.secret("token");
    made->limit = values.whole("limit");
    made->quick = values.flag("quick");
    made->nick = values.optional_text("nick");
    if (made->limit && *made->limit < 1)
        values.fault("limit", "must be at least 1");
    return made->url.empty() || made->token.empty() ? nullptr : made;
}

inline void declare_fake(const connector_settings&, account& made)
{
    made.can_publish = true;
    made.text_limit = 500;
    made.rungs = {{rung::draft}};
}

inline connection connect_fake(std::shared_ptr<const connector_settings>, http_port&, vault_port&) { return {}; }

// The keys of WordPress, for the example of the manual.
inline std::shared_ptr<const connector_settings> parse_blog(account_values& values)
{
    auto made = std::make_shared<fake_settings>();
    made->url = values.base_url("url");
    made->nick = values.text("username");
    made->token = values.secret("password");
    return made->url.empty() ? nullptr : made;
}

inline const std::vector<connector_room>& fake_rooms()
{
    static const std::vector<connector_room> rooms{{"fake", parse_fake, declare_fake, connect_fake},
                                                   {"mastodon", parse_fake, declare_fake, connect_fake},
                                                   {"wordpress", parse_blog, declare_fake, connect_fake}};
    return rooms;
}

class folder {
public:
    folder()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "halfmast-settings-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    std::string write(const std::string& name, const std::string& text,
                      std::filesystem::perms mode = std::filesystem::perms{0600}) const
    {
        auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        std::filesystem::permissions(file, mode);
        return file.string();
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }

    // Writes main.toml and loads it.
    [[nodiscard]] settings::loaded load(const std::string& text, bool secrets = true) const
    {
        return settings::load(write("main.toml", text), fake_rooms(), secrets);
    }

    // The faults as a person sees them, without the folder's name.
    [[nodiscard]] std::vector<std::string> faults(const std::string& text, bool secrets = true) const
    {
        return shown(load(text, secrets));
    }

    [[nodiscard]] std::vector<std::string> shown(const settings::loaded& got) const
    {
        std::vector<std::string> all;
        for (const auto& one : got.faults) {
            auto line = to_string(one);
            for (auto at = line.find(path_.string() + "/"); at != std::string::npos; at = line.find(path_.string() + "/"))
                line.erase(at, path_.string().size() + 1);
            all.push_back(line);
        }
        return all;
    }

private:
    std::filesystem::path path_;
};

using lines = std::vector<std::string>;

}  // namespace halfmast::tests
