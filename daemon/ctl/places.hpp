// Where things are: the control socket, the settings, the state directory, our other programs.
#pragma once

#include <optional>
#include <string>

#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

// --socket, else HALFMAST_SOCKET, else /run/halfmast/control.sock.
std::string socket_path(const session&);

// --config, else HALFMAST_CONFIG, else what the daemon left beside its socket, else /etc/halfmast/halfmast.toml. The file
// need not exist; `find_config` gives it only when it does.
std::string config_path(const session&);
std::optional<std::string> find_config(const session&);

// --state-dir, else what --config or HALFMAST_CONFIG says, else what the daemon left beside its socket, else what the settings at the
// usual place say, else /var/lib/halfmast when it is there and the socket is the usual one. Nullopt when none of them is there.
std::optional<std::string> find_state_dir(const session&);

// [daemon] state_dir of a settings file, with the default when the file names none; nullopt when it cannot be read.
std::optional<std::string> state_dir_in(const std::string& config_file);

// A program of ours beside this one, else the bare name for PATH.
std::string program_beside(const std::string& name);

// Login name of whoever runs this.
std::string user_name();

}  // namespace halfmast::ctl
