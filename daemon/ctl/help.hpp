// Words that belong to no single command: the overview under `halfmast --help`, and the topics of `halfmast help`.
#pragma once

#include <string>

namespace halfmast::ctl {

std::string overview();

}  // namespace halfmast::ctl
