// [judgement]: the scheduler's own marks, campaign links and words. Internal to this room.
#pragma once

#include <map>

#include "daemon/settings/table.hpp"

namespace halfmast::settings {

// Adds the marks, folded, and campaign_links; the files of words are the loader's part.
void read_marks(table_reader& judgement, settings& made);

}  // namespace halfmast::settings
