// A platform in front of another one: what it does not say itself, the one behind it says.
#pragma once

#include <memory>
#include <utility>

#include "tests/contract/platform.hpp"

namespace halfmast::contract {

class forwarding_fake : public fake_platform {
public:
    explicit forwarding_fake(std::unique_ptr<fake_platform> behind) : behind_(std::move(behind)) {}

    bool has(feature what) const override { return behind_->has(what); }
    call_kind kind_of(const http_request& request) const override { return behind_->kind_of(request); }
    void advance(time_point now) override { behind_->advance(now); }
    post_id schedule(const new_post& post, time_point now) override { return behind_->schedule(post, now); }
    void remove(const post_id& scheduled, time_point now) override { behind_->remove(scheduled, now); }
    void rewrite(const post_id& scheduled, const std::string& text, time_point now) override
    {
        behind_->rewrite(scheduled, text, now);
    }
    post_id publish(const std::string& text, bool pinned, time_point at) override { return behind_->publish(text, pinned, at); }
    post_id mention(const std::string& text, const std::string& by, time_point at) override
    {
        return behind_->mention(text, by, at);
    }
    void edit_mention(const post_id& id, const std::string& text) override { behind_->edit_mention(id, text); }
    void remove_mention(const post_id& id) override { behind_->remove_mention(id); }
    void answer_mention(const post_id& id, const std::string& text, time_point at) override
    {
        behind_->answer_mention(id, text, at);
    }
    standing_post look(const post_id& id) override { return behind_->look(id); }
    std::size_t queued() const override { return behind_->queued(); }
    std::vector<public_post> published() const override { return behind_->published(); }
    std::vector<post_id> pinned() const override { return behind_->pinned(); }
    std::vector<public_post> answers(const post_id& to) const override { return behind_->answers(to); }
    bool shows_edit(const post_id& id, const std::string& said) const override { return behind_->shows_edit(id, said); }

protected:
    [[nodiscard]] fake_platform& behind() const { return *behind_; }

private:
    std::unique_ptr<fake_platform> behind_;
};

}  // namespace halfmast::contract
