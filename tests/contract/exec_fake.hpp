// The folder of dated files that config/connectors/folder.py serves, through the program itself.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

std::unique_ptr<fake_platform> make_exec_folder(time_point now);

}  // namespace halfmast::contract
