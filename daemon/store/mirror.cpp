#include "daemon/store/mirror.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <unistd.h>

#include "daemon/store/post_json.hpp"
#include "daemon/store/sqlite.hpp"

namespace halfmast::store {

namespace {

using pictures = std::map<account_id, std::vector<post_ptr>>;

// Tells a changed post from an unchanged one without keeping or writing either. A cache may be wrong once in 2^64.
class fingerprint {
public:
    static std::uint64_t of(const scheduled_post& post)
    {
        fingerprint made;
        made.add(static_cast<std::uint64_t>(post.due.time_since_epoch().count()) * 2 + (post.has_media ? 1 : 0));
        for (const auto* text : {&post.text, &post.folded, &post.language, &post.url, &post.kind, &post.author, &post.version})
            made.add(*text);
        for (const auto* list : {&post.tags, &post.categories, &post.labels, &post.links}) {
            made.add(list->size());
            for (const auto& text : *list)
                made.add(text);
        }
        made.add(post.raw ? 1 : 0);
        if (post.raw)
            made.add(*post.raw);
        return made.value_;
    }

private:
    void add(std::uint64_t value)
    {
        value_ = (value_ ^ value) * 0x9e3779b97f4a7c15u;
        value_ ^= value_ >> 29;
    }
    void add(const std::string& text)
    {
        add(text.size());
        add(std::hash<std::string_view>{}(text));
    }
    std::uint64_t value_ = 0x68616c666d617374u;
};

// The file. One thread at a time.
class mirror_file {
public:
    explicit mirror_file(std::string path) : path_(std::move(path)) {}

    pictures load()
    {
        for (int turn = 0; turn < 2; ++turn) {
            try {
                if (open())
                    return read_all();
                return {};
            } catch (const std::exception&) {
                throw_away();
            }
        }
        return {};
    }

    void write(const account_id& account, const std::vector<post_ptr>& posts)
    {
        bool fresh = !written_.contains(account);  // what the file holds of it is not known
        const auto& known = written_[account];
        std::unordered_map<std::string, std::uint64_t> next;
        next.reserve(posts.size());
        std::vector<const scheduled_post*> changed;
        for (const auto& post : posts) {
            auto now = fingerprint::of(*post);
            if (!next.emplace(post->id.value, now).second)
                continue;  // a platform that lists a post twice: the first one counts
            auto before = known.find(post->id.value);
            if (before == known.end() || before->second != now)
                changed.push_back(post.get());
        }
        std::vector<std::string> gone;
        for (const auto& [id, print] : known)
            if (!next.contains(id))
                gone.push_back(id);
        if (changed.empty() && gone.empty() && !fresh)
            return;
        if (open() && store(account, fresh, changed, gone) == SQLITE_OK) {
            written_[account] = std::move(next);
            return;
        }
        give_up();
        written_.erase(account);
    }

private:
    bool open()
    {
        if (database_.get() != nullptr)
            return true;
        auto opened = connection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!opened)
            return false;
        database_ = std::move(*opened);
        // NORMAL: after a power cut the last pictures may be missing, but the file is whole.
        constexpr auto setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=16777216;"
                               "CREATE TABLE IF NOT EXISTS seen(account TEXT NOT NULL, post TEXT NOT NULL, body TEXT NOT NULL, raw BLOB,"
                               " PRIMARY KEY(account, post)) WITHOUT ROWID";
        if (database_.run(setup) == SQLITE_OK) {
            auto put = database_.prepare("INSERT OR REPLACE INTO seen(account, post, body, raw) VALUES(?1, ?2, ?3, ?4)");
            auto remove = database_.prepare("DELETE FROM seen WHERE account = ?1 AND post = ?2");
            auto forget = database_.prepare("DELETE FROM seen WHERE account = ?1");
            if (put && remove && forget) {
                put_ = std::move(*put);
                remove_ = std::move(*remove);
                forget_ = std::move(*forget);
                return true;
            }
        }
        give_up();
        return false;
    }

