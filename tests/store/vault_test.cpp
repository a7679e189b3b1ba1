// What the vault promises: nobody reads it without the key, one changed byte is found, and a secret that was acknowledged survives.
#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/store/vault.hpp"
#include "daemon/store/vault_files.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

const account_id acme{"acme"};
const account_id other{"acme-blog"};
const std::string token = "rt-0123456789-abcdefghijklmnop";

secret key_of(char letter) { return secret{std::string(store::vault_files::key_size, letter)}; }

std::string value_of(const result<std::optional<secret>>& found)
{
    if (!found)
        return "problem: " + found.error().detail;
    return *found ? (*found)->text() : "nothing";
}

std::string detail_of(const std::optional<problem>& wrong) { return wrong ? wrong->detail : "done"; }

unsigned mode_of(const std::string& path)
{
    struct stat known {};
    return ::stat(path.c_str(), &known) == 0 ? known.st_mode & 0777u : 0u;
}

// An account's part, asked to its end.
struct desk {
    asio::io_context context;
    store::vault kept;
    std::unique_ptr<vault_port> mine;

    explicit desk(const std::string& state_dir, char key = 'k')
        : kept(context.get_executor(), state_dir, key_of(key)),
          mine(kept.of(acme))
    {
    }
    std::string read(const std::string& name) { return value_of(run(context, mine->read(name))); }
    std::string write(const std::string& name, const std::string& value)
    {
        return detail_of(run(context, mine->write(name, secret{value})));
    }
};

}  // namespace

TEST_CASE("a secret comes back after a restart, and nobody else can read it", "[vault]")
{
    temporary_directory state;
    {
        desk first{state.path()};
        CHECK(first.mine->keeps());
        CHECK(first.read("oauth") == "nothing");
        CHECK_FALSE(fs::exists(state / "vault"));  // reading makes nothing
        CHECK(first.write("oauth", "older") == "done");
        CHECK(first.write("oauth", token) == "done");
        CHECK(first.write("session", "") == "done");
    }
    desk second{state.path()};
    CHECK(second.read("oauth") == token);
    CHECK(second.read("session").empty());
    CHECK(second.read("oauth2") == "nothing");
    CHECK(mode_of(state / "vault") == 0700);
    auto names = files_in(state / "vault");
    REQUIRE(names.size() == 2);
    for (const auto& name : names) {
        CHECK(mode_of(state / "vault" + "/" + name) == 0600);
        CHECK(read_file(state / "vault" + "/" + name).find("0123456789") == std::string::npos);
        CHECK(name.find("acme") != std::string::npos);  // a person sees whose it is
    }
}

TEST_CASE("the same secret is never sealed twice alike", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    auto before = read_file(files.path_of(acme, "oauth"));
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    CHECK(read_file(files.path_of(acme, "oauth")) != before);
}

TEST_CASE("an account sees no names but its own, whatever they are called", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    const std::vector<std::pair<account_id, std::string>> all{{acme, "b-c"},
                                                              {account_id{"acme-b"}, "c"},
                                                              {account_id{"acme"}, "b_c"},
                                                              {account_id{".."}, "x"},
                                                              {account_id{"árvíz"}, "x"},
                                                              {account_id{"arviz"}, "x"},
                                                              {account_id{std::string(128, 'a')}, "x"},
                                                              {account_id{std::string(127, 'a')}, "x"}};
    for (std::size_t i = 0; i < all.size(); ++i)
        REQUIRE_FALSE(files.write(all[i].first, all[i].second, secret{"value-" + std::to_string(i)}));
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(value_of(files.read(all[i].first, all[i].second)) == "value-" + std::to_string(i));
    CHECK(files_in(state / "vault").size() == all.size());
}

TEST_CASE("with another key nothing is read, nothing is overwritten, and others go on", "[vault]")
{
    temporary_directory state;
    store::vault_files before{state.path(), key_of('k')};
    REQUIRE_FALSE(before.write(acme, "oauth", secret{token}));
    auto bytes = read_file(before.path_of(acme, "oauth"));

    store::vault_files now{state.path(), key_of('l')};
    auto refused = now.read(acme, "oauth");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::local);
    CHECK(refused.error().detail == "the kept secret of acme: " + before.path_of(acme, "oauth")
                                        + " was written with another vault_key. Give [daemon] the former one again. If that cannot be had, move the"
                                          " file away and give the account a new credential. Nothing was overwritten");
    CHECK(detail_of(now.write(acme, "oauth", secret{"new"})) == refused.error().detail);
    CHECK(read_file(before.path_of(acme, "oauth")) == bytes);
    CHECK(detail_of(now.write(other, "oauth", secret{"new"})) == "done");
    CHECK(value_of(now.read(other, "oauth")) == "new");
    CHECK(value_of(before.read(acme, "oauth")) == token);
}

TEST_CASE("one changed byte is found, wherever it stands", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    auto path = files.path_of(acme, "oauth");
    auto bytes = read_file(path);
    REQUIRE(bytes.size() > 80);
    std::size_t missed = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at)
        for (char flip : {'\x01', '\x80', '\xff'}) {
            auto changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ flip);
            write_file(path, changed);
            auto seen = files.read(acme, "oauth");
            missed += seen.has_value() || seen.error().detail.find(path) == std::string::npos ? 1 : 0;
            missed += files.write(acme, "oauth", secret{"new"}) ? 0 : 1;
            missed += read_file(path) == changed ? 0 : 1;
        }
    CHECK(missed == 0);
    write_file(path, bytes);
    CHECK(value_of(files.read(acme, "oauth")) == token);
}

