#include "daemon/engine/way_back.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace halfmast::engine {

namespace {

// What deciding a request can change beside what is of no account.
struct extent {
    enum class reach {
        one_post,  // one post of one account
        no_post,   // what is said, on every account
        everything,
    };
    reach how = reach::everything;
    account_id account{};
    post_id post{};
};

extent extent_of(const state& known, const event& asked)
{
    using reach = extent::reach;
    if (const auto* one = std::get_if<release_requested>(&asked))
        return {reach::one_post, one->account, one->post};
    if (const auto* one = std::get_if<post_judged>(&asked))
        return {reach::one_post, one->account, one->post};
    if (const auto* one = std::get_if<second_given>(&asked))
        if (auto found = known.asks.find(one->ask); found != known.asks.end() && found->second.kind == ask_kind::release)
            return {reach::one_post, found->second.account, found->second.post};
    if (std::holds_alternative<summary_approved>(asked) || std::holds_alternative<statement_asked>(asked)
        || std::holds_alternative<reply_asked>(asked) || std::holds_alternative<reply_approved>(asked))
        return {reach::no_post};
    return {};
}

// What has an entry for each post.
auto large_of(account_state& where)
{
    return std::tie(where.queue, where.holds, where.came_from, where.wanted, where.planned, where.unconfirmed, where.releasing,
                    where.answered, where.undone, where.delayed, where.watched, where.let_out, where.missing, where.feed_known,
                    where.explained);
}

auto set_aside(account_state& where)
{
    return std::apply([](auto&... one) { return std::tuple{std::exchange(one, {})...}; }, large_of(where));
}

std::array<std::set<by_due>*, 9> work_of(account_state& where)
{
    return {&where.wanted, &where.planned, &where.unconfirmed, &where.releasing, &where.answered,
            &where.undone, &where.delayed, &where.watched,     &where.let_out};
}

std::array<std::set<post_id>*, 3> seen_of(account_state& where) { return {&where.missing, &where.feed_known, &where.explained}; }

template <class Map, class Kept>
void keep_entries(Kept& kept, const Map& from, const std::set<post_id>& names)
{
    for (const auto& name : names)
        if (auto found = from.find(name); found != from.end())
            kept[name] = found->second;
        else
            kept[name] = std::nullopt;
}

template <class Map, class Kept>
void put_entries_back(Map& to, Kept& kept)
{
    for (auto& [name, before] : kept)
        if (before)
            to.insert_or_assign(name, std::move(*before));
        else
            to.erase(name);
}

}  // namespace

way_back::way_back(state& known, const std::vector<const event*>& asked)
{
    std::vector<extent> all;
    bool everywhere = false;
    for (const auto* one : asked) {
        all.push_back(extent_of(known, *one));
        whole_ = whole_ || all.back().how == extent::reach::everything;
        everywhere = everywhere || all.back().how == extent::reach::no_post;
    }
    if (whole_) {
        kept_ = known;
        return;
    }
    auto accounts = std::exchange(known.accounts, {});
    kept_ = known;
    known.accounts = std::move(accounts);
    if (everywhere)
        for (const auto& [id, where] : known.accounts)
            parts_.try_emplace(id);
    for (const auto& one : all) {
        if (one.how != extent::reach::one_post)
            continue;
        auto where = known.accounts.find(one.account);
        if (where == known.accounts.end()) {
            unknown_.push_back(one.account);
            continue;
        }
        auto& names = parts_[one.account].names;
        names.insert(one.post);
        if (const auto* held = find_hold(where->second, one.post); held != nullptr) {
            names.insert(held->id);
            names.insert(held->remote);
        }
    }
    for (auto& [id, kept] : parts_)
        keep(kept, known.accounts.at(id));
}

void way_back::keep(part& kept, account_state& where)
{
    auto large = set_aside(where);
    kept.small = where;
    large_of(where) = std::move(large);
    keep_entries(kept.queue, where.queue, kept.names);
    keep_entries(kept.holds, where.holds, kept.names);
    keep_entries(kept.came_from, where.came_from, kept.names);
    if (kept.names.empty())
        return;
    auto work = work_of(where);
    for (std::size_t i = 0; i < work.size(); ++i)
        std::ranges::copy_if(*work[i], std::back_inserter(kept.work[i]),
                             [&](const auto& one) { return kept.names.contains(one.post); });
    auto seen = seen_of(where);
    for (std::size_t i = 0; i < seen.size(); ++i)
        std::ranges::copy_if(kept.names, std::back_inserter(kept.seen[i]), [&](const auto& one) { return seen[i]->contains(one); });
}

void way_back::put_back(account_state& where, part& kept)
{
    auto large = set_aside(where);
    where = std::move(kept.small);
    large_of(where) = std::move(large);
    put_entries_back(where.queue, kept.queue);
    put_entries_back(where.holds, kept.holds);
    put_entries_back(where.came_from, kept.came_from);
    auto work = work_of(where);
    for (std::size_t i = 0; i < work.size(); ++i) {
        std::erase_if(*work[i], [&](const auto& one) { return kept.names.contains(one.post); });
        work[i]->insert(kept.work[i].begin(), kept.work[i].end());
    }
    auto seen = seen_of(where);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        for (const auto& name : kept.names)
            seen[i]->erase(name);
        seen[i]->insert(kept.seen[i].begin(), kept.seen[i].end());
    }
}

void way_back::go(state& known) &&
{
    if (!whole_) {
        auto accounts = std::exchange(known.accounts, {});
        for (const auto& id : unknown_)
            accounts.erase(id);
        for (auto& [id, kept] : parts_)
            put_back(accounts[id], kept);
        kept_.accounts = std::move(accounts);
    }
    known = std::move(kept_);
}

}  // namespace halfmast::engine
