// Runs every story of tests/scenarios (format: README.md there). A story that fails names its file and line.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/support/desk.hpp"

using namespace halfmast;
using namespace halfmast::test;

namespace {

std::vector<std::string> split(const std::string& text, char by = ' ')
{
    std::vector<std::string> parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, by);)
        if (!part.empty())
            parts.push_back(part);
    return parts;
}

[[noreturn]] void fault(const std::string& what) { throw std::invalid_argument(what); }

failure read_failure(const std::string& word)
{
    for (int i = 0; i <= static_cast<int>(failure::local); ++i)
        if (to_string(static_cast<failure>(i)) == word)
            return static_cast<failure>(i);
    fault("no such failure: " + word);
}

// What a call is about, as stories write it: "hold blog/sale draft".
std::string shown(const action& one)
{
    auto at = one.account.value;
    return std::visit(
        [&](const auto& call) -> std::string {
            using type = std::decay_t<decltype(call)>;
            if constexpr (std::is_same_v<type, save_post>)
                return "save " + at + "/" + call.post.value;
            else if constexpr (std::is_same_v<type, hold_post>)
                return "hold " + at + "/" + call.post.value + " " + std::string{to_string(call.by)};
            else if constexpr (std::is_same_v<type, read_posts>) {
                std::string text = "read";
                for (const auto& wanted : call.wanted)
                    text += " " + at + "/" + wanted.post.value;
                return text;
            } else if constexpr (std::is_same_v<type, release_post>)
                return "release " + at + "/" + call.post.value + " " + format_utc(call.at).substr(11, 5)
                       + (call.look_first ? " look-first" : "");
            else if constexpr (std::is_same_v<type, publish_summary>)
                return "publish " + at + " " + call.crisis.value
                       + (call.look_only    ? " look-only"
                          : call.look_first ? " look-first"
                                            : "");
            else if constexpr (std::is_same_v<type, edit_summary>)
                return "edit " + at + " " + call.crisis.value + " " + std::to_string(call.edition);
            else if constexpr (std::is_same_v<type, read_pins>)
                return "pins " + at + " " + call.crisis.value;
            else if constexpr (std::is_same_v<type, pin_summary>)
                return "pin " + at + " " + call.crisis.value;
            else {
                std::string text = "unpin " + at + " " + call.crisis.value;
                for (const auto& id : call.restore)
                    text += " +" + id.value;
                return text;
            }
        },
        one.what);
}

class story {
public:
    void run(const std::filesystem::path& file)
    {
        std::ifstream in{file};
        int number = 0;
        for (std::string line; std::getline(in, line);) {
            ++number;
            line = line.substr(0, line.find('#'));
            auto words = split(line);
            if (words.empty())
                continue;
            INFO(file.filename().string() << ":" << number << ": " << line);
            try {
                if (words[0] == "->")
                    expect(line.substr(line.find("->") + 3));
                else
                    tell(words);
            } catch (const std::exception& error) {
                FAIL(error.what());
            }
        }
        INFO(file.filename().string() << ": at the end");
        end_of_event();
        CHECK(events > 0);
        CHECK(expectations > 0);
    }

private:
    void tell(std::vector<std::string> words)
    {
        end_of_event();
        if (words[0] == "account")
            return add_account(words);
        if (words[0] == "playbook") {
            for (const auto& word : words)
                if (word == "after-approval")
                    here.rules.playbooks.at(words.at(1)).publish = publish_mode::after_approval;
            return;
        }
        here.now = at(words[0].starts_with('+') ? words[0] + " " + words.at(1) : words[0]);
        words.erase(words.begin(), words.begin() + (words[0].starts_with('+') ? 2 : 1));
        ++events;
        records = here.ledger.size();
        calls = 0;
        auto open = here.open.size();
        happen(words);
        said_no = here.refused;  // before the offers, which are events of their own
        offer_all();
        made.clear();
        for (auto i = std::min(open_before(open), here.open.size()); i < here.open.size(); ++i)
            made.push_back(shown(here.open[i]));
    }

    // Calls that an event answered are not open any more; new ones stand behind the rest.
    [[nodiscard]] std::size_t open_before(std::size_t open) const { return open - std::min<std::size_t>(open, answered); }

    // Like the engine: after an event, every account with work is offered its free places.
    void offer_all()
    {
        for (const auto& [id, declared] : here.rules.accounts) {
            auto where = here.known.accounts.find(id);
            if (where == here.known.accounts.end() || !has_work(here.known, where->second, here.now))
                continue;
            if (int room = declared.most_in_flight - where->second.in_flight; room > 0)
                here.offer(room, id.value);
        }
    }

