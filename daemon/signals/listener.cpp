// What was heard of one account: minutes, samples, and the text it is kept as.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "daemon/signals/mentions.hpp"

namespace halfmast::signals {

namespace {

using nlohmann::json;
using std::chrono::minutes;

constexpr std::chrono::seconds late_listing{10};  // a platform lists what was written a moment ago
constexpr std::chrono::hours longest_gap{1};      // minutes further back than that were not heard for sure
constexpr minutes spike_is_over_after{30};
constexpr std::size_t most_samples = 200;
constexpr std::size_t samples_shown = 4;
constexpr std::size_t most_sample = 160;
constexpr std::size_t terms_shown = 6;
constexpr std::string_view kept_schema = "halfmast.mentions/1";

time_point minute_of(time_point at) { return std::chrono::floor<minutes>(at); }

std::string sample_line(const mention& one)
{
    auto line = one.text;
    for (auto& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    if (line.size() > most_sample) {
        auto end = most_sample;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0u) == 0x80u)
            --end;
        line.resize(end);
        line += "...";
    }
    return (one.by.empty() ? "" : one.by + ": ") + line + (one.url.empty() ? "" : " " + one.url);
}

double number_in(const json& object, const char* name, double least, double most)
{
    auto value = object.at(name).get<double>();
    if (!std::isfinite(value) || value < least || value > most)
        throw std::out_of_range(name);
    return value;
}

json week_json(const rhythm& usual)
{
    auto week = json::array();
    for (const auto& slot : usual.week)
        week.push_back({{"heard", slot.heard}, {"filled", slot.filled}, {"next", slot.next}});
    return week;
}

void read_week(const json& week, rhythm& usual)
{
    if (week.size() != usual.week.size())
        throw std::out_of_range("week");
    for (std::size_t hour = 0; hour < usual.week.size(); ++hour) {
        auto& slot = usual.week[hour];
        const auto& from = week[hour];
        for (std::size_t i = 0; i < slot.heard.size(); ++i) {
            slot.heard[i] = from.at("heard").at(i).get<float>();
            if (!std::isfinite(slot.heard[i]) || slot.heard[i] < 0)
                throw std::out_of_range("heard");
        }
        slot.filled = static_cast<std::uint8_t>(number_in(from, "filled", 0, rhythm::weeks));
        slot.next = static_cast<std::uint8_t>(number_in(from, "next", 0, rhythm::weeks - 1));
    }
}

constexpr double many = 1e15;

std::int64_t whole_in(const json& object, const char* name)
{
    return static_cast<std::int64_t>(number_in(object, name, -many, many));
}

}  // namespace

void listener::follow(time_point now)
{
    spike_at_ = std::min(spike_at_, now);
    if (counted_to_ <= now)
        return;
    counted_to_ = minute_of(now);
    std::erase_if(usual_.recent, [&](const auto& one) { return one.at >= counted_to_; });
    minute uncounted;
    for (const auto& [at, one] : open_) {
        uncounted.said += one.said;
        uncounted.complaints += one.complaints;
    }
    open_.clear();
    open_[counted_to_] = uncounted;
}

void listener::take(const mention_watch& rules, const std::vector<mention>& posts, time_point now, seconds offset,
                    const std::function<std::string(std::string_view)>& fold)
{
    if (counted_to_ == time_point{})
        counted_to_ = minute_of(now);
    if (counted_to_ < now - longest_gap) {
        counted_to_ = minute_of(now - longest_gap);
        open_.erase(open_.begin(), open_.lower_bound(counted_to_));
    }
    for (const auto& one : posts) {
        auto at = minute_of(std::min(one.at, now));
        if (at < counted_to_)
            at = minute_of(now);  // heard of late
        auto& into = open_[at];
        ++into.said;
        auto words = complaints_in(*rules.complaints, fold(one.text));
        if (words.empty())
            continue;
        ++into.complaints;
        samples_.push_back({one.at, sample_line(one), std::move(words)});
        if (samples_.size() > most_samples)
            samples_.pop_front();
    }
    for (; counted_to_ + minutes{1} + late_listing <= now; counted_to_ += minutes{1}) {
        heard_minute counted;
        counted.at = counted_to_;
        counted.utc_offset = offset;
        if (auto heard = open_.find(counted_to_); heard != open_.end()) {
            counted.said = heard->second.said;
            counted.complaints = heard->second.complaints;
            open_.erase(heard);
        }
        hear(usual_, rules.rules, counted);
    }
}

std::vector<std::string> listener::evidence(const spike_verdict& verdict) const
{
    std::vector<std::string> lines{who_.id.value + ": " + explain(verdict)};
    auto since = counted_to_ - minutes{verdict.what.minutes + 2};
    std::map<std::string, int> terms;
    for (const auto& one : samples_)
        if (one.at >= since)
            for (const auto& word : one.words)
                ++terms[word];
    std::vector<std::pair<int, std::string>> often;
    for (const auto& [word, times] : terms)
        often.emplace_back(times, word);
    std::ranges::sort(often, std::greater<>{});
    std::string said;
    for (std::size_t i = 0; i < often.size() && i < terms_shown; ++i)
        said += (i == 0 ? "complaints say: " : ", ") + often[i].second + " (" + std::to_string(often[i].first) + ")";
    if (!said.empty())
        lines.push_back(std::move(said));
    std::size_t shown = 0;
    for (auto one = samples_.rbegin(); one != samples_.rend() && shown < samples_shown && one->at >= since; ++one, ++shown)
        lines.push_back(one->line);
    return lines;
}

