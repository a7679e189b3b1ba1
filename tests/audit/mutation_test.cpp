// Somebody with SQLite, the files and patience against the verifier: whatever is changed behind the daemon's back is found, and a
// program in another language that shares no code agrees.
#include <cstdio>
#include <cstdlib>

#include <sys/wait.h>

#include "daemon/audit/export.hpp"
#include "daemon/audit/verify.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/audit/forger.hpp"
#include "tests/audit/records.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

// What the verifier says; "clean" when it finds nothing.
std::string findings(const std::string& state_dir, const std::optional<std::string>& elsewhere = {}, std::int64_t named = 0)
{
    auto found = audit::verify(state_dir, elsewhere);
    if (!found)
        return "problem: " + found.error().detail;
    if (found->clean())
        return "clean";
    for (const auto& one : found->faults)
        if (named == 0 || one.seq == named)
            return "found: " + one.what;
    return "found, but record " + std::to_string(named) + " is not named";
}

std::string python()
{
    static const std::string name = std::system("python3 -c 'import hashlib, json' >/dev/null 2>&1") == 0 ? "python3" : "";
    return name;
}

// Exports and runs tests/audit/verify.py; gives its exit code and what it said.
std::pair<int, std::string> ask_python(const std::string& state_dir, const std::string& elsewhere = {})
{
    auto export_file = state_dir + "/export.jsonl";
    {
        std::ofstream out(export_file, std::ios::binary);
        auto made = audit::export_jsonl(state_dir, out);
        REQUIRE(made.has_value());
    }
    auto command = python() + " " HALFMAST_SOURCE_DIR "/tests/audit/verify.py " + export_file + " " + elsewhere + " 2>&1";
    auto* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string said;
    char part[256];
    while (auto length = std::fread(part, 1, sizeof part, pipe))
        said.append(part, length);
    int status = ::pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, said};
}

// One run of Python for many exports: true when each is found wrong and a record is named. It prints the first that is not.
bool python_refuses_all(const std::vector<std::string>& exports)
{
    temporary_directory folder;
    for (std::size_t i = 0; i < exports.size(); ++i)
        write_file(folder / std::to_string(i), exports[i]);
    write_file(folder / "all.py", R"(
import contextlib, io, sys
folder, number, room = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.dont_write_bytecode = True
sys.path.insert(0, room)
import verify
for i in range(number):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main([f"{folder}/{i}"])
    if code != 1 or not ("record" in said.getvalue() or "signed head" in said.getvalue()):
        sys.exit(f"export {i} ended with {code}: {said.getvalue()}")
)");
    auto command = python() + " " + (folder / "all.py") + " " + folder.path() + " " + std::to_string(exports.size())
                   + " " HALFMAST_SOURCE_DIR "/tests/audit";
    return !exports.empty() && std::system(command.c_str()) == 0;
}

bool without_python()
{
    if (!python().empty())
        return false;
    WARN("skipped: there is no python3 on this machine, so the second verifier cannot be run");
    return true;
}

}  // namespace

TEST_CASE("a ledger nobody touched is clean", "[mutation]")
{
    const auto& made = shared();
    auto found = audit::verify(made.now, made.elsewhere);
    REQUIRE(found.has_value());
    CHECK(found->clean());
    CHECK(found->records == records);
    CHECK(found->blobs == records);
    CHECK(found->not_signed_yet == 0);
    REQUIRE(found->signed_head);
    CHECK(found->signed_head->seq == records);
    CHECK(found->signed_head->head == found->head);
    CHECK(findings(made.now, made.older + "/checkpoint.json") == "clean");
}

TEST_CASE("every change behind the daemon's back is found, and the record is named", "[mutation]")
{
    const auto& made = shared();
    constexpr unsigned rounds = 22;  // of each kind: 242 in all
    for (const auto& [name, forge] : forgeries())
        for (unsigned seed = 0; seed < rounds; ++seed) {
            made.take_copy(made.now);
            std::int64_t named = 0;
            {
                forger by{made.work, seed};
                named = forge(by);
            }
            INFO(name << ", round " << seed << ", record " << named);
            CHECK(findings(made.work, {}, named).starts_with("found: "));
        }
}

TEST_CASE("the verifier in Python agrees", "[mutation]")
{
    if (without_python())
        return;
    const auto& made = shared();
    made.take_copy(made.now);
    auto [clean, sentence] = ask_python(made.work, made.elsewhere);
    INFO(sentence);
    CHECK(clean == 0);
    CHECK(sentence.starts_with("40 records hold, 40 of them signed at "));
    std::vector<std::string> forged;
    for (const auto& [name, forge] : forgeries()) {
        if (name == "make a column another kind")
            continue;  // SQLite's own business: the export has the same bytes
        for (unsigned seed = 100; seed < 105; ++seed) {
            made.take_copy(made.now);
            {
                forger by{made.work, seed};
                forge(by);
            }
            std::ostringstream out;
            REQUIRE(audit::export_jsonl(made.work, out).has_value());
            forged.push_back(out.str());
        }
    }
    CHECK(python_refuses_all(forged));
}

TEST_CASE("one changed byte of an export is found by the verifier in Python", "[mutation]")
{
    if (without_python())
        return;
    const auto& made = shared();
    made.take_copy(made.now);
    std::ostringstream out;
    REQUIRE(audit::export_jsonl(made.work, out).has_value());
    auto whole = out.str();
    std::mt19937 random{5};
    std::vector<std::string> variants;
    for (int i = 0; i < 200; ++i) {
        variants.push_back(whole);
        variants.back()[random() % whole.size()] ^= static_cast<char>(1 << random() % 8);
    }
    CHECK(python_refuses_all(variants));
}

