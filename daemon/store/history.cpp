#include "daemon/store/history.hpp"

#include <algorithm>

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "daemon/core/decide.hpp"
#include "daemon/store/codec.hpp"

namespace halfmast::store {

namespace {

constexpr std::int64_t snapshot_step =
    2'000;  // records behind a snapshot that are worth a new one: a start folds them in some ten milliseconds
constexpr int index_step = 5'000;  // records indexed at once: some milliseconds, so that nobody waits long behind it

// Takes three members of the outermost object. Keys are sorted, so nothing behind "post" has to be read: not the post's text,
// not the snapshot.
class target_reader final : public nlohmann::json_sax<nlohmann::json> {
public:
    std::string account, crisis, post;

    bool string(std::string& value) override
    {
        if (depth_ == 1 && wanted_ != nullptr)
            *wanted_ = std::move(value);
        return true;
    }
    bool key(std::string& name) override
    {
        if (depth_ != 1)
            return true;
        wanted_ = name == "account" ? &account : name == "crisis" ? &crisis : name == "post" ? &post : nullptr;
        return name <= "post";
    }
    bool start_object(std::size_t) override { return ++depth_ > 0; }
    bool end_object() override { return --depth_ >= 0; }
    bool start_array(std::size_t) override { return ++depth_ > 0; }
    bool end_array() override { return --depth_ >= 0; }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    int depth_ = 0;
    std::string* wanted_ = nullptr;
};

stored_entry entry_of(const statement& row)
{
    return {row.number_at(0), std::string{row.bytes_at(1)}, std::string{row.bytes_at(2)}};
}

}  // namespace

std::vector<std::string> targets_of(std::string_view payload)
{
    target_reader reader;
    nlohmann::json::sax_parse(payload, &reader);
    std::vector<std::string> targets;
    if (!reader.post.empty())
        targets.push_back(display_id(account_id{reader.account}, post_id{std::move(reader.post)}));
    if (!reader.crisis.empty())
        targets.push_back(std::move(reader.crisis));
    if (!reader.account.empty())
        targets.push_back(std::move(reader.account));
    return targets;
}

result<std::unique_ptr<history>> history::open(const std::string& state_dir)
{
    auto ledger = connection::open(state_dir + "/ledger.db", SQLITE_OPEN_READWRITE);
    if (!ledger)
        return ledger.error();
    if (ledger->run("PRAGMA query_only=ON; PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF") != SQLITE_OK)
        return ledger->trouble();
    return std::unique_ptr<history>{new history(state_dir, std::move(*ledger))};
}

result<std::shared_ptr<const std::string>> history::blob(const std::string& sha256)
{
    auto query = ledger_.prepare("SELECT bytes FROM blob WHERE sha256 = ?1");
    if (!query)
        return query.error();
    query->text(1, sha256);
    int code = query->step();
    if (code == SQLITE_ROW)
        return std::make_shared<const std::string>(query->bytes_at(0));
    if (code == SQLITE_DONE)
        return problem{failure::not_found, "the ledger has no bytes under the name " + sha256, {}};
    return ledger_.trouble();
}

result<std::int64_t> history::replay(const std::function<result<void>(const stored_entry&)>& each, std::int64_t after)
{
    auto rows = ledger_.prepare("SELECT seq, at, payload FROM ledger WHERE seq > ?1 ORDER BY seq");
    if (!rows)
        return rows.error();
    rows->number(1, after);
    std::int64_t last = after;
    int code = SQLITE_ROW;
    stored_entry entry;
    while ((code = rows->step()) == SQLITE_ROW) {
        entry.seq = rows->number_at(0);
        entry.at.assign(rows->bytes_at(1));
        entry.payload.assign(rows->bytes_at(2));
        if (auto taken = each(entry); !taken)
            return taken.error();
        last = entry.seq;
    }
    if (code != SQLITE_DONE)
        return ledger_.trouble();
    return last;
}

// The record's hash as stored; empty when there is no such record.
std::string history::hash_of(std::int64_t seq)
{
    auto query = ledger_.prepare("SELECT hash FROM ledger WHERE seq = ?1");
    if (!query)
        return {};
    query->number(1, seq);
    return query->step() == SQLITE_ROW ? std::string{query->bytes_at(0)} : std::string{};
}

result<std::optional<snapshot>> history::fold(const std::function<bool()>& stop)
{
    snapshot folded;
    if (auto kept = read_snapshot(state_dir_); kept && kept->seq > 0 && kept->hash == hash_of(kept->seq))
        folded = std::move(*kept);
    bool stopped = false;
    auto read = replay(
        [&](const stored_entry& entry) -> result<void> {
            stopped = stop && entry.seq % 256 == 0 && stop();
            if (stopped)
                return problem{failure::local, "interrupted", {}};
            auto record = decode(entry.payload);
            if (!record)
                return problem{
                    failure::local, "ledger record " + std::to_string(entry.seq) + " cannot be read: " + record.error().detail, {}};
            apply(folded.known, *record);
            return {};
        },
        folded.seq);
    if (stopped)
        return std::optional<snapshot>{};
    if (!read)
        return read.error();
    folded.seq = *read;
    folded.hash = hash_of(folded.seq);
    return std::optional<snapshot>{std::move(folded)};
}

void history::renew_snapshot(const std::function<bool()>& stop)
{
    auto covered = snapshot_seq(state_dir_);
    if (hash_of(covered).empty())
        covered = 0;  // none, or one of a ledger that went further than this one
    auto last = ledger_.prepare("SELECT max(seq) FROM ledger");
    if (!last || last->step() != SQLITE_ROW || last->number_at(0) - covered < snapshot_step)
        return;
    last->reset();
    // Without it the next start takes longer; nothing else is lost.
    if (auto folded = fold(stop); folded && *folded)
        (void)write_snapshot(state_dir_, **folded);
}

result<std::vector<stored_entry>> history::find(const std::string& target, std::int64_t before, int limit)
{
    limit = std::max(limit, 0);
    if (before <= 0)
        before = INT64_MAX;
    if (target.empty() || !open_index())
        return find_by_scan(target, before, limit);
    auto found = find_by_index(target, before, limit);
    if (found)
        return found;
    throw_index_away();
    return find_by_scan(target, before, limit);
}

result<std::vector<stored_entry>> history::find_by_index(const std::string& target, std::int64_t before, int limit)
{
    auto places = index_.prepare("SELECT seq FROM named WHERE target = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3");
    auto record = ledger_.prepare("SELECT seq, at, payload FROM ledger WHERE seq = ?1");
    if (!places || !record)
        return places ? record.error() : places.error();
    places->text(1, target);
    places->number(2, before);
    places->number(3, limit);
    std::vector<stored_entry> found;
    int code = SQLITE_ROW;
    while ((code = places->step()) == SQLITE_ROW) {
        record->number(1, places->number_at(0));
        if (record->step() == SQLITE_ROW)
            found.push_back(entry_of(*record));
        record->reset();
    }
    if (code != SQLITE_DONE)
        return index_.trouble();
    return found;
}

result<std::vector<stored_entry>> history::find_by_scan(const std::string& target, std::int64_t before, int limit)
{
    auto rows = ledger_.prepare("SELECT seq, at, payload FROM ledger WHERE seq < ?1 ORDER BY seq DESC");
    if (!rows)
        return rows.error();
    rows->number(1, before);
    std::vector<stored_entry> found;
    int code = SQLITE_DONE;
    while (found.size() < static_cast<std::size_t>(limit) && (code = rows->step()) == SQLITE_ROW)
        if (target.empty() || std::ranges::count(targets_of(rows->bytes_at(2)), target) > 0)
            found.push_back(entry_of(*rows));
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        return ledger_.trouble();
    return found;
}

bool history::open_index()
{
    if (index_.get() != nullptr)
        return true;
    // Twice: a broken one, or one of another ledger, is made anew.
    for (int turn = 0; turn < 2; ++turn) {
        auto opened = connection::open(state_dir_ + "/index.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!opened)
            return false;
        index_ = std::move(*opened);
        constexpr auto setup =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF;"
            "PRAGMA journal_size_limit=16777216;"
            "CREATE TABLE IF NOT EXISTS named(target TEXT, seq INTEGER, PRIMARY KEY(target, seq)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS upto(one INTEGER PRIMARY KEY, seq INTEGER, hash BLOB)";
        if (index_.run(setup) == SQLITE_OK && belongs_to_ledger())
            if (auto row = index_.prepare("INSERT OR IGNORE INTO named(target, seq) VALUES(?1, ?2)")) {
                index_row_ = std::move(*row);
                return true;
            }
        throw_index_away();
    }
    return false;
}

// The last indexed record must be the ledger's own: an older copy put back has other records under the same numbers.
bool history::belongs_to_ledger()
{
    indexed_ = 0;
    auto mark = index_.prepare("SELECT seq, hash FROM upto");
    auto record = ledger_.prepare("SELECT hash FROM ledger WHERE seq = ?1");
    if (!mark || !record)
        return false;
    int code = mark->step();
    if (code == SQLITE_DONE)
        return true;
    if (code != SQLITE_ROW)
        return false;
    record->number(1, mark->number_at(0));
    if (record->step() != SQLITE_ROW || record->bytes_at(0) != mark->bytes_at(1))
        return false;
    indexed_ = mark->number_at(0);
    return true;
}

bool history::index_more()
{
    if (!open_index())
        return false;
    auto rows = ledger_.prepare("SELECT seq, payload, hash FROM ledger WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    auto mark = index_.prepare("INSERT OR REPLACE INTO upto(one, seq, hash) VALUES(1, ?1, ?2)");
    if (!rows || !mark)
        return false;
    rows->number(1, indexed_);
    rows->number(2, index_step);
    auto last = indexed_;
    std::string hash;
    int count = 0;
    int code = index_.run("BEGIN IMMEDIATE");
    if (code == SQLITE_OK)
        code = index_rows(*rows, last, hash, count);
    if (code == SQLITE_OK && count > 0) {
        mark->number(1, last);
        mark->bytes(2, hash);
        code = mark->run();
    }
    if (code == SQLITE_OK)
        code = index_.run("COMMIT");
    if (code != SQLITE_OK) {
        // Without room for it, the search looks at every record until the next time.
        mark->reset();
        throw_index_away();
        return false;
    }
    indexed_ = last;
    return count == index_step;
}

int history::index_rows(statement& rows, std::int64_t& last, std::string& hash, int& count)
{
    int code = SQLITE_ROW;
    while ((code = rows.step()) == SQLITE_ROW) {
        last = rows.number_at(0);
        ++count;
        for (const auto& target : targets_of(rows.bytes_at(1))) {
            index_row_.text(1, target);
            index_row_.number(2, last);
            if (int put = index_row_.run(); put != SQLITE_OK)
                return put;
        }
        hash.assign(rows.bytes_at(2));
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

void history::throw_index_away()
{
    index_row_ = {};
    index_ = {};
    indexed_ = 0;
    for (const char* ending : {"", "-wal", "-shm"})
        ::unlink((state_dir_ + "/index.db" + ending).c_str());
}

}  // namespace halfmast::store
