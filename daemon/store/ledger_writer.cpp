#include "daemon/store/ledger_writer.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <sys/stat.h>

#include "daemon/audit/files.hpp"

namespace halfmast::store {

namespace {

constexpr std::size_t most_blob = 512u << 20;  // SQLite's own limit is 1 GB; a post's media is far below

problem refuse(const std::string& state_dir, std::string what)
{
    return problem{failure::local,
                   state_dir + ": " + std::move(what) + ". 'halfmast audit verify --state-dir " + state_dir +
                       "' lists what is wrong. Put ledger.db, ledger.key, ledger.pub and checkpoint.json back from one copy, or move the"
                       " directory away (keep it as evidence) to begin a new ledger",
                   {}};
}

bool to_digest(std::string_view bytes, audit::digest& into)
{
    if (bytes.size() != into.size())
        return false;
    std::copy(bytes.begin(), bytes.end(), into.begin());
    return true;
}

std::string now_utc() { return format_utc(std::chrono::floor<milliseconds>(std::chrono::system_clock::now())); }

bool has_content(const std::string& path)
{
    struct stat known {};
    return ::stat(path.c_str(), &known) == 0 && known.st_size > 0;
}

// A blob under a wrong name would be found by every later verification, so it never gets in.
std::string fault_of(const ledger_batch& batch)
{
    for (const auto& blob : batch.blobs) {
        if (!blob.bytes)
            return "blob " + blob.sha256 + " has no bytes";
        if (blob.bytes->size() > most_blob)
            return "blob " + blob.sha256 + " has " + std::to_string(blob.bytes->size()) + " bytes, more than the ledger takes";
        if (audit::to_hex(audit::sha256(*blob.bytes)) != blob.sha256)
            return "blob " + blob.sha256 + " has bytes with another SHA-256";
    }
    return {};
}

}  // namespace

ledger_writer::ledger_writer(std::string state_dir, audit::signing_key key, connection database)
    : state_dir_(std::move(state_dir)),
      key_(std::move(key)),
      database_(std::move(database))
{
}

result<std::unique_ptr<ledger_writer>> ledger_writer::open(const std::string& state_dir)
{
    if (auto made = ensure_directory(state_dir, 0750); !made)
        return made.error();
    auto path = state_dir + "/ledger.db";
    // The key is made before the file, so a file without a key is no first start.
    if (has_content(path) && !has_content(state_dir + "/ledger.key"))
        return refuse(state_dir, "there is a ledger but ledger.key is missing, so nothing could be signed as before");
    auto key = audit::signing_key::open(state_dir);
    if (!key)
        return key.error();
    auto database = connection::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (!database)
        return database.error();
    std::unique_ptr<ledger_writer> made{new ledger_writer(state_dir, std::move(*key), std::move(*database))};
    if (auto ready = made->prepare(); !ready)
        return ready.error();
    if (auto sound = made->check_head(); !sound)
        return sound.error();
    if (!made->is_signed())
        if (auto done = made->sign(); !done)
            return done.error();
    if (auto durable = audit::sync_directory(state_dir); !durable)
        return durable.error();
    return made;
}

result<void> ledger_writer::prepare()
{
    // Large pages, of which a group of records fills few: each costs two writes, and one read when all are verified. A larger log
    // than SQLite's default: moving it into the file costs an fsync of its own, which should be rare. Little cache: only the end
    // of the table is written, and read by nobody here.
    constexpr auto setup =
        "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
        "PRAGMA journal_size_limit=33554432; PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF;"
        "CREATE TABLE IF NOT EXISTS ledger(seq INTEGER PRIMARY KEY, at TEXT, payload TEXT, prev BLOB, hash BLOB);"
        "CREATE TABLE IF NOT EXISTS blob(sha256 TEXT PRIMARY KEY, bytes BLOB);";
    if (database_.run(setup) != SQLITE_OK)
        return database_.trouble();
    auto entry = database_.prepare("INSERT INTO ledger(seq, at, payload, prev, hash) VALUES(?1, ?2, ?3, ?4, ?5)");
    auto blob = database_.prepare("INSERT OR IGNORE INTO blob(sha256, bytes) VALUES(?1, ?2)");
    auto tail = database_.prepare("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1");
    if (!entry || !blob || !tail)
        return database_.trouble();
    insert_entry_ = std::move(*entry);
    insert_blob_ = std::move(*blob);
    int code = tail->step();
    if (code == SQLITE_ROW) {
        seq_ = tail->number_at(0);
        if (!to_digest(tail->bytes_at(1), head_))
            return refuse(state_dir_, "ledger.db: record " + std::to_string(seq_) + " has no hash");
    } else if (code != SQLITE_DONE) {
        return database_.trouble();
    }
    return {};
}

// The signed head says how far the chain went and with which hash: less or other than that was not our doing.
result<void> ledger_writer::check_head()
{
    auto text = audit::read_file(state_dir_ + "/checkpoint.json");
    if (!text) {
        if (text.error().kind != failure::not_found)
            return text.error();
        if (seq_ == 0)
            return {};  // the first start
        return refuse(state_dir_, "ledger.db has " + std::to_string(seq_) + " records but checkpoint.json is missing");
    }
    auto head = audit::parse_checkpoint(*text);
    if (!head)
        return refuse(state_dir_, "checkpoint.json: " + head.error().detail);
    if (!audit::signature_holds(*head))
        return refuse(state_dir_, "checkpoint.json was changed: its signature does not hold");
    if (head->public_key != key_.public_hex())
        return refuse(state_dir_, "checkpoint.json was signed by another key than ledger.key");
    if (seq_ < head->seq)
        return refuse(state_dir_, "ledger.db ends with record " + std::to_string(seq_) + ", but checkpoint.json, signed at "
                                      + head->at + ", covers record " + std::to_string(head->seq) + ": "
                                      + std::to_string(head->seq - seq_) + " records were cut off");
    if (auto same = check_signed_record(*head); !same)
        return same;
    if (auto sound = check_unsigned_tail(*head); !sound)
        return sound;
    signed_seq_ = head->seq;
    return {};
}

result<void> ledger_writer::check_signed_record(const audit::checkpoint& head)
{
    if (head.seq == 0)
        return {};
    auto query = database_.prepare("SELECT at, payload, prev, hash FROM ledger WHERE seq = ?1");
    if (!query)
        return query.error();
    query->number(1, head.seq);
    audit::digest prev;
    if (query->step() != SQLITE_ROW || query->bytes_at(3) != audit::view(head.head))
        return refuse(state_dir_,
                      "ledger.db: record " + std::to_string(head.seq) + " is not the one that was signed at " + head.at);
    if (!to_digest(query->bytes_at(2), prev)
        || audit::chain_hash(head.seq, query->bytes_at(0), query->bytes_at(1), prev) != head.head)
        return refuse(state_dir_,
                      "ledger.db: record " + std::to_string(head.seq) + " was changed: its hash is not that of its content");
    return {};
}

// Records behind the signed head: the daemon ended between a commit and the next signature. They must continue the chain.
result<void> ledger_writer::check_unsigned_tail(const audit::checkpoint& head)
{
    auto query = database_.prepare("SELECT seq, at, payload, prev, hash FROM ledger WHERE seq > ?1 ORDER BY seq");
    if (!query)
        return query.error();
    query->number(1, head.seq);
    auto seq = head.seq;
    auto hash = head.head;
    int code = SQLITE_ROW;
    while ((code = query->step()) == SQLITE_ROW) {
        auto real = audit::chain_hash(query->number_at(0), query->bytes_at(1), query->bytes_at(2), hash);
        if (query->number_at(0) != ++seq || query->bytes_at(3) != audit::view(hash) || query->bytes_at(4) != audit::view(real))
            return refuse(state_dir_, "ledger.db: record " + std::to_string(query->number_at(0)) + " does not continue the chain");
        hash = real;
    }
    if (code != SQLITE_DONE)
        return database_.trouble();
    return {};
}

std::vector<result<std::int64_t>> ledger_writer::commit(const std::vector<const ledger_batch*>& group)
{
    std::vector<result<std::int64_t>> answers;
    std::vector<const ledger_batch*> good;
    std::vector<std::size_t> places;
    for (const auto* batch : group) {
        auto fault = fault_of(*batch);
        if (fault.empty()) {
            good.push_back(batch);
            places.push_back(answers.size());
            answers.emplace_back(std::int64_t{0});
        } else {
            answers.emplace_back(problem{failure::local, "ledger: " + fault, {}});
        }
    }
    std::vector<result<std::int64_t>> made;
    auto done = commit_together(good, made);
    if (!done && no_room_ && good.size() > 1) {
        for (const auto* batch : good) {
            std::vector<result<std::int64_t>> one;
            auto alone = commit_together({batch}, one);
            made.push_back(alone ? one.front() : result<std::int64_t>{alone.error()});
        }
    } else if (!done) {
        made.assign(good.size(), result<std::int64_t>{done.error()});
    }
    for (std::size_t i = 0; i < places.size(); ++i)
        answers[places[i]] = std::move(made[i]);
    return answers;
}

result<std::int64_t> ledger_writer::commit_together(const std::vector<const ledger_batch*>& group,
                                                    std::vector<result<std::int64_t>>& answers)
{
    auto seq = seq_;
    auto head = head_;
    bool empty = std::ranges::all_of(group, [](const auto* batch) { return batch->entries.empty() && batch->blobs.empty(); });
    int code = empty ? SQLITE_OK : database_.run("BEGIN IMMEDIATE");
    for (const auto* batch : group) {
        if (code != SQLITE_OK)
            break;
        code = insert(*batch, seq, head);
        answers.emplace_back(seq);
    }
    if (code == SQLITE_OK && !empty)
        code = database_.run("COMMIT");
    if (code != SQLITE_OK) {
        auto trouble = database_.trouble();
        no_room_ = (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR;
        if (sqlite3_get_autocommit(database_.get()) == 0)
            database_.run("ROLLBACK");
        answers.clear();
        return trouble;
    }
    seq_ = seq;
    head_ = head;
    return seq;
}

int ledger_writer::insert(const ledger_batch& batch, std::int64_t& seq, audit::digest& head)
{
    for (const auto& blob : batch.blobs) {
        insert_blob_.text(1, blob.sha256);
        insert_blob_.bytes(2, *blob.bytes);
        if (int code = insert_blob_.run(); code != SQLITE_OK)
            return code;
    }
    for (const auto& entry : batch.entries) {
        auto hash = audit::chain_hash(++seq, entry.at, entry.payload, head);
        insert_entry_.number(1, seq);
        insert_entry_.text(2, entry.at);
        insert_entry_.text(3, entry.payload);
        insert_entry_.bytes(4, audit::view(head));
        insert_entry_.bytes(5, audit::view(hash));
        if (int code = insert_entry_.run(); code != SQLITE_OK)
            return code;
        head = hash;
    }
    return SQLITE_OK;
}

result<void> ledger_writer::sign()
{
    auto made = key_.sign(seq_, now_utc(), head_);
    if (made.signature.empty())
        return problem{failure::local, "OpenSSL cannot sign the head of the ledger", {}};
    if (auto written = audit::replace_file(state_dir_ + "/checkpoint.json", audit::to_json(made) + "\n", 0644); !written)
        return written.error();
    signed_seq_ = seq_;
    return {};
}

}  // namespace halfmast::store
