#include "daemon/store/mirror.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include <unistd.h>

#include "daemon/store/packing.hpp"
#include "daemon/store/post_json.hpp"
#include "daemon/store/sqlite.hpp"

namespace halfmast::store {

namespace {

using pictures = std::map<account_id, std::vector<post_ptr>>;

// Tells a changed post from an unchanged one. The raw answer has no part in it, for it is not kept here.
std::uint64_t fingerprint_of(std::string_view packed) { return std::hash<std::string_view>{}(packed); }

std::string pack_post(const scheduled_post& post)
{
    packing::packer to;
    packing::write(to, post);
    return to.take();
}

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
        auto before = written_.find(account);
        bool fresh = before == written_.end();  // what the file holds of it is not known
        std::unordered_map<std::string_view, const row*> known;
        if (!fresh)
            for (const auto& one : before->second)
                known.emplace(one.id(), &one);
        std::vector<row> next;
        next.reserve(posts.size());
        std::unordered_set<std::string_view> listed;
        std::vector<std::pair<const scheduled_post*, std::string>> changed;
        for (const auto& post : posts) {
            if (!listed.insert(post->id.value).second)
                continue;  // a platform that lists a post twice: the first one counts
            auto old = known.find(post->id.value);
            if (old != known.end() && old->second->post == post) {
                next.push_back(*old->second);
                continue;
            }
            auto packed = pack_post(*post);
            next.push_back({post, fingerprint_of(packed)});
            if (old == known.end() || old->second->print != next.back().print)
                changed.emplace_back(post.get(), std::move(packed));
        }
        std::vector<std::string> gone;
        for (const auto& [id, old] : known)
            if (!listed.contains(id))
                gone.emplace_back(id);
        bool stored = changed.empty() && gone.empty() && !fresh;
        if (!stored)
            stored = open() && store(account, fresh, changed, gone) == SQLITE_OK;
        if (stored) {
            written_[account] = std::move(next);
            return;
        }
        give_up();
        written_.erase(account);
    }

private:
    struct row {
        post_ptr post;
        std::uint64_t print;

        [[nodiscard]] std::string_view id() const { return post->id.value; }
    };

    bool open()
    {
        if (database_.get() != nullptr)
            return true;
        auto opened = connection::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        if (!opened)
            return false;
        database_ = std::move(*opened);
        // NORMAL: after a power cut the last pictures may be missing, but the file is whole.
        constexpr auto setup =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512; PRAGMA trusted_schema=OFF;"
            "PRAGMA journal_size_limit=16777216;"
            "CREATE TABLE IF NOT EXISTS seen(account TEXT NOT NULL, post TEXT NOT NULL, body BLOB NOT NULL,"
            " PRIMARY KEY(account, post)) WITHOUT ROWID";
        if (database_.run(setup) == SQLITE_OK) {
            if (!is_of_this_version()) {
                throw_away();
                return false;
            }
            auto put = database_.prepare("INSERT OR REPLACE INTO seen(account, post, body) VALUES(?1, ?2, ?3)");
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

    // A row is bytes that only the version that wrote them reads.
    bool is_of_this_version()
    {
        auto layout = packing::layout_of<scheduled_post>() % 0x7fffffff;
        auto wanted = std::to_string(layout == 0 ? 1 : layout);
        auto told = database_.prepare("PRAGMA user_version");
        auto any = database_.prepare("SELECT 1 FROM seen LIMIT 1");
        if (!told || !any || told->step() != SQLITE_ROW)
            return false;
        if (std::to_string(told->number_at(0)) == wanted)
            return true;
        told->reset();
        bool empty = any->step() == SQLITE_DONE;
        any->reset();
        return empty && database_.run(("PRAGMA user_version=" + wanted).c_str()) == SQLITE_OK;
    }

    pictures read_all()
    {
        pictures read;
        written_.clear();
        auto rows = database_.prepare("SELECT account, body FROM seen ORDER BY account");
        if (!rows)
            throw unreadable(rows.error().detail);
        int code = SQLITE_ROW;
        std::vector<post_ptr>* into = nullptr;
        std::vector<row>* beside = nullptr;
        std::string account;
        while ((code = rows->step()) == SQLITE_ROW) {
            if (into == nullptr || rows->bytes_at(0) != account) {
                account = rows->bytes_at(0);
                into = &read[account_id{account}];
                beside = &written_[account_id{account}];
            }
            auto body = rows->bytes_at(1);
            packing::unpacker from{body};
            scheduled_post post;
            packing::read(from, post);
            if (!from.at_end())
                throw unreadable("a row is longer than its post");
            into->push_back(std::make_shared<const scheduled_post>(std::move(post)));
            beside->push_back({into->back(), fingerprint_of(body)});
        }
        if (code != SQLITE_DONE)
            throw unreadable(database_.trouble().detail);
        return read;
    }

    int store(const account_id& account, bool fresh, const std::vector<std::pair<const scheduled_post*, std::string>>& changed,
              const std::vector<std::string>& gone)
    {
        int code = database_.run("BEGIN IMMEDIATE");
        if (code == SQLITE_OK && fresh) {
            forget_.text(1, account.value);
            code = forget_.run();
        }
        for (const auto& [post, packed] : changed) {
            if (code != SQLITE_OK)
                break;
            put_.text(1, account.value);
            put_.text(2, post->id.value);
            put_.bytes(3, packed);
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
    std::map<account_id, std::vector<row>> written_;  // what the file holds
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
