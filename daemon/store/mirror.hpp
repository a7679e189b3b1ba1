// The queues as last seen, in STATE_DIR/mirror.db, so that a raise right after a start knows them. A cache beside the ledger and
// never the truth: a broken file, or one of another version, is thrown away and made anew, a disk that refuses costs the next start
// one poll. The platforms' raw answers are not in it: what needs one asks the platform, or waits for the first poll.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/post.hpp"
#include "daemon/ports/result.hpp"

namespace halfmast::store {

class mirror {
public:
    // Gives one also when the file cannot be made: it keeps trying.
    static result<std::shared_ptr<mirror>> open(const std::string& state_dir);
    // Writes what is queued.
    ~mirror();
    mirror(const mirror&) = delete;
    mirror& operator=(const mirror&) = delete;

    // Queues the whole picture of one account; a newer one takes the place of one that waits. Only rows that changed are
    // written, on a thread of its own. Never blocks on the disk.
    void save(const account_id& account, const std::vector<post_ptr>& posts);

    // Blocking, for start-up.
    result<std::map<account_id, std::vector<post_ptr>>> load();

private:
    class impl;
    explicit mirror(std::unique_ptr<impl> made);
    std::unique_ptr<impl> impl_;
};

}  // namespace halfmast::store
