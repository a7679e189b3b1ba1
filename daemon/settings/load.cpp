// Reads the main file and the files it names, and collects every fault on the way.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <list>

#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/settings/access.hpp"
#include "daemon/settings/account.hpp"
#include "daemon/settings/judgement.hpp"
#include "daemon/settings/mark.hpp"
#include "daemon/settings/paths.hpp"
#include "daemon/settings/playbook.hpp"
#include "daemon/settings/receivers.hpp"
#include "daemon/settings/secrets.hpp"
#include "daemon/settings/signals.hpp"
#include "daemon/settings/urls.hpp"
#include "daemon/settings/words.hpp"

namespace halfmast::settings {

namespace {

constexpr std::size_t most_file = 4u << 20;

struct document {
    std::string file;
    toml::table table;
};

class loader {
public:
    loader(std::string file, std::span<const connector_room> rooms, bool secrets)
        : file_(std::move(file)),
          secrets_(secrets),
          accounts_(rooms, secrets),
          receivers_(secrets),
          signals_(secrets)
    {
        made_.file = file_;
    }

    loaded run()
    {
        if (const auto* main = open(
                file_, [&](std::string text, toml::source_position at) { faults_.add(file_, at, weight::error, std::move(text)); }))
            read_main(*main);
        made_.accounts = accounts_.take();
        playbooks_.check(made_.accounts, faults_);
        made_.playbooks = playbooks_.take();
        made_.partners = playbooks_.take_partners();
        receivers_.finish(made_);
        signals_.finish(made_);
        return {std::move(made_), faults_.take(files_)};
    }

private:
    // Null after a fault. `trouble` says where a file that cannot be read is reported: at the place that names it.
    template <class Trouble>
    const document* open(const std::string& file, Trouble trouble)
    {
        std::string bytes;
        if (auto why = read(file, bytes); !why.empty()) {
            trouble(why, toml::source_position{});
            return nullptr;
        }
        files_.push_back(file);
        auto parsed = toml::parse(std::string_view{bytes}, std::string_view{file});
        if (!parsed) {
            // The parser cannot tell what follows: one fault, and none invented from half a file.
            faults_.add(file, parsed.error().source().begin, weight::error,
                        "not TOML: " + std::string{parsed.error().description()});
            return nullptr;
        }
        documents_.push_back({file, std::move(parsed).table()});
        mark_settings(documents_.back().table, documents_.size() == 1, made_);
        return &documents_.back();
    }

    static std::string read(const std::string& file, std::string& bytes)
    {
        struct stat about {};
        if (::stat(file.c_str(), &about) != 0)
            return std::string{"cannot be read: "} + std::strerror(errno);
        if (!S_ISREG(about.st_mode) && !S_ISFIFO(about.st_mode))
            return "is not a file";
        if (about.st_size > static_cast<off_t>(most_file))
            return "is larger than 4 MiB; these are no settings";
        errno = 0;
        std::ifstream in(file, std::ios::binary);
        if (!in)
            return std::string{"cannot be read: "} + std::strerror(errno);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
        return in.bad() ? "cannot be read" : "";
    }

    void read_main(const document& main)
    {
        table_reader top{main.table, main.file, "", faults_};
        if (const auto* table = top.table("daemon"))
            read_daemon(top.inside(*table, "daemon"));
        std::size_t number = 0;
        for (const auto* table : top.tables("account"))
            accounts_.read(top.inside(*table, "account"), ++number);
        if (const auto* table = top.table("access"))
            access_reader{secrets_, made_.access_rules}.read(top.inside(*table, "access"));
        read_judgement(top);
        number = 0;
        for (const auto* table : top.tables("playbook"))
            playbooks_.read(top.inside(*table, "playbook"), ++number);
        for_each_file(top, "playbooks", [&](const document& file) {
            table_reader books{file.table, file.file, "", faults_};
            std::size_t in_file = 0;
            for (const auto* table : books.tables("playbook"))
                playbooks_.read(books.inside(*table, "playbook"), ++in_file);
            books.finish();
        });
        read_receivers(top);
        read_signals(top);
        if (const auto* table = top.table("links"))
            read_links(top.inside(*table, "links"));
        if (const auto* table = top.table("review"))
            read_review(top.inside(*table, "review"));
        top.finish();
    }

