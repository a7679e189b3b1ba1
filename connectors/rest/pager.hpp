// Which page of a list comes next, and whether the pages fit together: posts leave a queue while it is read, and everything
// behind them moves up. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/rest/description.hpp"

namespace halfmast::rest {

// What one page says about the list.
struct page_facts {
    std::vector<std::string> ids;  // of everything on it, whatever its state
    std::optional<std::int64_t> total;
    std::optional<std::int64_t> pages;
    std::string cursor;  // of the next page; empty: there is none
    bool more = true;    // cursor: says that there is one
    std::string next;    // the URL of the next page, as the Link header has it
};

class pager {
public:
    explicit pager(const paging& how) : how_(how), page_(how.first) {}

    // The value of the paging parameter, for the query and for {page}, {offset}, {cursor}. Empty: the first page needs none.
    [[nodiscard]] std::string position() const;
    // Set: the whole URL of the page.
    [[nodiscard]] const std::string& url() const { return url_; }

    enum class answer {
        more,   // ask again
        again,  // the list changed while it was read: what was seen so far is to be forgotten
        done,
        stuck,  // the pages do not fit together, or never end
    };
    // `fresh`: which items of this page (by index) were not seen before.
    answer take(const page_facts& seen, std::vector<std::size_t>& fresh);

private:
    [[nodiscard]] answer by_page(const page_facts& seen);
    [[nodiscard]] answer by_offset(const page_facts& seen, bool overlaps);
    [[nodiscard]] answer by_cursor(const page_facts& seen);
    [[nodiscard]] answer by_link(const page_facts& seen);
    answer start_again();

    const paging& how_;
    std::int64_t page_;
    std::int64_t offset_ = 0;
    std::string cursor_;
    std::string url_;
    std::optional<std::int64_t> total_;
    std::set<std::string> seen_;
    std::set<std::string> places_;  // cursors and URLs that were followed
    int calls_ = 0;
    int restarts_ = 0;
};

}  // namespace halfmast::rest
