#include "daemon/app/links.hpp"

namespace halfmast::app {

link_desk::link_desk(asio::any_io_executor executor, std::string proxy, bool own_network)
    : executor_(std::move(executor)),
      proxy_(std::move(proxy)),
      own_network_(own_network)
{
}

asio::awaitable<std::vector<api::link_report>> link_desk::ask(std::vector<std::string> urls)
{
    if (!checker_) {
        net::http_client_settings client;
        client.proxy = proxy_;
        client.public_only = !own_network_;
        client_ = std::make_unique<net::http_client>(executor_, std::move(client));
        net::link_rules rules;
        rules.own_network = own_network_;
        checker_ = std::make_unique<net::link_checker>(executor_, *client_, rules);
    }
    const milliseconds patience = std::chrono::seconds{30} * static_cast<std::int64_t>(1 + urls.size() / 100);
    auto work = checker_->check(std::move(urls), patience);
    auto answers = co_await std::move(work);
    std::vector<api::link_report> reports;
    reports.reserve(answers.size());
    for (auto& one : answers) {
        api::link_report report;
        report.url = std::move(one.url);
        report.ok = one.ok;
        report.said = std::move(one.said);
        reports.push_back(std::move(report));
    }
    co_return reports;
}

}  // namespace halfmast::app
