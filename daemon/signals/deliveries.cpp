#include "daemon/signals/deliveries.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace halfmast::signals {

namespace {

using bytes = std::array<char, 8>;

// A print is the digest of what is signed: eight bytes of it are as good as all. Who could aim at them would have to sign it.
std::uint64_t key_of_print(std::string_view print)
{
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8 && i < print.size(); ++i)
        key = key << 8u | static_cast<unsigned char>(print[i]);
    return key;
}

bytes as_bytes(std::uint64_t key)
{
    bytes made{};
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = static_cast<char>(key >> (56u - 8u * i));
    return made;
}

bool write_all(int file, const char* from, std::size_t size)
{
    while (size > 0) {
        auto written = ::write(file, from, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        from += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

deliveries::deliveries(std::string path) : path_(std::move(path))
{
    if (path_.empty())
        return;
    {
        std::ifstream old(path_, std::ios::binary);
        bytes one{};
        while (old.read(one.data(), one.size())) {
            remember(key_of_print({one.data(), one.size()}));
            ++in_file_;
        }
    }
    file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0)
        throw std::runtime_error(path_ + " cannot be written: " + std::strerror(errno));
    rewrite();  // an entry that was cut by a full disk would shift all behind it
}

deliveries::~deliveries()
{
    if (file_ >= 0)
        ::close(file_);
}

bool deliveries::take(std::string_view print)
{
    auto one = key_of_print(print);
    if (known_.contains(one))
        return false;
    remember(one);
    append(one);
    return true;
}

void deliveries::give_back(std::string_view print)
{
    auto one = key_of_print(print);
    if (known_.erase(one) == 0)
        return;
    std::erase(order_, one);
    rewrite();
}

void deliveries::remember(key one)
{
    if (!known_.insert(one).second)
        return;
    order_.push_back(one);
    while (order_.size() > most) {
        known_.erase(order_.front());
        order_.pop_front();
    }
}

void deliveries::append(key one)
{
    if (file_ < 0)
        return;
    if (++in_file_ > 2 * most)
        return rewrite();
    auto made = as_bytes(one);
    // Without room on the disk it is known until the next start. What was cut would shift all behind it: the next one writes anew.
    if (!write_all(file_, made.data(), made.size()))
        in_file_ = 2 * most;
}

void deliveries::rewrite()
{
    if (file_ < 0)
        return;
    auto beside = path_ + ".new";
    int made = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (made < 0)
        return;
    std::string all;
    all.reserve(order_.size() * sizeof(key));
    for (auto one : order_) {
        auto written = as_bytes(one);
        all.append(written.data(), written.size());
    }
    if (!write_all(made, all.data(), all.size()) || ::rename(beside.c_str(), path_.c_str()) != 0) {
        ::close(made);
        ::unlink(beside.c_str());
        return;
    }
    ::close(std::exchange(file_, made));
    in_file_ = order_.size();
}

}  // namespace halfmast::signals
