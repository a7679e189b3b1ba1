#define TOML_IMPLEMENTATION
#include "daemon/settings/toml.hpp"