TEST_CASE("a ledger brought back from an older copy is found with a signed head kept elsewhere", "[mutation]")
{
    const auto& made = shared();
    made.take_copy(made.older);
    CHECK(findings(made.work) == "clean");
    CHECK(findings(made.work, made.elsewhere)
          == "found: records 26 to 40 were cut off: " + made.elsewhere + ", signed at "
                 + audit::parse_checkpoint(read_file(made.elsewhere))->at + ", covers record 40");
    if (without_python())
        return;
    CHECK(ask_python(made.work).first == 0);
    CHECK(ask_python(made.work, made.elsewhere).first == 1);
}

TEST_CASE("a ledger written anew is found with a signed head kept elsewhere, whoever signs", "[mutation]")
{
    const auto& made = shared();
    bool new_key = GENERATE(false, true);
    made.take_copy(made.now);
    if (new_key)
        for (const char* name : {"/ledger.key", "/ledger.pub"})
            fs::remove(made.work + name);
    auto key = audit::signing_key::open(made.work);
    REQUIRE(key.has_value());
    {
        forger by{made.work, 11};
        by.set(17, "payload", R"({"actor":"nobody","at":"2026-03-01T14:30:00Z","kind":"post_kept"})");
        by.chain_anew(17, *key);
    }
    CHECK(findings(made.work) == "clean");  // nothing inside the directory can tell; hence the copy elsewhere
    CHECK(findings(made.work, made.elsewhere).starts_with("found: "));
    CHECK(findings(made.work, made.elsewhere, records).find("the ledger was written anew") != std::string::npos);
    if (!without_python())
        CHECK(ask_python(made.work, made.elsewhere).first == 1);
}

TEST_CASE("a changed or missing blob is found", "[mutation]")
{
    const auto& made = shared();
    made.take_copy(made.now);
    auto name = store::blobs_of(planned_hold(9)).front().sha256;
    SECTION("changed")
    {
        raw_database{made.work + "/ledger.db"}.run("UPDATE blob SET bytes = x'00' WHERE sha256 = '" + name + "'");
        CHECK(findings(made.work).starts_with("found: blob " + name + " was changed"));
    }
    SECTION("missing")
    {
        raw_database{made.work + "/ledger.db"}.run("DELETE FROM blob WHERE sha256 = '" + name + "'");
        CHECK(findings(made.work, {}, 9) == "found: record 9 names blob " + name + ", which is missing");
    }
}

TEST_CASE("a signed head that was changed, swapped or removed is found", "[mutation]")
{
    const auto& made = shared();
    made.take_copy(made.now);
    auto path = made.work + "/checkpoint.json";
    auto head = *audit::parse_checkpoint(read_file(path));
    SECTION("another number")
    {
        --head.seq;
        write_file(path, audit::to_json(head));
        CHECK(findings(made.work) == "found: checkpoint.json: the signature does not hold, so it was changed after it was signed");
    }
    SECTION("by another key")
    {
        fs::create_directory(made.work + "/other");
        auto key = audit::signing_key::open(made.work + "/other");
        REQUIRE(key.has_value());
        write_file(path, audit::to_json(key->sign(head.seq, head.at, head.head)));
        CHECK(findings(made.work).find("was signed by another key") != std::string::npos);
    }
    SECTION("removed, or no JSON any more")
    {
        fs::remove(path);
        CHECK(findings(made.work).starts_with("found: the signed head is missing or spoilt"));
        write_file(path, "{");
        CHECK(findings(made.work).starts_with("found: the signed head is missing or spoilt"));
    }
}

TEST_CASE("a flipped byte anywhere in the file is found, or changed no record", "[mutation]")
{
    const auto& made = shared();
    auto original = [](const std::string& state_dir) {
        std::ostringstream out;
        return audit::export_jsonl(state_dir, out).has_value() ? out.str() : std::string{};
    };
    auto whole = original(made.now);
    auto bytes = read_file(made.now + "/ledger.db");
    std::mt19937 random{9};
    int found = 0;
    for (int i = 0; i < 150; ++i) {
        made.take_copy(made.now);
        auto changed = bytes;
        auto place = random() % changed.size();
        changed[place] ^= static_cast<char>(1 << random() % 8);
        write_file(made.work + "/ledger.db", changed);
        auto said = findings(made.work);
        INFO("byte " << place << ": " << said);
        if (said == "clean")
            CHECK(original(made.work) == whole);
        else
            ++found;
    }
    CHECK(found > 50);
}

TEST_CASE("verification works beside a running daemon", "[mutation]")
{
    temporary_directory state;
    asio::io_context context;
    auto ledger = store::sqlite_ledger::open(context.get_executor(), state.path());
    REQUIRE(ledger.has_value());
    for (std::int64_t number = 1; number <= 30; ++number) {
        ledger_batch batch;
        auto record = planned_hold(number);
        batch.entries.push_back(store::encode(record));
        batch.blobs = store::blobs_of(record);
        REQUIRE(run(context, (*ledger)->append(std::move(batch))).has_value());
        auto found = audit::verify(state.path());
        REQUIRE(found.has_value());
        REQUIRE(found->clean());
        REQUIRE(found->records == number);
    }
}