    pictures read_all()
    {
        pictures read;
        written_.clear();
        auto rows = database_.prepare("SELECT account, post, body, raw, raw IS NOT NULL FROM seen");
        if (!rows)
            throw unreadable(rows.error().detail);
        int code = SQLITE_ROW;
        while ((code = rows->step()) == SQLITE_ROW) {
            account_id account{std::string{rows->bytes_at(0)}};
            auto body = nlohmann::json::parse(rows->bytes_at(2));
            auto post = read_post(body);
            post.id = post_id{std::string{rows->bytes_at(1)}};
            if (rows->number_at(4) != 0)
                post.raw = std::make_shared<const std::string>(rows->bytes_at(3));
            written_[account][post.id.value] = fingerprint::of(post);
            read[account].push_back(std::make_shared<const scheduled_post>(std::move(post)));
        }
        if (code != SQLITE_DONE)
            throw unreadable(database_.trouble().detail);
        return read;
    }

    int store(const account_id& account, bool fresh, const std::vector<const scheduled_post*>& changed,
              const std::vector<std::string>& gone)
    {
        int code = database_.run("BEGIN IMMEDIATE");
        if (code == SQLITE_OK && fresh) {
            forget_.text(1, account.value);
            code = forget_.run();
        }
        for (const auto* post : changed) {
            if (code != SQLITE_OK)
                break;
            auto body = canonical(to_json(*post));
            put_.text(1, account.value);
            put_.text(2, post->id.value);
            put_.text(3, body);
            if (post->raw)
                put_.bytes(4, *post->raw);
            else
                put_.nothing(4);
            code = put_.run();
        }
        for (const auto& id : gone) {
            if (code != SQLITE_OK)
                break;
            remove_.text(1, account.value);
            remove_.text(2, id);
            code = remove_.run();
        }
        if (code == SQLITE_OK)
            code = database_.run("COMMIT");
        return code;
    }

    // Tried again with the next picture.
    void give_up()
    {
        int code = database_.get() == nullptr ? SQLITE_OK : sqlite3_errcode(database_.get()) & 0xff;
        bool broken = code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
        if (broken) {
            throw_away();
            return;
        }
        if (database_.get() != nullptr && sqlite3_get_autocommit(database_.get()) == 0)
            database_.run("ROLLBACK");
        close();
    }

    void close()
    {
        put_ = {};
        remove_ = {};
        forget_ = {};
        database_ = {};
    }

    void throw_away()
    {
        close();
        written_.clear();
        for (const char* ending : {"", "-wal", "-shm"})
            ::unlink((path_ + ending).c_str());
    }

    std::string path_;
    connection database_;
    statement put_, remove_, forget_;
    // What the file holds, by account and post.
    std::map<account_id, std::unordered_map<std::string, std::uint64_t>> written_;
};

}  // namespace

class mirror::impl {
public:
    explicit impl(const std::string& path) : file_(path), worker_([this] { work(); }) {}

    ~impl()
    {
        {
            std::lock_guard guard{queue_};
            ending_ = true;
        }
        bell_.notify_one();
        worker_.join();
    }

    void save(const account_id& account, const std::vector<post_ptr>& posts)
    {
        auto picture = posts;
        {
            std::lock_guard guard{queue_};
            std::swap(waiting_[account], picture);  // the older picture is freed outside of the lock
        }
        bell_.notify_one();
    }

    pictures load()
    {
        std::lock_guard guard{disk_};
        return file_.load();
    }

private:
    void work()
    {
        std::unique_lock lock{queue_};
        for (;;) {
            bell_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            if (waiting_.empty())
                return;
            auto next = std::move(waiting_);
            waiting_.clear();
            lock.unlock();
            for (const auto& [account, posts] : next)
                write(account, posts);
            next.clear();
            lock.lock();
        }
    }

    void write(const account_id& account, const std::vector<post_ptr>& posts)
    {
        std::lock_guard guard{disk_};
        try {
            file_.write(account, posts);
        } catch (const std::exception&) {
            // No memory for it: a cache may miss one picture.
        }
    }

    std::mutex disk_;  // the file
    mirror_file file_;
    std::mutex queue_;
    std::condition_variable bell_;
    pictures waiting_;
    bool ending_ = false;
    std::thread worker_;  // last: it uses all of the above
};

mirror::mirror(std::unique_ptr<impl> made) : impl_(std::move(made)) {}
mirror::~mirror() = default;

result<std::shared_ptr<mirror>> mirror::open(const std::string& state_dir)
{
    return std::shared_ptr<mirror>{new mirror(std::make_unique<impl>(state_dir + "/mirror.db"))};
}

void mirror::save(const account_id& account, const std::vector<post_ptr>& posts) { impl_->save(account, posts); }

result<std::map<account_id, std::vector<post_ptr>>> mirror::load() { return impl_->load(); }

}  // namespace halfmast::store
