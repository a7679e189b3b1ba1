// The state of the practice platform, its indices, and time passing over it. Every change can be rolled back, so that
// a lying answer can show what would have happened. Knows nothing of requests; checks no limits.
#pragma once

#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>

#include "daemon/sandbox/rules.hpp"
#include "daemon/sandbox/state.hpp"

namespace halfmast::sandbox {

class world {
public:
    // The rules may change while it lives; they must outlive it.
    world(const rules& set, time_point now);
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    person& add_person(const std::string& name, const std::string& token, bool local, time_point now);
    person* by_token(std::string_view token);
    person* by_name(std::string_view name);
    [[nodiscard]] const person* by_name(std::string_view name) const;
    person* find_person(id key);
    [[nodiscard]] const person& owner_of(id key) const { return people_.at(key); }
    [[nodiscard]] const std::vector<id>& everybody() const { return order_; }

    scheduled* find_scheduled(id key);
    status* find_status(id key);
    media* find_media(id key);
    [[nodiscard]] const media* find_media(id key) const;
    [[nodiscard]] const status* find_status(id key) const;
    [[nodiscard]] const std::set<id>& public_statuses() const { return public_; }
    [[nodiscard]] std::vector<id> replies_to(id key) const;

    // move, reword and edit put a changed copy in place: references to the old one end.
    scheduled& schedule(person& owner, draft words, time_point due);
    void move(scheduled& post, time_point due);
    void reword(scheduled& post, draft words);
    void cancel(id key);  // unlinks the media
    status& publish(person& owner, draft words, time_point at);
    void edit(status& post, draft words, time_point at);
    void erase_status(id key);
    void pin(status& post, bool wanted);
    media& upload(person& owner, media file);
    void discard(id key);  // a file that no published status shows
    void describe(media& file, std::optional<std::string> description, double x, double y);
    void link(media& file, std::optional<id> scheduled_status, std::optional<id> published_status);
    void remember(person& who, const std::string& key, remembered_key made);
    void present(person& who, profile shown);

    // Carries out everything due up to `now`, in the order of its time.
    void advance(time_point now);
    [[nodiscard]] std::optional<time_point> next_event() const;
    // Hands what is due within the window to the job queue; gives how many.
    std::size_t sweep(time_point now);
    // Removes unlinked media that are old enough; gives how many.
    std::size_t vacuum(time_point now);
    void restart_timers(time_point now);  // after the rules changed, or the clock went back

    // Between begin and rollback every change is noted and then undone. Not while time advances.
    void begin();
    void rollback();

    [[nodiscard]] std::size_t scheduled_in_all() const { return scheduled_.size(); }

private:
    using moment = std::pair<time_point, id>;

    id make_snowflake(time_point at);
    scheduled& insert(scheduled post);
    scheduled take(id key);
    status& insert(status post);
    status take_status(id key);
    media& insert(media file);
    media take_media(id key);
    void notify_mentioned(const status& post);
    void forget_mentions(const status& post);
    void drop_notification(person& whose, id key);
    void fire(id key, time_point at, bool by_job);
    void note(std::function<void()> undo);
    [[nodiscard]] time_point next_vacuum_after(time_point now) const;

    const rules& rules_;
    std::unordered_map<id, person> people_;
    std::vector<id> order_;
    std::unordered_map<std::string, id> names_;
    std::unordered_map<std::string, id> tokens_;
    std::unordered_map<id, scheduled> scheduled_;
    std::unordered_map<id, status> statuses_;
    std::unordered_map<id, media> media_;
    std::unordered_map<id, std::set<id>> replies_;
    std::set<id> public_;
    std::set<moment> due_;       // scheduled posts by date
    std::set<moment> jobs_;      // handed over: fire at this time whatever the date is by then
    std::set<moment> unlinked_;  // media by upload time
    time_point next_sweep_;
    time_point next_vacuum_;
    id next_scheduled_ = 1;
    id next_person_ = 109'000'000'000'000'001;
    id next_notification_ = 1;
    time_point last_stamp_{};
    id last_low_ = 0;
    bool recording_ = false;
    std::vector<std::function<void()>> undo_;
};

}  // namespace halfmast::sandbox
