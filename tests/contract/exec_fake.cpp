// The folder as a person and the site's publisher use it: files are written, moved and read by hand here, and the shipped program
// answers as it does for a daemon, behind a relay in which things go wrong. The relay is a process for each account; the program itself
// is one for the whole run, for an interpreter takes longer to start than a test.
#include "tests/contract/platform.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/net/http_date.hpp"

namespace halfmast::contract {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kind_names[] = {"lists", "reads", "holds",  "releases",   "uploads",    "downloads",      "publishes",
                                      "edits", "pins",  "unpins", "reads_pins", "reads_feed", "reads_mentions", "other"};

std::string name_of(call_kind kind) { return kind_names[static_cast<int>(kind)]; }

std::string whole_file(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// exec_relay.py, started once. It ends with this process: the other end of its descriptor 3 is here.
class relay_server {
public:
    static relay_server& of_this_run()
    {
        static relay_server one;
        return one;
    }
    relay_server(const relay_server&) = delete;
    relay_server& operator=(const relay_server&) = delete;

    [[nodiscard]] std::string socket() const { return (folder_ / "socket").string(); }

private:
    relay_server()
    {
        auto pattern = (fs::temp_directory_path() / "halfmast-relay-XXXXXX").string();
        int ends[2];
        if (::mkdtemp(pattern.data()) == nullptr || ::pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("no folder or no pipe for exec_relay.py");
        folder_ = pattern;
        here_ = ends[1];
        int listener = listen_at(socket());
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, listener, 0);
        ::posix_spawn_file_actions_adddup2(&actions, ends[0], 3);
        std::string program = HALFMAST_SOURCE_DIR "/tests/contract/exec_relay.py";
        std::string served = HALFMAST_SOURCE_DIR "/config/connectors/folder.py";
        char* words[] = {program.data(), served.data(), nullptr};
        int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, words, environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(listener);
        ::close(ends[0]);
        if (error != 0)
            throw std::runtime_error(program + " cannot be started");
    }
    ~relay_server()
    {
        ::close(here_);
        ::waitpid(pid_, nullptr, 0);
        fs::remove_all(folder_);
    }

    // Whoever connects before the server is up waits in the backlog.
    static int listen_at(const std::string& path)
    {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (made < 0 || ::bind(made, reinterpret_cast<sockaddr*>(&where), sizeof where) != 0 || ::listen(made, 64) != 0)
            throw std::runtime_error("cannot listen at " + path);
        // Descriptor 3 is the pipe's over there.
        int above = ::fcntl(made, F_DUPFD_CLOEXEC, 10);
        ::close(made);
        return above;
    }

    fs::path folder_;
    int here_ = -1;
    pid_t pid_ = -1;
};

class exec_fake final : public fake_platform {
public:
    explicit exec_fake(time_point now) : now_(now)
    {
        auto pattern = (fs::temp_directory_path() / "halfmast-exec-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("no temporary folder");
        root_ = pattern;
        for (const auto* place : {"posts/queue", "posts/held", "posts/published", "posts/mentions", "state"})
            fs::create_directories(root_ / place);
    }
    ~exec_fake() override { fs::remove_all(root_); }

    std::string connector() const override { return "exec"; }
    std::map<std::string, std::string> settings() const override
    {
        return {{"id", "acme"},
                {"program", HALFMAST_CONTRACT_RELAY},
                {"arguments",
                 relay_server::of_this_run().socket() + "\n" + (root_ / "posts").string() + "\n" + (root_ / "state").string()},
                {"rungs", "draft"},
                {"publishes", "true"},
                {"edits", "true"},
                {"replies", "true"},
                {"pins", "true"},
                {"feed", "true"},
                {"mentions", "true"},
                {"release_text", "true"},
                {"token", "a-secret-nobody-says"}};
    }
    bool has(feature what) const override
    {
        return what == feature::credential_check || what == feature::language || what == feature::mentions
               || what == feature::threads || what == feature::edit_marks || what == feature::rewriting;
    }
    call_kind kind_of(const http_request&) const override { return call_kind::other; }
    http_response serve(const http_request&, time_point, bool) override
    {
        throw std::logic_error("a program is not asked over HTTP");
    }

    // What the relay does is data, so a function that spoils is tried here to see which of the two it is.
    void plan(const fault& what) override
    {
        json one{{"on", name_of(what.on)},
                 {"after", what.after},
                 {"times", what.times},
                 {"seen", 0},
                 {"unreachable", what.unreachable},
                 {"cut", what.cut},
                 {"lie", what.lie},
                 {"carried_out", what.carried_out},
                 {"huge", what.huge}};
        if (what.status)
            one["status"] = *what.status;
        if (what.body) {  // beside the plan, which is read and written at each call
            auto name = "body-" + std::to_string(plan_.size());
            std::ofstream(root_ / "state" / name, std::ios::binary) << *what.body;
            one["body"] = name;
        }
        if (what.spoil) {
            std::string tried = R"({"a":1})";
            what.spoil(tried);
            one["spoil"] = tried.size() < 7 ? "half" : "members";
        }
        auto wait = find_header(what.headers, "Retry-After");
        if (auto until = net::parse_http_date(wait))
            one["retry_after"] = format_duration(std::chrono::ceil<seconds>(*until - now_));
        else if (!wait.empty() && std::ranges::all_of(wait, [](char c) { return c >= '0' && c <= '9'; }))
            one["retry_after"] = std::string{wait} + "s";
        plan_.push_back(std::move(one));
        std::ofstream(root_ / "state/plan.json") << plan_.dump();
    }
    void heal() override
    {
        plan_ = json::array();
        fs::remove(root_ / "state/plan.json");
    }
    int calls(call_kind kind) const override
    {
        std::ifstream in(root_ / "state/calls");
        int count = 0;
        for (std::string line; std::getline(in, line);)
            count += line == name_of(kind) ? 1 : 0;
        return count;
    }
    void forget_calls() override { fs::remove(root_ / "state/calls"); }

    // The site's publisher: what is due goes out.
    void advance(time_point now) override
    {
        now_ = std::max(now_, now);
        std::vector<std::pair<time_point, fs::path>> due;
        for (const auto& file : fs::directory_iterator(root_ / "posts/queue")) {
            auto post = load(file.path());
            if (auto at = parse_rfc3339(post["due"].get<std::string>()).value(); at <= now_)
                due.emplace_back(at, file.path());
        }
        std::ranges::sort(due);
        for (const auto& [at, path] : due) {
            auto post = load(path);
            post["published"] = format_utc(std::chrono::floor<seconds>(at));
            fs::remove(path);
            store("published", path.filename().string(), post);
            out_.push_back(path.stem().string());
        }
    }

    post_id schedule(const new_post& post, time_point) override
    {
        json made{{"due", format_utc(post.due)}, {"language", post.language}, {"text", post.text}};
        std::string tags;
        for (const auto& tag : post.tags)
            tags += (tags.empty() ? "" : ", ") + tag;
        made["tags"] = tags;
        return post_id{write("queue", made)};
    }
    void remove(const post_id& scheduled, time_point) override
    {
        if (auto found = find(scheduled.value))
            fs::remove(*found);
    }
    void rewrite(const post_id& scheduled, const std::string& text, time_point) override
    {
        auto path = find(scheduled.value).value();
        auto post = load(path);
        post["text"] = text;
        store(path.parent_path().filename().string(), path.filename().string(), post);
    }
    post_id publish(const std::string& text, bool pinned, time_point at) override
    {
        json made{{"due", format_utc(at)}, {"published", format_utc(at)}, {"text", text}};
        if (pinned)
            made["pinned"] = "yes";
        auto id = write("published", made);
        out_.push_back(id);
        return post_id{id};
    }

    post_id mention(const std::string& text, const std::string& by, time_point at) override
    {
        json made{{"at", format_utc(at)},
                  {"by", by},
                  {"text", text},
                  {"url", "https://forum.acme.example/" + std::to_string(number_ + 1)}};
        return post_id{write("mentions", made)};
    }
    void edit_mention(const post_id& id, const std::string& text) override
    {
        auto [name, post] = mention_of(id);
        post["text"] = text;
        store("mentions", name, post);
    }
    void remove_mention(const post_id& id) override { fs::remove(root_ / "posts/mentions" / mention_of(id).first); }
    void answer_mention(const post_id& id, const std::string& text, time_point at) override
    {
        write("mentions", {{"at", format_utc(at)}, {"by", "acme"}, {"own", "yes"}, {"text", text}, {"in-Reply-To", id.value}});
    }

    standing_post look(const post_id& id) override
    {
        standing_post seen;
        auto found = find(id.value);
        if (!found)
            return seen;
        auto post = load(*found);
        auto place = found->parent_path().filename();
        seen.where = place == "queue" ? whereabouts::queued : place == "held" ? whereabouts::parked : whereabouts::published;
        seen.due = parse_rfc3339(post["due"].get<std::string>()).value();
        seen.as = id;
        seen.text = post["text"];
        seen.language = post.value("language", "");
        return seen;
    }
    std::size_t queued() const override
    {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_ / "posts/queue"), fs::directory_iterator{}));
    }
    std::vector<public_post> published() const override
    {
        auto order = out_;
        for (const auto& [at, id] : by_time())
            if (std::ranges::find(order, id) == order.end())
                order.push_back(id);
        std::vector<public_post> all;
        for (const auto& id : order) {
            auto found = find(id);
            auto post = load(*found);
            all.push_back({post_id{id}, post["text"], post.value("language", ""),
                           parse_rfc3339(post["published"].get<std::string>()).value(), post_id{post.value("in-reply-to", "")}});
        }
        return all;
    }
    bool shows_edit(const post_id& id, const std::string&) const override { return load(*find(id.value)).contains("edited"); }
    std::vector<post_id> pinned() const override
    {
        std::vector<post_id> all;
        auto newest = by_time();
        std::ranges::reverse(newest);
        for (const auto& [at, id] : newest)
            if (load(*find(id)).contains("pinned"))
                all.push_back(post_id{id});
        return all;
    }

private:
    std::vector<std::pair<time_point, std::string>> by_time() const
    {
        std::vector<std::pair<time_point, std::string>> all;
        for (const auto& file : fs::directory_iterator(root_ / "posts/published"))
            all.emplace_back(parse_rfc3339(load(file.path())["published"].get<std::string>()).value(), file.path().stem().string());
        std::ranges::sort(all);
        return all;
    }

