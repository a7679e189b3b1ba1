// One daemon per state directory: an flock on STATE_DIR/lock that ends with the process.
#pragma once

#include <string>

#include "daemon/ports/result.hpp"

namespace halfmast::store {

class state_lock {
public:
    // The problem names the process that holds it. What a killed holder left half written in the directory is removed.
    static result<state_lock> take(const std::string& state_dir);
    state_lock(state_lock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    state_lock& operator=(state_lock&&) = delete;
    ~state_lock();

private:
    explicit state_lock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace halfmast::store