    void read_receivers(table_reader& top)
    {
        std::size_t number = 0;
        for (const auto* table : top.tables("receiver"))
            receivers_.read(top.inside(*table, "receiver"), ++number);
        number = 0;
        for (const auto* table : top.tables("rota"))
            receivers_.read_rota(top.inside(*table, "rota"), ++number);
        number = 0;
        for (const auto* table : top.tables("route"))
            receivers_.read_route(top.inside(*table, "route"), ++number);
        if (const auto* table = top.table("pages"))
            receivers_.read_pages(top.inside(*table, "pages"));
        if (const auto* table = top.table("heartbeat"))
            receivers_.read_heartbeat(top.inside(*table, "heartbeat"));
    }

    void read_signals(table_reader& top)
    {
        if (const auto* table = top.table("signals"))
            signals_.read_rules(top.inside(*table, "signals"));
        std::size_t number = 0;
        for (const auto* table : top.tables("hook"))
            signals_.read_hook(top.inside(*table, "hook"), ++number);
        number = 0;
        for (const auto* table : top.tables("signal"))
            signals_.read_rule(top.inside(*table, "signal"), ++number);
        number = 0;
        for (const auto* table : top.tables("flag_file"))
            signals_.read_file(top.inside(*table, "flag_file"), ++number);
        if (const auto* table = top.table("mentions")) {
            auto mentions = top.inside(*table, "mentions");
            std::vector<word_rule> words;
            for_each_file(mentions, "complaints", [&](const document& file) {
                read_complaints({file.table, file.file, "", faults_}, words);
            });
            signals_.add_complaints(std::move(words));
            signals_.read_mentions(std::move(mentions));
        }
        if (const auto* table = top.table("dead_links"))
            signals_.read_dead_links(top.inside(*table, "dead_links"));
    }

    // Every file that the list at `key` names, relative to the file that names it.
    template <class Each>
    void for_each_file(table_reader& owner, const char* key, Each each)
    {
        for (const auto& [name, node] : owner.texts(key)) {
            const auto path = beside(owner.file(), name);
            const auto* at = node;
            if (std::ranges::find(files_, path) != files_.end()) {
                owner.fault(at, std::string{key} + ": " + path + " is named twice");
                continue;
            }
            const auto* file = open(path, [&](const std::string& why, toml::source_position) {
                owner.fault(at, std::string{key} + ": " + path + " " + why);
            });
            if (file != nullptr)
                each(*file);
        }
    }

