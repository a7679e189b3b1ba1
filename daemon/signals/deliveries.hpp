// Which deliveries were taken already, so that the same one does nothing twice: also after a restart, and however late it comes
// again. The newest hundred thousand are known. Beside the ledger: it holds prints and no content.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include "daemon/ports/result.hpp"

namespace halfmast::signals {

class deliveries {
public:
    static constexpr std::size_t most = 100'000;

    // Reads the file, which may not be there yet; empty: nothing outlives the process. Throws std::runtime_error when it cannot be
    // opened for writing.
    explicit deliveries(std::string path = {});
    ~deliveries();
    deliveries(const deliveries&) = delete;
    deliveries& operator=(const deliveries&) = delete;

    // Notes a print; false when it was there before. Some microseconds: the kernel has it from then on, so that a kill loses
    // nothing.
    bool take(std::string_view print);
    // It was not taken after all: the same one may come again.
    void give_back(std::string_view print);
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    using key = std::uint64_t;

    void remember(key one);
    void append(key one);
    void rewrite();

    std::string path_;
    int file_ = -1;
    std::size_t in_file_ = 0;
    std::deque<key> order_;
    std::unordered_set<key> known_;
};

}  // namespace halfmast::signals
