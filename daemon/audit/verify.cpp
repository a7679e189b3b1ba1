#include "daemon/audit/verify.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <thread>

#include <nlohmann/json.hpp>

#include "daemon/audit/ledger_file.hpp"

namespace halfmast::audit {

namespace {

using nlohmann::json;

constexpr std::size_t most_faults = 100;
constexpr std::int64_t worth_a_thread = 50'000;  // records
constexpr unsigned most_threads = 8;

// A record is full of quotes, where std::string_view::find would stop at each.
bool holds(std::string_view text, std::string_view part)
{
    return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

std::string number(std::int64_t seq) { return std::to_string(seq); }

// A checkpoint that the chain has to agree with, and where it came from.
struct promise {
    std::string name;  // "checkpoint.json"
    checkpoint made;
    bool reached = false;
};

struct link {
    digest stored{};  // the hash written in the record
    digest real{};    // the hash of its content
    bool broken = false;
};

// Some of the records, or all. What it needs of those before is in the last of them.
class inspection {
public:
    inspection(ledger_file& file, std::vector<promise> promises, const std::atomic<bool>* enough = nullptr)
        : file_(file),
          promises_(std::move(promises)),
          enough_(enough)
    {
    }

    // What comes behind the part that is proved; of that only the last record, for it has to be the same still.
    void check_behind(const proved_part& proved)
    {
        last_ = proved.through;
        found_.records = proved.records;
        found_.head = proved.head;
        reads_named_blobs_ = true;
        raw_entry row;
        if (file_.last_until(proved.through, row) && row.seq == proved.through) {
            take_link(row);
            if (!previous_ || previous_->broken || previous_->stored != proved.head)
                note(row.seq, "record " + number(row.seq) + " was changed since it was checked last");
            check_promises(row);
        } else {
            note(proved.through, "record " + number(proved.through) + " is missing: it was there when it was checked last");
            previous_.reset();
        }
        file_.only(proved.through + 1, INT64_MAX);
        check_records();
    }
    [[nodiscard]] bool was_ended() const { return enough_ != nullptr && enough_->load(std::memory_order_relaxed); }

    // From behind `before` to `last`.
    void check_records(std::int64_t before, std::int64_t last)
    {
        if (before != INT64_MIN) {
            raw_entry row;
            if (file_.last_until(before, row)) {
                take_link(row);
                last_ = row.seq;
            }
        }
        file_.only(before == INT64_MIN ? before : before + 1, last);
        check_records();
    }

    // The part that comes behind this one. The first part checks the blobs, and the last one how far the chain goes.
    void add(inspection&& later)
    {
        for (auto& one : later.found_.faults)
            note(one.seq, std::move(one.what));
        found_.records += later.found_.records;
        if (later.has_head_)
            found_.head = later.found_.head;
        if (later.found_.records > 0)
            last_ = later.last_;
        for (std::size_t i = 0; i < promises_.size(); ++i)
            promises_[i].reached = promises_[i].reached || later.promises_[i].reached;
    }

    verification finish()
    {
        for (const auto& one : promises_)
            check_reached(one);
        return std::move(found_);
    }

    void note(std::int64_t seq, std::string what)
    {
        if (found_.faults.size() < most_faults)
            found_.faults.push_back({seq, std::move(what)});
    }

    void check_blobs()
    {
        std::string_view name;
        std::string_view bytes;
        while (!was_ended() && file_.next_blob(name, bytes)) {
            ++found_.blobs;
            if (auto real = to_hex(sha256(bytes)); real != name)
                note(0, "blob " + std::string{name.substr(0, 64)} + " was changed: its bytes have the SHA-256 " + real);
        }
        if (!file_.trouble().empty())
            note(0, "the table of blobs cannot be read to its end: " + file_.trouble());
    }

private:
    void check_records()
    {
        raw_entry row;
        while (!was_ended() && file_.next(row)) {
            check_place(row);
            if (row.well_formed)
                check_content(row);
            else {
                note(row.seq, "record " + number(row.seq) + " was changed: a column is not of the kind a ledger has");
                previous_.reset();
            }
            check_promises(row);
            check_named_blobs(row);
            last_ = row.seq;
            ++found_.records;
        }
        if (!file_.trouble().empty())
            note(last_ + 1, "the file is damaged after record " + number(last_) + ": " + file_.trouble());
    }

    void check_place(const raw_entry& row)
    {
        if (row.seq == last_ + 1)
            return;
        previous_.reset();  // nothing to compare `prev` with
        if (row.seq <= last_)
            note(row.seq, "record " + number(row.seq) + " stands after record " + number(last_));
        else if (row.seq == last_ + 2)
            note(last_ + 1, "record " + number(last_ + 1) + " is missing");
        else
            note(last_ + 1, "records " + number(last_ + 1) + " to " + number(row.seq - 1) + " are missing");
    }

    void check_content(const raw_entry& row)
    {
        digest prev;
        std::copy(row.prev.begin(), row.prev.end(), prev.begin());
        auto real = chain_hash(row.seq, row.at, row.payload, prev);
        bool sound = view(real) == row.hash;
        bool follows = !previous_ || view(previous_->stored) == row.prev;
        if (!sound) {
            bool only_prev = !follows && view(chain_hash(row.seq, row.at, row.payload, previous_->stored)) == row.hash;
            note(row.seq, "record " + number(row.seq) + " was changed: its "
                              + (only_prev ? "prev is not the hash of the record before it" : "hash is not that of its content"));
        } else if (!follows && !(previous_->broken && view(previous_->real) == row.prev)) {
            // The exception: only the hash written in the record before was changed, and that is reported there.
            note(row.seq, "record " + number(row.seq) + " is sound in itself but does not follow record " + number(row.seq - 1)
                              + ": records were swapped, taken out, put in, or written anew");
        }
        set_link(row, real);
        found_.head = previous_->stored;
        has_head_ = true;
    }

    void set_link(const raw_entry& row, const digest& real)
    {
        previous_.emplace();
        std::copy(row.hash.begin(), row.hash.end(), previous_->stored.begin());
        previous_->real = real;
        previous_->broken = view(real) != row.hash;
    }

    // As after check_content(), without judging.
    void take_link(const raw_entry& row)
    {
        previous_.reset();
        if (!row.well_formed)
            return;
        digest prev;
        std::copy(row.prev.begin(), row.prev.end(), prev.begin());
        set_link(row, chain_hash(row.seq, row.at, row.payload, prev));
    }

    void check_promises(const raw_entry& row)
    {
        for (auto& one : promises_) {
            if (one.made.seq != row.seq)
                continue;
            one.reached = true;
            if (row.hash != view(one.made.head))
                note(row.seq, "record " + number(row.seq) + " is not the one that was signed at " + one.made.at + " (" + one.name
                                  + "): the ledger was written anew or brought back from an older copy");
        }
    }

    void check_reached(const promise& one)
    {
        if (one.reached)
            return;
        if (one.made.seq == 0) {
            if (one.made.head != genesis())
                note(0, one.name + " covers no record, yet its head is not the beginning of a chain");
        } else if (one.made.seq > last_) {
            note(last_ + 1, "records " + number(last_ + 1) + " to " + number(one.made.seq) + " were cut off: " + one.name
                                + ", signed at " + one.made.at + ", covers record " + number(one.made.seq));
        }
        // Else the record it covers is one that is missing in between, which is reported there.
    }

    void check_named_blobs(const raw_entry& row)
    {
        // Canonical JSON has no space around a key's colon, and a quote inside a text has a backslash before it; so most records
        // need no parsing here.
        if (!holds(row.payload, "\"raw\"") && !holds(row.payload, "\"saved\""))
            return;
        auto record = json::parse(row.payload, nullptr, false);
        if (!record.is_object())
            return;  // the daemon writes none; a changed one shows by its hash
        if (auto raw = record.find("raw"); raw != record.end())
            check_named_blob(row.seq, *raw);
        auto saved = record.find("saved");
        if (saved == record.end() || !saved->is_array())
            return;
        for (const auto& item : *saved)
            if (item.is_object() && item.contains("sha256"))
                check_named_blob(row.seq, item["sha256"]);
    }

    void check_named_blob(std::int64_t seq, const json& name)
    {
        if (!name.is_string())
            return;
        const auto& text = name.get_ref<const std::string&>();
        std::string_view bytes;
        bool there = reads_named_blobs_ ? file_.blob(text, bytes) : file_.has_blob(text);
        if (!there)
            note(seq, "record " + number(seq) + " names blob " + text.substr(0, 64) + ", which is missing");
        else if (reads_named_blobs_ && to_hex(sha256(bytes)) != text)
            note(seq, "record " + number(seq) + " names blob " + text.substr(0, 64) + ", which was changed");
    }

    ledger_file& file_;
    std::vector<promise> promises_;
    std::optional<link> previous_ = link{};  // before record 1: the genesis, which is all zero
    std::int64_t last_ = 0;
    bool has_head_ = false;
    bool reads_named_blobs_ = false;  // else check_blobs() reads all
    const std::atomic<bool>* enough_;
    verification found_;
};

// Everything about a checkpoint that can be judged without the chain.
std::vector<fault> judge(const promise& one, const result<std::string>& own_key)
{
    std::vector<fault> faults;
    if (!signature_holds(one.made))
        faults.push_back({0, one.name + ": the signature does not hold, so it was changed after it was signed"});
    if (own_key && *own_key != one.made.public_key)
        faults.push_back(
            {0, one.name + " was signed by another key (" + one.made.public_key + ") than ledger.pub (" + *own_key + ")"});
    return faults;
}

// The records, by as many threads as there are parts: a record's hash needs nothing but the record. True: it has to be done again,
// by one thread, for a daemon opened the file meanwhile, or SQLite had trouble, and then the order tells where.
bool check_in_parts(const std::string& state_dir, ledger_file& file, inspection& first, const std::vector<promise>& promises,
                    unsigned parts)
{
    raw_entry last;
    std::int64_t end = file.last_until(INT64_MAX, last) ? last.seq : 0;
    if (parts == 0)
        parts = end < worth_a_thread ? 1 : std::clamp(std::thread::hardware_concurrency(), 1u, most_threads);
    struct part {
        result<ledger_file> file;
        std::unique_ptr<inspection> work;
        std::future<void> done;
    };
    std::vector<part> others;
    others.reserve(parts);  // an inspection refers to its file
    auto border = [&](unsigned number) { return end > 0 ? end / parts * number : 0; };
    for (unsigned number = 1; number < parts && end >= parts; ++number) {
        auto& one = others.emplace_back(part{ledger_file::open(state_dir), nullptr, {}});
        if (!one.file)
            return true;
        one.work = std::make_unique<inspection>(*one.file, promises);
    }
    for (unsigned number = 1; number <= others.size(); ++number) {
        auto* work = others[number - 1].work.get();
        auto before = border(number);
        auto upto = number == others.size() ? INT64_MAX : border(number + 1);
        others[number - 1].done = std::async(std::launch::async, [=] { work->check_records(before, upto); });
    }
    first.check_records(INT64_MIN, others.empty() ? INT64_MAX : border(1));
    bool changed = false;
    for (auto& one : others) {
        one.done.get();
        first.add(std::move(*one.work));
        changed = changed || one.file->changed_hands() || !one.file->trouble().empty();
    }
    return changed || (!others.empty() && !file.trouble().empty());
}

// The signed heads that a chain has to agree with, and all that is wrong with them before it is looked at.
struct signed_heads {
    std::vector<promise> promises;
    std::vector<fault> faults;
    std::optional<checkpoint> newest;  // the one beside the ledger
};

// Before the ledger is opened: its chain can then only be ahead of them.
result<signed_heads> read_heads(const std::string& state_dir, const std::optional<std::string>& elsewhere)
{
    signed_heads made;
    auto beside = read_checkpoint(state_dir + "/checkpoint.json");
    if (beside) {
        made.promises.push_back({"checkpoint.json", *beside});
        made.newest = *beside;
    } else {
        made.faults.push_back({0, "the signed head is missing or spoilt: " + beside.error().detail});
    }
    if (elsewhere) {
        auto kept = read_checkpoint(*elsewhere);
        if (!kept)
            return kept.error();
        made.promises.push_back({*elsewhere, std::move(*kept)});
    }
    auto own_key = read_public_key(state_dir + "/ledger.pub");
    if (!own_key)
        made.faults.push_back({0, "no key to compare signatures with: " + own_key.error().detail});
    for (const auto& one : made.promises)
        for (auto& trouble : judge(one, own_key))
            made.faults.push_back(std::move(trouble));
    return made;
}

// The second: a daemon opened the file meanwhile, so it has to be done again.
using finding = std::pair<verification, bool>;

finding finish(inspection& work, signed_heads& heads, bool changed)
{
    auto found = work.finish();
    found.signed_head = std::move(heads.newest);
    if (found.signed_head)
        found.not_signed_yet = std::max<std::int64_t>(0, found.records - found.signed_head->seq);
    return {std::move(found), changed};
}

result<finding> verify_once(const std::string& state_dir, const std::optional<std::string>& elsewhere, unsigned parts)
{
    auto heads = read_heads(state_dir, elsewhere);
    if (!heads)
        return heads.error();
    auto file = ledger_file::open(state_dir);
    if (!file)
        return file.error();
    inspection work{*file, heads->promises};
    for (auto& trouble : heads->faults)
        work.note(trouble.seq, std::move(trouble.what));
    work.check_blobs();
    bool changed = check_in_parts(state_dir, *file, work, heads->promises, parts);
    return finish(work, *heads, changed || file->changed_hands());
}

result<finding> verify_behind_once(const std::string& state_dir, const proved_part& proved, const std::atomic<bool>& enough)
{
    auto heads = read_heads(state_dir, {});
    if (!heads)
        return heads.error();
    auto file = ledger_file::open(state_dir);
    if (!file)
        return file.error();
    inspection work{*file, heads->promises, &enough};
    for (auto& trouble : heads->faults)
        work.note(trouble.seq, std::move(trouble.what));
    if (proved.through == 0) {
        work.check_blobs();
        work.check_records(INT64_MIN, INT64_MAX);
    } else {
        work.check_behind(proved);
    }
    if (work.was_ended())
        return problem{failure::conflict, "the check of " + state_dir + "/ledger.db was ended before it was through", {}};
    return finish(work, *heads, file->changed_hands());
}

// A daemon that stops and starts all the time is not waited for: its next pass is as good as this one.
template <class Once>
result<verification> until_settled(Once once)
{
    for (int turn = 0;; ++turn) {
        result<finding> found = once(turn);
        if (!found)
            return found.error();
        if (!found->second || turn == 4)
            return std::move(found->first);
    }
}

}  // namespace

result<verification> verify(const std::string& state_dir, const std::optional<std::string>& elsewhere, unsigned parts)
{
    return until_settled([&](int turn) { return verify_once(state_dir, elsewhere, turn == 0 ? parts : 1); });
}

result<verification> verify_behind(const std::string& state_dir, const proved_part& proved, const std::atomic<bool>& enough)
{
    return until_settled([&](int) { return verify_behind_once(state_dir, proved, enough); });
}

}  // namespace halfmast::audit
