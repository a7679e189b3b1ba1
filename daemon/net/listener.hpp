// Sockets of the server: made, checked and given their rights. Plain system calls, so that Beast's file stays small.
#pragma once

#include <optional>
#include <string>

#include "daemon/net/http_server.hpp"

namespace halfmast::net {

// A listening unix socket's descriptor. A file nobody listens on is replaced; throws std::runtime_error otherwise.
int open_unix_listener(const std::string& path, unsigned mode, const std::string& group);

// Removes the socket file unless somebody replaced it meanwhile. `inode` as file_of() gave it.
struct socket_file {
    std::string path;
    unsigned long long device = 0;
    unsigned long long inode = 0;
};
socket_file file_of(const std::string& path);
void remove_file(const socket_file& file);

// Who is at the other end of a unix socket; nullopt when the kernel does not say.
std::optional<peer> peer_of(int fd);

}  // namespace halfmast::net