    void end_of_event()
    {
        if (made.empty())
            return;
        std::string left;
        for (std::size_t i = calls; i < made.size(); ++i)
            left += "\n  " + made[i];
        if (!left.empty())
            FAIL_CHECK("calls that the story does not name:" << left);
        made.clear();
    }

    void expect(const std::string& text)
    {
        ++expectations;
        auto words = split(text);
        if (words.at(0) == "nothing") {
            CHECK(made.empty());
            if (!made.empty())
                FAIL_CHECK("but: " << made[0]);
        } else if (words[0] == "note" || words[0] == "no") {
            auto kind = parse_record_kind(words.at(words[0] == "no" ? 2 : 1));
            if (!kind)
                fault("no such record: " + text);
            std::string target = words[0] == "no" ? (words.size() > 3 ? words[3] : "") : words.size() > 2 ? words[2] : "";
            bool found = false;
            for (auto i = records; i < here.ledger.size(); ++i) {
                const auto& record = here.ledger[i];
                auto about = record.post.empty() ? record.account.value.empty() ? record.crisis.value : record.account.value
                                                 : display_id(record.account, record.post);
                found = found || (record.kind == *kind && (target.empty() || about == target));
            }
            CHECK(found == (words[0] == "note"));
        } else if (words[0] == "state") {
            auto [account, post] = target_of(words.at(1));
            CHECK(std::string{to_string(here.of(post.value, account.value).state)} == words.at(2));
        } else if (words[0] == "summary") {
            CHECK(std::string{to_string(here.summary_of(words.at(2), words.at(1)).state)} == words.at(3));
        } else if (words[0] == "refused") {
            REQUIRE(said_no);
            CHECK(said_no->text.find(text.substr(text.find("refused") + 8)) != std::string::npos);
        } else {
            std::string wanted;
            for (const auto& word : words)
                wanted += (wanted.empty() ? "" : " ") + word;
            REQUIRE(calls < made.size());
            CHECK(made[calls] == wanted);
            ++calls;
        }
    }

    void happen(const std::vector<std::string>& words)
    {
        answered = 0;
        const auto& verb = words.at(0);
        if (verb == "sees")
            return here.sees(read_posts_of(words), words.at(1));
        if (verb == "feed")
            return feed(words);
        if (verb == "raise") {
            scope over;
            for (std::size_t i = 2; i < words.size(); ++i)
                over[words[i].substr(0, words[i].find('='))] = words[i].substr(words[i].find('=') + 1);
            return here.raise(words.at(1), over, true);
        }
        if (verb == "lower")
            return here.lower(words.at(1));
        if (verb == "approve")
            return here.happen(summary_approved{crisis_id{words.at(1)}, actor_id{"ops"}});
        if (verb == "unreadable")
            return here.happen(account_unread{account_id{words.at(1)}, problem{read_failure(words.at(2)), words.at(2), {}}});
        if (verb == "tick")
            return here.happen(clock_ticked{});
        if (verb == "restart") {
            answered = here.open.size();
            return here.restart();
        }
        if (verb == "done" || verb == "fails" || verb == "finds")
            return answer(words);
        person(words);
    }

    void person(const std::vector<std::string>& words)
    {
        auto [account, post] = target_of(words.at(1));
        if (words[0] == "keep")
            return here.happen(keep_requested{account, post, actor_id{"maria"}, ""});
        if (words[0] == "hold")
            return here.happen(hold_requested{account, post, actor_id{"maria"}, ""});
        if (words[0] != "release")
            fault("no such event: " + words[0]);
        release_requested order{account, post, actor_id{"maria"}, {}, "", false};
        for (std::size_t i = 2; i < words.size(); ++i)
            if (words[i] == "during-crisis")
                order.during_crisis = true;
            else
                order.at = at(words[i]);
        here.happen(order);
    }

    // done|fails|finds CALL TARGET ...: the answer to the oldest open call of that name.
    void answer(const std::vector<std::string>& words)
    {
        bool finds = words[0] == "finds";
        auto name = (finds ? "read " : words.at(1) + " ") + words.at(finds ? 1 : 2);
        auto found = std::ranges::find_if(here.open, [&](const action& one) {
            auto text = shown(one) + " ";
            return finds ? text.starts_with("read ") && text.find(" " + words[1] + " ") != std::string::npos
                         : text.starts_with(name + " ");
        });
        if (found == here.open.end())
            fault("no such call is open: " + name);
        outcome result;
        if (words[0] == "fails")
            result = trouble(read_failure(words.at(3)), words.size() > 4 ? parse_duration(words[4]) : std::nullopt);
        else if (finds)
            result = readings(std::get<halfmast::read_posts>(found->what), words.at(2));
        else
            result = done(*found, words);
        auto call = *found;
        here.open.erase(found);
        answered = 1;
        here.happen(action_finished{call.id, call.account, call.what, result});
    }