TEST_CASE("a file that was cut off, or that has more behind it, does not open", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    auto path = files.path_of(acme, "oauth");
    auto bytes = read_file(path);
    std::size_t missed = 0;
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        write_file(path, bytes.substr(0, length));
        missed += files.read(acme, "oauth").has_value() ? 1 : 0;
    }
    CHECK(missed == 0);
    write_file(path, bytes + "x");
    CHECK_FALSE(files.read(acme, "oauth").has_value());
    write_file(path, std::string(2u << 20, 'x'));
    CHECK_FALSE(files.read(acme, "oauth").has_value());
}

TEST_CASE("a file does not open in another one's place", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{"one"}));
    REQUIRE_FALSE(files.write(other, "oauth", secret{"two"}));
    REQUIRE_FALSE(files.write(acme, "session", secret{"three"}));
    SECTION("another account's") { fs::rename(files.path_of(other, "oauth"), files.path_of(acme, "oauth")); }
    SECTION("another name's") { fs::rename(files.path_of(acme, "session"), files.path_of(acme, "oauth")); }
    auto seen = files.read(acme, "oauth");
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().detail.find("another secret's") != std::string::npos);
}

TEST_CASE("what a killed process left half written is cleared away, and the secret before it stands", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    auto path = files.path_of(acme, "oauth");
    write_file(path + ".new-4711-1", read_file(path).substr(0, 40));
    write_file(state / "vault" + "/notes.txt", "a person's");
    {
        desk next{state.path()};
        CHECK(next.read("oauth") == token);
    }
    CHECK(files_in(state / "vault") == std::vector<std::string>{fs::path{path}.filename().string(), "notes.txt"});
}

TEST_CASE("a disk without room keeps what was there", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    REQUIRE_FALSE(files.write(acme, "oauth", secret{token}));
    rlimit usual{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
    auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small{16, usual.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    auto refused = files.write(acme, "oauth", secret{"new"});
    ::setrlimit(RLIMIT_FSIZE, &usual);
    std::signal(SIGXFSZ, handler);
    REQUIRE(refused.has_value());
    CHECK(refused->kind == failure::local);
    CHECK(refused->detail.starts_with("the new secret of acme cannot be kept: cannot write "));
    CHECK(value_of(files.read(acme, "oauth")) == token);
    CHECK(files_in(state / "vault").size() == 1);
}

TEST_CASE("a folder that cannot be made is a problem with its name", "[vault]")
{
    temporary_directory state;
    write_file(state / "vault", "not a folder");
    desk here{state.path()};
    auto told = here.write("oauth", token);
    CHECK(told.find(state / "vault") != std::string::npos);
    CHECK(told.find(token) == std::string::npos);
}

// The writer acknowledges each number once it is durable, and is killed in the middle of whatever it does next.
TEST_CASE("killed at any moment, the newest acknowledged secret or a newer one is there", "[vault]")
{
    temporary_directory state;
    store::vault_files files{state.path(), key_of('k')};
    int newest = 0;
    for (int kill = 1; kill <= 25; ++kill) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        auto child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            for (int number = newest + 1;; ++number) {
                if (files.write(acme, "oauth", secret{std::to_string(number)}))
                    ::_exit(1);
                if (::write(ends[1], &number, sizeof number) != sizeof number)
                    ::_exit(2);
            }
        }
        ::close(ends[1]);
        int acknowledged = newest;
        for (int count = 0; count < kill; ++count)
            REQUIRE(::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
        ::kill(child, SIGKILL);
        for (int more = 0; ::read(ends[0], &more, sizeof more) == sizeof more;)
            acknowledged = more;
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        auto found = value_of(files.read(acme, "oauth"));
        CAPTURE(kill, acknowledged, found);
        REQUIRE(found.find_first_not_of("0123456789") == std::string::npos);
        newest = std::stoi(found);
        CHECK((newest == acknowledged || newest == acknowledged + 1));
    }
    files.remove_halves();
    CHECK(files_in(state / "vault").size() == 1);
}

TEST_CASE("whoever stays is waited for", "[vault]")
{
    temporary_directory state;
    desk here{state.path()};
    int left = 0;
    auto first = here.mine->stay();
    auto second = here.mine->stay();
    here.kept.when_left([&] { ++left; });
    here.context.run();
    CHECK(left == 0);
    first.reset();
    here.context.restart();
    here.context.run();
    CHECK(left == 0);
    second.reset();
    here.context.restart();
    here.context.run();
    CHECK(left == 1);
    here.kept.when_left([&] { ++left; });
    here.context.restart();
    here.context.run();
    CHECK(left == 2);
}

TEST_CASE("without a key nothing is kept, and beside a daemon nothing is touched", "[vault]")
{
    asio::io_context context;
    store::no_vault none{"the settings name no vault_key"};
    CHECK_FALSE(none.keeps());
    CHECK(value_of(run(context, none.read("oauth"))) == "nothing");
    CHECK(detail_of(run(context, none.write("oauth", secret{token}))) == "the settings name no vault_key");
    store::locked_vault locked{"ask the daemon"};
    CHECK(locked.keeps());
    CHECK(value_of(run(context, locked.read("oauth"))) == "problem: ask the daemon");
    CHECK(detail_of(run(context, locked.write("oauth", secret{token}))) == "ask the daemon");
}