std::optional<heard_signal> listener::judge(const mention_watch& rules, time_point now)
{
    auto verdict = judge_spike(usual_, rules.rules);
    bool is_spike = verdict.state == spike_state::spike && usual_.recent.back().at > now - minutes{5};
    bool is_over = !is_spike && spike_at_ != time_point{} && now >= spike_at_ + spike_is_over_after;
    if (!is_spike && !is_over)
        return std::nullopt;
    spike_at_ = is_spike ? now : time_point{};
    heard_signal said;
    said.source = "spike/" + who_.id.value;
    said.what = "people write to " + who_.id.value + " far more than usual";
    said.playbook = rules.playbook;
    said.level = rules.level;
    said.wish = rules.wish;
    if (!rules.by.empty()) {
        auto label = who_.labels.find(rules.by);
        if (label != who_.labels.end())
            said.over = {{rules.by, label->second}};
        else
            said.over = {{"account", who_.id.value}};
    }
    said.ended = is_over;
    if (is_spike)
        said.evidence = evidence(verdict);
    else
        said.evidence = {who_.id.value + ": as usual again for " + format_duration(spike_is_over_after)};
    return said;
}

std::string listener::text() const
{
    json kept{{"schema", kept_schema},
              {"cursor", cursor},
              {"counted_to", counted_to_.time_since_epoch().count()},
              {"spike_at", spike_at_.time_since_epoch().count()},
              {"hour", usual_.hour},
              {"hour_heard", usual_.hour_heard},
              {"hour_squares", usual_.hour_squares},
              {"hour_minutes", usual_.hour_minutes},
              {"hours_learned", usual_.hours_learned},
              {"unevenness", usual_.unevenness}};
    kept["week"] = week_json(usual_);
    kept["day"] = json::array();
    for (const auto& one : usual_.day)
        kept["day"].push_back({{"heard", one.heard}, {"usual", one.usual}});
    kept["recent"] = json::array();
    for (const auto& one : usual_.recent)
        kept["recent"].push_back({{"at", one.at.time_since_epoch().count()},
                                  {"said", one.said},
                                  {"complaints", one.complaints},
                                  {"offset", one.utc_offset.count()}});
    kept["open"] = json::array();
    for (const auto& [at, one] : open_)
        kept["open"].push_back({{"at", at.time_since_epoch().count()}, {"said", one.said}, {"complaints", one.complaints}});
    return kept.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool listener::read(std::string_view text)
{
    listener made{who_};
    try {
        auto kept = json::parse(text);
        if (kept.at("schema").get<std::string>() != kept_schema)
            return false;
        made.cursor = kept.at("cursor").get<std::string>();
        made.counted_to_ = time_point{milliseconds{whole_in(kept, "counted_to")}};
        made.spike_at_ = time_point{milliseconds{whole_in(kept, "spike_at")}};
        auto& usual = made.usual_;
        usual.hour = whole_in(kept, "hour");
        usual.hour_heard = number_in(kept, "hour_heard", 0, many);
        usual.hour_squares = number_in(kept, "hour_squares", 0, many);
        usual.hour_minutes = static_cast<int>(number_in(kept, "hour_minutes", 0, 60));
        usual.hours_learned = static_cast<int>(number_in(kept, "hours_learned", 0, 1e8));
        usual.unevenness = number_in(kept, "unevenness", 0, 1e3);
        read_week(kept.at("week"), usual);
        for (const auto& one : kept.at("day"))
            usual.day.push_back(
                {static_cast<float>(number_in(one, "heard", 0, 1e9)), static_cast<float>(number_in(one, "usual", -1, 1e9))});
        for (const auto& one : kept.at("recent")) {
            heard_minute minute;
            minute.at = time_point{milliseconds{whole_in(one, "at")}};
            minute.said = static_cast<int>(number_in(one, "said", 0, 1e8));
            minute.complaints = static_cast<int>(number_in(one, "complaints", 0, 1e8));
            minute.utc_offset = seconds{static_cast<std::int64_t>(number_in(one, "offset", -86'400, 86'400))};
            usual.recent.push_back(minute);
        }
        for (const auto& one : kept.at("open"))
            made.open_[time_point{milliseconds{whole_in(one, "at")}}] = {static_cast<int>(number_in(one, "said", 0, 1e8)),
                                                                         static_cast<int>(number_in(one, "complaints", 0, 1e8))};
    } catch (const std::exception&) {
        return false;  // what is learned anew takes a day
    }
    if (made.usual_.day.size() > 24 || made.usual_.recent.size() > 60)
        return false;
    *this = std::move(made);
    return true;
}

}  // namespace halfmast::signals
