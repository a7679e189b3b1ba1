#include "daemon/app/credentials.hpp"

#include <algorithm>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace halfmast::app {

namespace {

class dated_checks final : public check_port {
public:
    dated_checks(std::shared_ptr<check_port> asked, time_point ends) : asked_(std::move(asked)), ends_(ends) {}

    asio::awaitable<std::vector<check_line>> check() override
    {
        std::vector<check_line> lines;
        if (asked_)
            lines = co_await asked_->check();
        auto of_credential = [](const check_line& line) { return line.of == ability::credential && !line.advice; };
        auto line = std::ranges::find_if(lines, of_credential);
        if (line == lines.end()) {
            lines.emplace_back(ability::credential, "credential", true, "");
            line = lines.end() - 1;
        }
        if (line->ok && (!line->ends || *line->ends > ends_))
            line->ends = ends_;
        co_return lines;
    }

private:
    std::shared_ptr<check_port> asked_;
    time_point ends_;
};

}  // namespace

void forbid_core_dumps()
{
    // Either is enough; a core_pattern that is a program does not ask for the limit.
    rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

account_vaults::account_vaults(asio::any_io_executor executor, settings::settings& wanted) : none_("the settings name no vault_key")
{
    if (wanted.vault_key.text().size() == store::vault::key_size)
        vault_.emplace(std::move(executor), wanted.state_dir, std::move(wanted.vault_key));
    wanted.vault_key.wipe();
}

account_vaults::account_vaults(std::string why_locked)
    : none_("nothing is kept by this process"),
      locked_(std::in_place, std::move(why_locked))
{
}

vault_port& account_vaults::of(const account_id& account)
{
    if (locked_)
        return *locked_;
    if (!vault_)
        return none_;
    auto& part = parts_[account];
    if (!part)
        part = vault_->of(account);
    return *part;
}

void account_vaults::when_left(std::function<void()> done)
{
    if (vault_)
        vault_->when_left(std::move(done));
    else
        done();
}

connection with_credential_end(connection to, std::optional<time_point> ends)
{
    if (ends)
        to.checks = std::make_shared<dated_checks>(std::move(to.checks), *ends);
    return to;
}

}  // namespace halfmast::app
