// halfmast-audit: halfmast with what `audit verify` and `audit export` need. People call halfmast, which becomes this program.
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "daemon/audit/export.hpp"
#include "daemon/audit/verify.hpp"
#include "daemon/ctl/print.hpp"
#include "daemon/ctl/session.hpp"

namespace halfmast::ctl {

namespace {

document verification_message(const std::string& state_dir, const audit::verification& found)
{
    document message;
    message["schema"] = "halfmast.audit-verify/1";
    message["clean"] = found.clean();
    message["state_dir"] = state_dir;
    message["records"] = found.records;
    message["blobs"] = found.blobs;
    message["head"] = audit::to_hex(found.head);
    message["not_signed_yet"] = found.not_signed_yet;
    message["signed"] = nullptr;
    if (found.signed_head)
        message["signed"] = {
            {"seq", found.signed_head->seq}, {"at", found.signed_head->at}, {"public_key", found.signed_head->public_key}};
    auto faults = document::array();
    for (const auto& fault : found.faults)
        faults.push_back({{"seq", fault.seq}, {"what", fault.what}});
    message["faults"] = std::move(faults);
    message["exit_code"] = found.clean() ? exit_code::done : exit_code::failed;
    return message;
}

int verify(const session& all, const std::string& state_dir, const std::string& checkpoint)
{
    auto found = audit::verify(state_dir, checkpoint.empty() ? std::nullopt : std::optional{checkpoint});
    if (!found)
        throw command_error{exit_code::failed, "unreadable", found.error().detail};
    int code = found->clean() ? exit_code::done : exit_code::failed;
    if (all.json()) {
        print_json(verification_message(state_dir, *found));
        return code;
    }
    for (const auto& fault : found->faults)
        std::cout << safe(fault.what) << '\n';
    paint color{all, STDOUT_FILENO};
    auto records = count(static_cast<std::uint64_t>(found->records), "record") + " and "
                   + count(static_cast<std::uint64_t>(found->blobs), "blob");
    if (!found->clean()) {
        std::cout << color.bad("NOT clean: " + count(found->faults.size(), "fault") + " in " + records) << '\n';
        return code;
    }
    std::cout << "head " << audit::to_hex(found->head) << '\n';
    if (found->not_signed_yet != 0)
        std::cout << found->not_signed_yet
                  << " of them behind the newest signed head; a running daemon signs them within a second\n";
    std::cout << color.good("Clean: " + records + ", every hash and signature holds") << '\n';
    return code;
}

int hand_on(const std::string& state_dir)
{
    auto written = audit::export_jsonl(state_dir, std::cout);
    if (!written)
        throw command_error{exit_code::failed, "unreadable", written.error().detail};
    return exit_code::done;
}

}  // namespace

}  // namespace halfmast::ctl

int main(int argc, char** argv)
{
    static constexpr halfmast::ctl::file_audit files{&halfmast::ctl::verify, &halfmast::ctl::hand_on};
    return halfmast::ctl::run(argc, argv, &files);
}
