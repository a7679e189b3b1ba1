// Somebody with SQLite, the files and patience against the verifier: whatever is changed behind the daemon's back is found, and a
// program in another language that shares no code agrees.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include <sys/wait.h>

#include "daemon/audit/export.hpp"
#include "daemon/audit/verify.hpp"
#include "daemon/store/codec.hpp"
#include "daemon/store/sqlite_ledger.hpp"
#include "tests/store/support.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

constexpr std::int64_t records = 40;  // in the ledger
constexpr std::int64_t earlier = 25;  // in the older copy

audit_record planned(std::int64_t number)
{
    scheduled_post post;
    post.id = post_id{std::to_string(number)};
    post.text = "20% off, скидка, 大减价";
    post.raw = std::make_shared<const std::string>("{\"id\":" + post.id.value + "}");
    audit_record record{record_kind::hold_planned, time_point{seconds{1'772'375'400 + number}}};
    record.account = account_id{"acme-blog"};
    record.crisis = crisis_id{"c-1"};
    record.post = post.id;
    record.snapshot = std::make_shared<const scheduled_post>(std::move(post));
    return record;
}

void append(const std::string& state_dir, std::int64_t from, std::int64_t to)
{
    asio::io_context context;
    auto ledger = store::sqlite_ledger::open(context.get_executor(), state_dir);
    REQUIRE(ledger.has_value());
    for (auto number = from; number <= to; ++number) {
        ledger_batch batch;
        auto record = planned(number);
        batch.entries.push_back(store::encode(record));
        batch.blobs = store::blobs_of(record);
        REQUIRE(run(context, (*ledger)->append(std::move(batch))).has_value());
    }
}

// A ledger, an older copy of it, and a signed head that was kept at another place.
struct evidence {
    temporary_directory root;
    std::string now = root / "now";
    std::string older = root / "older";
    std::string elsewhere = root / "kept-elsewhere.json";
    std::string work = root / "work";

    evidence()
    {
        append(now, 1, earlier);
        fs::copy(now, older);
        append(now, earlier + 1, records);
        fs::copy_file(now + "/checkpoint.json", elsewhere);
    }

    void take_copy(const std::string& of) const
    {
        fs::remove_all(work);
        fs::copy(of, work);
    }
};

const evidence& shared()
{
    static const evidence made;
    return made;
}

std::string hex(const std::string& bytes) { return audit::to_hex(std::string_view{bytes}); }

std::string unhex(const std::string& text)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

class forger {
public:
    forger(const std::string& state_dir, unsigned seed) : state_dir_(state_dir), file_(state_dir + "/ledger.db"), random_(seed)
    {
        file_.run("PRAGMA synchronous=OFF");
    }

    std::int64_t pick(std::int64_t from, std::int64_t to) { return std::uniform_int_distribution<std::int64_t>{from, to}(random_); }

    std::string column(std::int64_t seq, const std::string& name)
    {
        return unhex(file_.ask("SELECT hex(" + name + ") FROM ledger WHERE seq = " + std::to_string(seq)));
    }
    void set(std::int64_t seq, const std::string& name, const std::string& bytes)
    {
        bool text = name == "at" || name == "payload";
        auto value = "x'" + hex(bytes) + "'";
        file_.run("UPDATE ledger SET " + name + " = " + (text ? "CAST(" + value + " AS TEXT)" : value)
                  + " WHERE seq = " + std::to_string(seq));
    }
    void flip(std::int64_t seq, const std::string& name)
    {
        auto bytes = column(seq, name);
        bytes[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(bytes.size()) - 1))] ^= static_cast<char>(1 << pick(0, 6));
        set(seq, name, bytes);
    }
    void renumber(std::int64_t from, std::int64_t by)
    {
        // Through negative numbers, for no two rows may have the same one on the way.
        file_.run("UPDATE ledger SET seq = -seq WHERE seq >= " + std::to_string(from));
        file_.run("UPDATE ledger SET seq = -seq + " + std::to_string(by) + " WHERE seq < 0");
    }
    void run(const std::string& sql) { file_.run(sql); }

    // Writes the hashes anew from a record on, and signs.
    void chain_anew(std::int64_t from, const audit::signing_key& key)
    {
        auto last = std::stoll(file_.ask("SELECT max(seq) FROM ledger"));
        audit::digest prev = audit::genesis();
        if (from > 1) {
            auto stored = column(from - 1, "hash");
            std::copy(stored.begin(), stored.end(), prev.begin());
        }
        for (auto seq = from; seq <= last; ++seq) {
            auto hash = audit::chain_hash(seq, column(seq, "at"), column(seq, "payload"), prev);
            set(seq, "prev", std::string(prev.begin(), prev.end()));
            set(seq, "hash", std::string(hash.begin(), hash.end()));
            prev = hash;
        }
        write_file(state_dir_ + "/checkpoint.json", audit::to_json(key.sign(last, "2026-03-02T00:00:00Z", prev)) + "\n");
    }

private:
    std::string state_dir_;
    raw_database file_;
    std::mt19937 random_;
};

// Gives the record that has to be named; 0 when any fault will do.
using forgery = std::function<std::int64_t(forger&)>;

std::int64_t flip_one(forger& by, const std::string& column)
{
    auto seq = by.pick(1, records);
    by.flip(seq, column);
    return seq;
}

const std::vector<std::pair<std::string, forgery>>& forgeries()
{
    static const std::vector<std::pair<std::string, forgery>> all{
        {"flip at", [](forger& by) { return flip_one(by, "at"); }},
        {"flip payload", [](forger& by) { return flip_one(by, "payload"); }},
        {"flip prev", [](forger& by) { return flip_one(by, "prev"); }},
        {"flip hash", [](forger& by) { return flip_one(by, "hash"); }},
        {"delete a row",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("DELETE FROM ledger WHERE seq = " + std::to_string(seq));
             return seq;
         }},
        {"delete a row and close the gap",
         [](forger& by) {
             auto seq = by.pick(1, records - 1);
             by.run("DELETE FROM ledger WHERE seq = " + std::to_string(seq));
             by.renumber(seq + 1, -1);
             return seq;
         }},
        {"swap two",
         [](forger& by) {
             auto seq = by.pick(1, records - 1);
             auto first = std::to_string(seq);
             auto second = std::to_string(seq + 1);
             by.run("UPDATE ledger SET seq = 0 WHERE seq = " + first);
             by.run("UPDATE ledger SET seq = " + first + " WHERE seq = " + second);
             by.run("UPDATE ledger SET seq = " + second + " WHERE seq = 0");
             return seq;
         }},
        {"swap two contents and mend their hashes",
         [](forger& by) {
             auto seq = by.pick(1, records - 2);
             auto mine = by.column(seq, "payload");
             by.set(seq, "payload", by.column(seq + 1, "payload"));
             by.set(seq + 1, "payload", mine);
             auto prev = audit::genesis();
             auto stored = by.column(seq, "prev");
             std::copy(stored.begin(), stored.end(), prev.begin());
             for (auto at = seq; at <= seq + 1; ++at) {
                 auto hash = audit::chain_hash(at, by.column(at, "at"), by.column(at, "payload"), prev);
                 by.set(at, "prev", std::string(prev.begin(), prev.end()));
                 by.set(at, "hash", std::string(hash.begin(), hash.end()));
                 prev = hash;
             }
             return seq + 2;
         }},
        {"insert a copy",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.renumber(seq + 1, 1);
             auto from = std::to_string(seq);
             by.run("INSERT INTO ledger SELECT seq + 1, at, payload, prev, hash FROM ledger WHERE seq = " + from);
             return seq + 1;
         }},
        {"cut the tail",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("DELETE FROM ledger WHERE seq >= " + std::to_string(seq));
             return seq;
         }},
        {"make a column another kind",
         [](forger& by) {
             auto seq = by.pick(1, records);
             by.run("UPDATE ledger SET payload = CAST(payload AS BLOB) WHERE seq = " + std::to_string(seq));
             return seq;
         }},
    };
    return all;
}

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
    auto name = store::blobs_of(planned(9)).front().sha256;
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
        auto record = planned(number);
        batch.entries.push_back(store::encode(record));
        batch.blobs = store::blobs_of(record);
        REQUIRE(run(context, (*ledger)->append(std::move(batch))).has_value());
        auto found = audit::verify(state.path());
        REQUIRE(found.has_value());
        REQUIRE(found->clean());
        REQUIRE(found->records == number);
    }
}