    static outcome done(const action& call, const std::vector<std::string>& words)
    {
        outcome result;
        if (std::holds_alternative<save_post>(call.what))
            result.saved.push_back({"post.json", "aa", nullptr});
        else if (std::holds_alternative<publish_summary>(call.what) || std::holds_alternative<release_post>(call.what))
            result.remote = post_id{words.size() > 3 ? words[3] : ""};
        else
            for (std::size_t i = 3; i < words.size(); ++i)
                result.pins.push_back(post_id{words[i]});
        return result;
    }

    static outcome readings(const halfmast::read_posts& call, const std::string& word)
    {
        outcome result;
        for (const auto& wanted : call.wanted) {
            post_reading seen;
            seen.post = wanted.post;
            if (word.starts_with("queued@")) {
                seen.where = whereabouts::queued;
                seen.due = at(word.substr(7));
            } else {
                seen.where = word == "parked"      ? whereabouts::parked
                             : word == "published" ? whereabouts::published
                                                   : whereabouts::absent;
                if (seen.where == whereabouts::absent && word != "absent")
                    fault("a post is parked, published, absent or queued@TIME; not " + word);
            }
            result.readings.push_back(seen);
        }
        return result;
    }

    // sees ACCOUNT ID@TIME:TAG[:EDITION]...
    static std::vector<post_ptr> read_posts_of(const std::vector<std::string>& words)
    {
        std::vector<post_ptr> posts;
        for (std::size_t i = 2; i < words.size(); ++i) {
            auto place = words[i].find('@');
            auto id = words[i].substr(0, place);
            auto tag = words[i].rfind(':');
            posts.push_back(make_post(id, at(words[i].substr(place + 1, tag - place - 1)), words[i].substr(tag + 1)));
        }
        return posts;
    }

    // feed ACCOUNT PUBLIC-ID@TIME=POST...: public posts with the words of that post.
    void feed(const std::vector<std::string>& words)
    {
        std::vector<publication> posts;
        for (std::size_t i = 2; i < words.size(); ++i) {
            auto place = words[i].find('@');
            auto equals = words[i].find('=');
            auto text = "post " + words[i].substr(equals + 1);
            posts.push_back(
                {post_id{words[i].substr(0, place)}, at(words[i].substr(place + 1, equals - place - 1)), text, text, {}, ""});
        }
        here.reads_feed(posts, words.at(1));
    }

    // account ID rungs=draft,postpone:5m,takeout [label=value] [no-feed] [no-publish] [no-pin] [pins=1] [batch=10] [calls=4]
    void add_account(const std::vector<std::string>& words)
    {
        auto one = make_account(words.at(1), {});
        if (first_account_)
            here.rules.accounts.clear();
        first_account_ = false;
        for (std::size_t i = 2; i < words.size(); ++i) {
            auto name = words[i].substr(0, words[i].find('='));
            auto value = words[i].substr(std::min(words[i].size(), name.size() + 1));
            if (name == "rungs") {
                for (const auto& offer : split(value, ',')) {
                    auto parts = split(offer, ':');
                    rung_offer made_offer{parse_rung(parts.at(0)).value()};
                    if (parts.size() > 1)
                        made_offer.needs_lead = std::chrono::duration_cast<seconds>(parse_duration(parts[1]).value());
                    one.rungs.push_back(made_offer);
                }
            } else if (name == "no-feed")
                one.can_read_feed = false;
            else if (name == "no-publish")
                one.can_publish = false;
            else if (name == "no-pin")
                one.can_pin = false;
            else if (name == "pins")
                one.most_pins = std::stoi(value);
            else if (name == "batch")
                one.read_batch = std::stoi(value);
            else if (name == "calls")
                one.most_in_flight = std::stoi(value);
            else
                one.labels[name] = value;
        }
        here.rules.accounts[one.id] = one;
    }

    static std::pair<account_id, post_id> target_of(const std::string& text)
    {
        auto slash = text.find('/');
        if (slash == std::string::npos)
            fault("not ACCOUNT/POST: " + text);
        return {account_id{text.substr(0, slash)}, post_id{text.substr(slash + 1)}};
    }

    desk here;
    std::vector<std::string> made;  // calls of the last event
    std::size_t calls = 0;          // of them, named by the story so far
    std::size_t records = 0;        // in the ledger before the last event
    std::size_t answered = 0;
    std::optional<refusal> said_no;
    int events = 0;
    int expectations = 0;
    bool first_account_ = true;
};

}  // namespace

TEST_CASE("every story of tests/scenarios", "[scenarios]")
{
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator{std::filesystem::path{HALFMAST_SOURCE_DIR} / "tests" / "scenarios"})
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path());
    std::ranges::sort(files);
    CHECK(files.size() >= 8);
    for (const auto& file : files)
        story{}.run(file);
}
