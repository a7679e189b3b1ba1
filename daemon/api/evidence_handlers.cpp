// What stands for the daemon itself: whether its ledger is sound, and whether its settings are what they seem. Looks, and asks others
// to look; nothing is judged here.
#include <nlohmann/json.hpp>

#include "daemon/api/handlers.hpp"

namespace halfmast::api {

namespace {

document proof_message(const ledger_proof& proof)
{
    document made;
    made["schema"] = "halfmast.audit_state/1";
    made["ok"] = proof.ok ? document(*proof.ok) : document(nullptr);
    made["records"] = proof.records;
    made["head"] = nullptr;
    made["verified"] = nullptr;
    if (proof.verified_at) {
        made["head"] = {{"seq", proof.through}, {"hash", proof.head}};
        made["verified"] = {{"at", format_utc(*proof.verified_at)}, {"through", proof.through}};
    }
    made["checking"] = proof.checking;
    made["signed"] = nullptr;
    if (!proof.signed_at.empty())
        made["signed"] = {{"seq", proof.signed_through}, {"at", proof.signed_at}};
    auto faults = document::array();
    for (const auto& one : proof.faults)
        faults.push_back({{"seq", one.seq}, {"what", one.what}});
    made["faults"] = std::move(faults);
    return made;
}

document settings_message(const settings_report& report)
{
    document made;
    made["schema"] = "halfmast.settings_check/1";
    made["file"] = report.file;
    made["running_since"] = format_utc(report.running_since);
    made["checked_at"] = format_utc(report.checked_at);
    made["differs"] = report.differs;
    auto faults = document::array();
    for (const auto& one : report.faults)
        faults.push_back({{"file", one.file}, {"line", one.line}, {"column", one.column}, {"message", one.what}});
    made["faults"] = std::move(faults);
    made["doubts"] = report.doubts;
    return made;
}

}  // namespace

namespace handlers {

response audit_state(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    co_return json(200, proof_message(asked.daemon.proof()));
}

response verify_audit(const call& asked)
{
    if (!asked.request.body.empty() && asked.request.body != "{}")
        co_return to_response(bad_request("this takes no members"));
    asked.daemon.verify_ledger();
    co_return json(202, proof_message(asked.daemon.proof()));
}

response check_settings(const call& asked)
{
    if (auto wrong = unknown_member(asked, {}))
        co_return to_response(*wrong);
    auto looking = asked.daemon.check_settings();
    auto report = co_await std::move(looking);
    co_return json(200, settings_message(report));
}

}  // namespace handlers

}  // namespace halfmast::api
