// A Ghost in memory for the contract suite and the room's own tests, with the traps that were seen at the real one.
#pragma once

#include <memory>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

// What only a Ghost has.
class ghost_site : public fake_platform {
public:
    // As a person does it in the editor: scheduled to go to these members by mail too, or by mail alone.
    virtual post_id schedule_mail(const new_post& post, const std::string& segment, bool email_only, time_point now) = 0;
    virtual post_id schedule_page(const new_post& post, time_point now) = 0;
    // A colleague saves the post with another title; with `status`, that too: "scheduled" is in an hour.
    virtual void edit(const post_id& id, const std::string& status, time_point now) = 0;
    virtual void archive_newsletter() = 0;
    // How far its clock is before the test's.
    virtual void set_clock(milliseconds ahead) = 0;
    // Runs at the next look at one post, after its answer was made: somebody is quicker.
    virtual void after_look(std::function<void()> what) = 0;

    // "newsletter segment: title" of every mail that left.
    [[nodiscard]] virtual std::vector<std::string> mails() const = 0;
    // Everything of a post but its status, its date and updated_at, as JSON.
    [[nodiscard]] virtual std::string whole(const post_id& id) const = 0;
};

std::unique_ptr<ghost_site> make_ghost_site(time_point now, bool featured_shows);

std::unique_ptr<fake_platform> make_ghost(time_point now);        // a theme that shows featured posts
std::unique_ptr<fake_platform> make_plain_ghost(time_point now);  // one that does not

}  // namespace halfmast::contract
