#include "daemon/audit/export.hpp"

#include <ostream>

#include <nlohmann/json.hpp>

#include "daemon/audit/ledger_file.hpp"

namespace halfmast::audit {

namespace {

using nlohmann::json;

std::string line(const json& object)
{
    // Bytes that are no UTF-8 cannot stand in JSON; replaced ones do not have the hash any more, so that it shows.
    return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

result<std::int64_t> export_jsonl(const std::string& state_dir, std::ostream& out)
{
    auto head = read_checkpoint(state_dir + "/checkpoint.json");
    if (!head && head.error().kind != failure::not_found)
        return head.error();
    auto file = ledger_file::open(state_dir);
    if (!file)
        return file.error();
    std::int64_t records = 0;
    for (raw_entry row; out && file->next(row); ++records)
        out << line({{"seq", row.seq},
                     {"at", std::string{row.at}},
                     {"payload", std::string{row.payload}},
                     {"prev", to_hex(row.prev)},
                     {"hash", to_hex(row.hash)}});
    if (!file->trouble().empty())
        return problem{failure::local, "the ledger cannot be read to its end: " + file->trouble(), {}};
    if (file->changed_hands())
        return problem{failure::local, "a daemon opened the ledger while it was exported: export it again", {}};
    if (head)
        out << R"({"checkpoint":)" << to_json(*head) << "}\n";
    if (!out.flush())
        return problem{failure::local, "the export could not be written to its end", {}};
    return records;
}

}  // namespace halfmast::audit
