// The only way this room reaches toml++: without exceptions, its parser compiled once (toml.cpp). Never included from outside.
#pragma once

#define TOML_HEADER_ONLY 0
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>
