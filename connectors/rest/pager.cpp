#include "connectors/rest/pager.hpp"

#include <algorithm>

namespace halfmast::rest {

namespace {

constexpr int most_calls = 5'000;
constexpr int most_restarts = 10;
constexpr std::int64_t most_overlap = 10;

}  // namespace

std::string pager::position() const
{
    switch (how_.by) {
    case paging_kind::page: return std::to_string(page_);
    case paging_kind::offset: return std::to_string(offset_);
    case paging_kind::cursor: return cursor_;
    case paging_kind::none:
    case paging_kind::link: break;
    }
    return {};
}

pager::answer pager::take(const page_facts& seen, std::vector<std::size_t>& fresh)
{
    fresh.clear();
    if (++calls_ > most_calls)
        return answer::stuck;
    bool overlaps = std::ranges::any_of(seen.ids, [&](const auto& id) { return seen_.contains(id); });
    if (how_.by == paging_kind::offset && offset_ > 0 && !overlaps && !(seen.total && seen.total == total_))
        return by_offset(seen, false);  // nothing of it counts
    if (how_.by == paging_kind::page && page_ > how_.first && seen.total != total_)
        return start_again();
    for (std::size_t i = 0; i < seen.ids.size(); ++i)
        if (seen_.insert(seen.ids[i]).second)
            fresh.push_back(i);
    total_ = seen.total;
    switch (how_.by) {
    case paging_kind::none: return answer::done;
    case paging_kind::page: return by_page(seen);
    case paging_kind::offset:
        if (!seen.ids.empty() && fresh.empty() && ++restarts_ > 5 * most_restarts)
            return answer::stuck;  // a server that ignores the offset
        return by_offset(seen, true);
    case paging_kind::cursor: return by_cursor(seen);
    case paging_kind::link: break;
    }
    return by_link(seen);
}

pager::answer pager::start_again()
{
    if (++restarts_ > most_restarts)
        return answer::stuck;
    page_ = how_.first;
    seen_.clear();
    total_.reset();
    return answer::again;
}

pager::answer pager::by_page(const page_facts& seen)
{
    auto number = page_ - how_.first + 1;
    bool last = seen.pages   ? number >= *seen.pages
                : seen.total ? number * how_.size >= *seen.total
                             : static_cast<std::int64_t>(seen.ids.size()) < how_.size;
    if (last || seen.ids.empty())
        return answer::done;
    ++page_;
    return answer::more;
}

// Pages overlap: one that shows nothing of the page before it is asked for again, further up.
pager::answer pager::by_offset(const page_facts& seen, bool fits)
{
    auto overlap = std::min(most_overlap, how_.size / 2);
    if (!fits) {
        if (++restarts_ > 5 * most_restarts)
            return answer::stuck;
        total_ = seen.total;
        offset_ = std::max<std::int64_t>(0, offset_ - (how_.size - overlap));
        return answer::more;
    }
    bool full = static_cast<std::int64_t>(seen.ids.size()) >= how_.size;
    if (seen.total ? offset_ + how_.size >= *seen.total : !full)
        return answer::done;
    offset_ += how_.size - overlap;
    return answer::more;
}

pager::answer pager::by_cursor(const page_facts& seen)
{
    if (seen.cursor.empty() || !seen.more)
        return answer::done;
    cursor_ = seen.cursor;
    return places_.insert(cursor_).second ? answer::more : answer::stuck;
}

pager::answer pager::by_link(const page_facts& seen)
{
    if (seen.next.empty())
        return answer::done;
    url_ = seen.next;
    return places_.insert(url_).second ? answer::more : answer::stuck;
}

}  // namespace halfmast::rest