    std::optional<fs::path> find(const std::string& id) const
    {
        for (const auto* place : {"queue", "held", "published"})
            for (const auto* ending : {".md", ".json"})
                if (auto path = root_ / "posts" / place / (id + ending); fs::exists(path))
                    return path;
        return std::nullopt;
    }

    std::pair<std::string, json> mention_of(const post_id& id) const
    {
        for (const auto* ending : {".md", ".json"})
            if (auto path = root_ / "posts/mentions" / (id.value + ending); fs::exists(path))
                return {id.value + ending, load(path)};
        throw std::logic_error("there is no mention " + id.value);
    }

    static json load(const fs::path& path)
    {
        auto raw = whole_file(path);
        if (path.extension() == ".json")
            return json::parse(raw);
        json post;
        auto head_end = raw.find("\n\n");
        for (std::size_t at = 0; at < head_end;) {
            auto end = raw.find('\n', at);
            auto colon = raw.find(':', at);
            auto key = raw.substr(at, colon - at);
            std::ranges::transform(key, key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
            post[key] = raw.substr(colon + 2, end - colon - 2);
            at = end + 1;
        }
        post["text"] = raw.substr(head_end + 2, raw.size() - head_end - 3);
        return post;
    }

    // Every second post is JSON: both kinds of files go through the whole suite.
    std::string write(const std::string& place, const json& post)
    {
        auto id = "post-" + std::to_string(++number_);
        store(place, id + (number_ % 2 == 0 ? ".json" : ".md"), post);
        return id;
    }

    void store(const std::string& place, const std::string& name, const json& post) const
    {
        std::ofstream out(root_ / "posts" / place / name, std::ios::binary);
        if (name.ends_with(".json")) {
            out << post.dump();
            return;
        }
        for (const auto& [key, value] : post.items())
            if (key != "text")
                out << static_cast<char>(key[0] - 32) << key.substr(1) << ": " << value.get<std::string>() << '\n';
        out << '\n' << post["text"].get<std::string>() << '\n';
    }

    fs::path root_;
    time_point now_;
    json plan_ = json::array();
    std::vector<std::string> out_;
    int number_ = 100;
};

}  // namespace

std::vector<maker> exec_fakes()
{
    return {{"exec, the folder of dated files",
             [](time_point now) -> std::unique_ptr<fake_platform> { return std::make_unique<exec_fake>(now); }}};
}

}  // namespace halfmast::contract