    void read_daemon(table_reader daemon)
    {
        if (auto path = daemon.text("state_dir"))
            made_.state_dir = beside(file_, *path);
        if (auto path = daemon.text("control_socket")) {
            made_.control_socket = beside(file_, *path);
            if (made_.control_socket.size() >= sizeof(sockaddr_un::sun_path))
                daemon.fault(daemon.find("control_socket"), "control_socket: a socket's path has at most "
                                                                + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
        }
        if (const auto* group = daemon.find("control_group");
            group != nullptr && group->is_string() && group->as_string()->get().empty())
            made_.control_group.clear();  // the socket keeps the daemon's own group
        else if (auto name = daemon.text("control_group"))
            made_.control_group = *name;
        if (auto before = daemon.duration("warn_before", warn_bounds))
            made_.warn_before = *before;
        if (auto length = daemon.duration("silence_after", {std::chrono::seconds{10}, std::chrono::hours{1}}))
            made_.silence_after = *length;
        if (auto length = daemon.duration("request_timeout", {std::chrono::seconds{1}, std::chrono::minutes{10}}))
            made_.request_timeout = *length;
        if (auto address = daemon.text("listen")) {
            if (auto checked = check_listen(*address))
                made_.listen = *checked;
            else
                daemon.fault(daemon.find("listen"), "listen: " + checked.error().detail);
        }
        if (const auto* table = daemon.table("tls"))
            made_.tls = read_tls(daemon.inside(*table, "tls"));
        check_listen_is_safe(daemon);
        read_proxy(daemon);
        if (const auto* key = daemon.find("vault_key")) {
            made_.has_vault = true;  // whatever is wrong with it is said here, and not at every account
            made_.vault_key = read_key(daemon, "vault_key", *key, secrets_);
        }
        accounts_.has_vault(made_.has_vault);
        daemon.finish();
    }

    void read_links(table_reader links)
    {
        if (auto yes = links.flag("private"))
            made_.private_links = *yes;
        links.finish();
    }

    void read_review(table_reader review)
    {
        if (auto length = review.duration("spacing", {milliseconds{0}, std::chrono::hours{24}}))
            made_.review.spacing = *length;
        if (auto most = review.whole("most_an_hour")) {
            if (*most >= 0 && *most <= 1000)
                made_.review.most_an_hour = static_cast<int>(*most);
            else
                review.fault(review.find("most_an_hour"), "most_an_hour: a number from 0 (no limit) to 1000");
        }
        review.finish();
    }

    // What people send there are their passwords.
    void check_listen_is_safe(table_reader& daemon)
    {
        if (!made_.listen) {
            if (made_.tls)
                daemon.fault(daemon.find("tls"), "tls without listen: there is nothing to protect");
            return;
        }
        made_.access_rules.listen = *made_.listen;
        bool here = made_.listen->starts_with("127.") || made_.listen->starts_with("::1:");
        if (!here && daemon.find("tls") == nullptr)
            daemon.fault(daemon.find("listen"),
                         "listen: " + *made_.listen + " can be reached from other machines; add tls = { certificate, key }");
    }

    // A proxy that wants a password has its whole URL in a secret.
    void read_proxy(table_reader& daemon)
    {
        const auto* node = daemon.find("proxy");
        if (node == nullptr)
            return;
        const bool hidden = node->is_table();
        auto url = hidden ? read_secret(daemon, "proxy", *node, secrets_) : daemon.text("proxy").value_or("");
        if (url.empty())
            return;
        auto checked = check_proxy(url);
        if (!checked)
            daemon.fault(node, "proxy " + checked.error().detail);
        else if (!hidden && url.find('@') != std::string::npos)
            daemon.fault(node,
                         "proxy: a user name or password does not stand in the settings; write proxy = { file = \"...\" } with the "
                         "whole URL in it");
        else
            made_.proxy = *checked;
    }

    void read_judgement(table_reader& top)
    {
        const auto* table = top.table("judgement");
        if (table == nullptr) {
            made_.words = shipped_rules();
            return;
        }
        auto judgement = top.inside(*table, "judgement");
        read_marks(judgement, made_);
        if (judgement.find("words") == nullptr)
            made_.words = shipped_rules();
        for_each_file(judgement, "words", [&](const document& file) {
            read_words({file.table, file.file, "", faults_}, made_.words);
        });
        judgement.finish();
    }

    std::string file_;
    bool secrets_;
    settings made_;
    fault_list faults_;
    std::list<document> documents_;   // readers point into them
    std::vector<std::string> files_;  // in the order of reading
    account_list accounts_;
    playbook_list playbooks_;
    receiver_list receivers_;
    signal_list signals_;
};

}  // namespace

loaded load(const std::string& file, std::span<const connector_room> rooms, bool secrets)
{
    try {
        return loader{file, rooms, secrets}.run();
    } catch (const std::exception& error) {
        loaded failed;
        failed.value.file = file;
        failed.faults.push_back({file, 0, 0, weight::error, std::string{"cannot be read: "} + error.what()});
        return failed;
    }
}

}  // namespace halfmast::settings
