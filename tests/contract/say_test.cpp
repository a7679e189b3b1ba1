// What every connector promises about keeping the summary current: edits, follow-ups in its thread, and replies to what people wrote.
#include <algorithm>

#include "tests/contract/matrix.hpp"
#include "tests/contract/stage.hpp"
#include "tests/support/catch.hpp"

using namespace halfmast;
using namespace halfmast::contract;
using namespace std::chrono_literals;

namespace {

constexpr auto not_described = "not among what is described for this account";
constexpr auto nobody_tells = "nobody tells there what people write to the account";

constexpr auto first_words = "We know that checkout is failing & are working on it. Next update by 14:45 UTC.";
constexpr auto second_words =
    "Checkout works again for cards; PayPal still fails.\n\nNext update by 15:30 UTC. https://status.example/1";
constexpr auto kind_words = "We're sorry. Please write to help@acme.example, so that we can look at it.";

publish_summary answer_to(const post_id& mention, int number, bool look_first = false)
{
    auto call = edition_of(1, kind_words, mention, look_first);
    call.edition = 0;
    call.reply = "r-" + std::to_string(number);
    call.key += "-r" + std::to_string(number);
    return call;
}

result<receipt> edit(stage& on, const post_id& remote, const std::string& words)
{
    edit_summary call;
    call.crisis = crisis_id{"c-1"};
    call.edition = 2;
    call.remote = remote;
    call.words = {"en", words};
    return on.run(on.to.pins->edit(std::move(call)));
}

std::string letters(std::string text)
{
    std::erase_if(text, [](unsigned char c) { return c <= ' '; });
    return text;
}

// A reader sees these words in that post.
bool shows(const stage& on, const post_id& id, const std::string& words)
{
    for (const auto& one : on.platform->published())
        if (one.id == id)
            return letters(one.text).find(letters(words)) != std::string::npos;
    return false;
}

// An id of the same kind that nothing has.
post_id nobodys(post_id id)
{
    id.value.back() = id.value.back() == '1' ? '2' : '1';
    return id;
}

// The fault of an answer that is lost on its way.
fault lost(call_kind on, bool carried_out)
{
    fault what{.on = on, .carried_out = carried_out};
    what.cut = true;
    return what;
}

// None of these is possible there, for one reason.
void none_of(const maker& which, std::initializer_list<const char*> properties, std::string_view what, std::string_view otherwise)
{
    for (const auto* one : properties) {
        about(which, one);
        not_possible(which, what, otherwise);
    }
}

constexpr auto edit_keeps = "edit: new words in the same post, which keeps its pin";
constexpr auto edit_shows = "edit: a reader can see that there was one";
constexpr auto edit_twice = "edit: what says so already is done";
constexpr auto edit_found = "edit: found done when its answer was lost";
constexpr auto edit_again = "edit: repeated when it never arrived";
constexpr auto thread_once = "follow-up: in the thread of the first edition";
constexpr auto thread_found = "follow-up: found again when its answer was lost";
constexpr auto thread_again = "follow-up: repeated when it never arrived";
constexpr auto thread_lie = "follow-up: a 2xx that lies is none";
constexpr auto thread_gone = "follow-up: refused under a post that is gone";
constexpr auto reply_once = "reply: to the one who wrote, once";
constexpr auto reply_found = "reply: found again when its answer was lost";
constexpr auto reply_again = "reply: repeated when it never arrived, or only the answer said so";
constexpr auto reply_gone = "reply: refused when what it answers is gone";

}  // namespace

TEST_CASE("an edit gives the pinned post new words and leaves the rest as it was", "[contract]")
{
    auto which = every_platform(edit_keeps);
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_edit)
        return none_of(which, {edit_keeps, edit_shows, edit_twice}, "edit", not_described);
    auto former = on.platform->publish("Opening hours", on.declared.can_pin, on.now - 24h);
    auto first = on.say_first(first_words);
    if (on.declared.can_pin)
        REQUIRE(on.run(on.to.pins->pin(first.remote)).has_value());
    auto pinned = on.platform->pinned();
    on.pass(10min);
    auto done = edit(on, first.remote, second_words);
    INFO((done ? "" : done.error().detail));
    REQUIRE(done.has_value());
    CHECK(done->remote == first.remote);
    CHECK(done->url == first.url);
    CHECK(on.platform->published().size() == 2);
    CHECK(shows(on, first.remote, second_words));
    CHECK_FALSE(shows(on, first.remote, first_words));
    CHECK(shows(on, former, "Opening hours"));
    CHECK(on.platform->pinned() == pinned);
    CHECK(on.net.count(call_kind::edits) == 1);
    CHECK(on.net.details == std::vector<std::string>{});
    about(which, edit_shows);
    if (on.platform->has(feature::edit_marks))
        CHECK(on.platform->shows_edit(first.remote, first_words));
    else
        not_possible(which, "edit marks", "nothing shows an edit there");
    about(which, edit_twice);
    REQUIRE(edit(on, first.remote, second_words).has_value());
    CHECK(on.net.count(call_kind::edits) == 1);
    CHECK(shows(on, first.remote, second_words));
    REQUIRE(edit(on, first.remote, first_words).has_value());
    CHECK(shows(on, first.remote, first_words));
    CHECK_FALSE(shows(on, first.remote, second_words));
}

TEST_CASE("an edit whose answer was lost is found done, and repeated when it is not", "[contract]")
{
    auto which = every_platform(edit_found);
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_edit)
        return none_of(which, {edit_found, edit_again}, "edit", not_described);
    auto first = on.say_first(first_words);
    SECTION("after it was carried out: by a cut")
    {
        on.net.fail(lost(call_kind::edits, true));
        auto tried = edit(on, first.remote, second_words);
        REQUIRE_FALSE(tried.has_value());
        CHECK(tried.error().kind == failure::unknown_outcome);
        REQUIRE(edit(on, first.remote, second_words).has_value());
        CHECK(on.net.count(call_kind::edits) == 1);
    }
    SECTION("after it was carried out: by a 503")
    {
        fault busy{.on = call_kind::edits, .status = 503, .carried_out = true};
        on.net.fail(busy);
        CHECK(edit(on, first.remote, second_words).error().kind == failure::unknown_outcome);
        REQUIRE(edit(on, first.remote, second_words).has_value());
        CHECK(on.net.count(call_kind::edits) == 1);
    }
    SECTION("before")
    {
        about(which, edit_again);
        on.net.fail(lost(call_kind::edits, false));
        auto tried = edit(on, first.remote, second_words);
        REQUIRE_FALSE(tried.has_value());
        CHECK(tried.error().kind == failure::unknown_outcome);
        CHECK(shows(on, first.remote, first_words));
        REQUIRE(edit(on, first.remote, second_words).has_value());
        CHECK(on.net.count(call_kind::edits) == 2);
    }
    CHECK(shows(on, first.remote, second_words));
    CHECK_FALSE(shows(on, first.remote, first_words));
    CHECK(on.platform->published().size() == 1);
}

TEST_CASE("an answer that lies about an edit is not taken for one", "[contract]")
{
    auto which = every_platform("edit: a 2xx that lies is no edit");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_edit)
        return not_possible(which, "edit", not_described);
    auto first = on.say_first(first_words);
    on.net.fail({.on = call_kind::edits, .lie = true});
    auto tried = edit(on, first.remote, second_words);
    REQUIRE_FALSE(tried.has_value());
    CHECK(tried.error().kind == failure::unknown_outcome);
    CHECK(shows(on, first.remote, first_words));
    REQUIRE(edit(on, first.remote, second_words).has_value());
    CHECK(shows(on, first.remote, second_words));
}

TEST_CASE("only a public post is edited", "[contract]")
{
    auto which = every_platform("edit: a post that is not there, or not public, is said and left alone");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_edit)
        return not_possible(which, "edit", not_described);
    auto first = on.say_first(first_words);
    auto missing = edit(on, nobodys(first.remote), second_words);
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().kind == failure::not_found);
    CHECK_FALSE(missing.error().detail.empty());
    auto waiting = on.platform->schedule(promo(on, "Big sale", 2h), on.now);
    auto refused = edit(on, waiting, second_words);
    REQUIRE_FALSE(refused.has_value());
    CHECK((refused.error().kind == failure::rejected || refused.error().kind == failure::not_found));
    CHECK(on.platform->look(waiting).where == whereabouts::queued);
    CHECK(on.net.count(call_kind::edits) == 0);
    CHECK(on.platform->published().size() == 1);
}

TEST_CASE("an edit that comes too soon says when to try again", "[contract]")
{
    auto which = every_platform("edit: 429 says how long to wait");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_edit)
        return not_possible(which, "edit", not_described);
    auto first = on.say_first(first_words);
    fault limited{.on = call_kind::edits, .status = 429};
    limited.headers.emplace_back("Retry-After", "7");
    on.net.fail(limited);
    auto slow = edit(on, first.remote, second_words);
    REQUIRE_FALSE(slow.has_value());
    CHECK(slow.error().kind == failure::rate_limited);
    CHECK(slow.error().retry_after.has_value());
    CHECK(shows(on, first.remote, first_words));
    REQUIRE(edit(on, first.remote, second_words).has_value());
}

TEST_CASE("what is too long is refused whole", "[contract]")
{
    auto which = every_platform("publish, edit: what is too long is refused, never cut");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", not_described);
    if (on.declared.text_limit == 0)
        return not_possible(which, "limit of text", "a text may have any length there");
    std::string long_words;
    while (long_words.size() < static_cast<std::size_t>(on.declared.text_limit) + 1)
        long_words += "failing ";
    auto refused = on.say(edition_of(1, long_words));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::rejected);
    CHECK(on.platform->published().empty());
    auto first = on.say_first(first_words);
    if (!on.declared.can_edit)
        return;
    auto tried = edit(on, first.remote, long_words);
    REQUIRE_FALSE(tried.has_value());
    CHECK(tried.error().kind == failure::rejected);
    CHECK(shows(on, first.remote, first_words));
}

TEST_CASE("a follow-up goes into the thread of the first edition, once", "[contract]")
{
    auto which = every_platform(thread_once);
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_reply)
        return none_of(which, {thread_once, thread_found, thread_again, thread_lie, thread_gone}, "reply", not_described);
    if (!on.platform->has(feature::threads))
        return none_of(which, {thread_once, thread_found, thread_again, thread_lie, thread_gone}, "threads",
                       "posts stand alone there; people's comments can be answered");
    auto first = on.say_first(first_words);
    auto thread_of = [&] { return on.platform->answers(first.remote); };
    SECTION("and each edition is another post")
    {
        auto second = on.say(edition_of(2, second_words, first.remote));
        INFO((second ? "" : second.error().detail));
        REQUIRE(second.has_value());
        CHECK(second->remote != first.remote);
        REQUIRE(thread_of().size() == 1);
        CHECK(thread_of()[0].id == second->remote);
        CHECK(letters(thread_of()[0].text) == letters(second_words));
        on.pass(2h);
        CHECK(on.say(edition_of(2, second_words, first.remote, true)).value().remote == second->remote);
        // The same words in a later edition are no earlier copy of it where the key is kept; nowhere is there a third of one key.
        auto third = on.say(edition_of(3, "Checkout works again. Next update by 16:00 UTC.", second->remote));
        REQUIRE(third.has_value());
        CHECK(on.platform->answers(second->remote).size() == 1);
        CHECK(on.platform->published().size() == 3);
    }
    SECTION("found again when its answer was lost")
    {
        about(which, thread_found);
        on.net.fail(lost(call_kind::publishes, true));
        CHECK(on.say(edition_of(2, second_words, first.remote)).error().kind == failure::unknown_outcome);
        on.pass(90min);
        auto again = on.say(edition_of(2, second_words, first.remote, true));
        REQUIRE(again.has_value());
        REQUIRE(thread_of().size() == 1);
        CHECK(thread_of()[0].id == again->remote);
    }
    SECTION("repeated when it never arrived")
    {
        about(which, thread_again);
        on.net.fail(lost(call_kind::publishes, false));
        REQUIRE_FALSE(on.say(edition_of(2, second_words, first.remote)).has_value());
        REQUIRE(on.say(edition_of(2, second_words, first.remote, true)).has_value());
        CHECK(thread_of().size() == 1);
    }
    SECTION("a lie is no follow-up")
    {
        about(which, thread_lie);
        on.net.fail({.on = call_kind::publishes, .lie = true});
        CHECK(on.say(edition_of(2, second_words, first.remote)).error().kind == failure::unknown_outcome);
        CHECK(thread_of().empty());
        REQUIRE(on.say(edition_of(2, second_words, first.remote, true)).has_value());
        CHECK(thread_of().size() == 1);
    }
    SECTION("under a post that is gone there is none")
    {
        about(which, thread_gone);
        auto refused = on.say(edition_of(2, second_words, nobodys(first.remote)));
        // Where a post is named with its hash, a wrong hash alone does not hide it.
        if (on.declared.connector != "bluesky") {
            REQUIRE_FALSE(refused.has_value());
            CHECK(refused.error().kind == failure::rejected);
            CHECK(on.platform->published().size() == 1);
        }
        auto nowhere =
            on.say(edition_of(3, second_words, nobodys(post_id{first.remote.value.substr(0, first.remote.value.find('#'))})));
        REQUIRE_FALSE(nowhere.has_value());
        CHECK(nowhere.error().kind == failure::rejected);
    }
}

TEST_CASE("a reply goes to the one who wrote, once", "[contract]")
{
    auto which = every_platform(reply_once);
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_reply)
        return none_of(which, {reply_once, reply_found, reply_again, reply_gone}, "reply", not_described);
    if (!on.platform->has(feature::mentions))
        return none_of(which, {reply_once, reply_found, reply_again, reply_gone}, "mentions", nobody_tells);
    auto kati = on.platform->mention("Your shop took my money twice!", "kati", on.now - 5min);
    auto ivan = on.platform->mention("Is this ever going to work?", "ivan", on.now - 4min);
    on.pass(1s);
    auto said_to = [&](const post_id& whom) { return on.platform->answers(whom).size(); };
    SECTION("the same words to two people are two replies")
    {
        auto one = on.say(answer_to(kati, 1));
        INFO((one ? "" : one.error().detail));
        REQUIRE(one.has_value());
        CHECK_FALSE(one->remote.empty());
        auto other = on.say(answer_to(ivan, 2, true));
        INFO((other ? "" : other.error().detail));
        REQUIRE(other.has_value());
        CHECK(one->remote != other->remote);
        REQUIRE(said_to(kati) == 1);
        REQUIRE(said_to(ivan) == 1);
        CHECK(letters(on.platform->answers(kati)[0].text).find(letters(kind_words)) != std::string::npos);
        on.pass(2h);
        CHECK(on.say(answer_to(kati, 1, true)).value().remote == one->remote);
        CHECK(said_to(kati) == 1);
        CHECK(on.net.details == std::vector<std::string>{});
    }
    SECTION("found again when its answer was lost")
    {
        about(which, reply_found);
        fault gone = lost(call_kind::publishes, true);
        on.net.fail(gone);
        CHECK(on.say(answer_to(kati, 1)).error().kind == failure::unknown_outcome);
        on.pass(90min);
        REQUIRE(on.say(answer_to(kati, 1, true)).has_value());
        CHECK(said_to(kati) == 1);
    }
    SECTION("repeated when it never arrived, and a lie is no reply")
    {
        about(which, reply_again);
        on.net.fail(lost(call_kind::publishes, false));
        REQUIRE_FALSE(on.say(answer_to(kati, 1)).has_value());
        CHECK(said_to(kati) == 0);
        on.net.heal();
        on.net.fail({.on = call_kind::publishes, .lie = true});
        CHECK(on.say(answer_to(kati, 1, true)).error().kind == failure::unknown_outcome);
        CHECK(said_to(kati) == 0);
        REQUIRE(on.say(answer_to(kati, 1, true)).has_value());
        CHECK(said_to(kati) == 1);
    }
    SECTION("whoever took the words back is not answered")
    {
        about(which, reply_gone);
        on.platform->remove_mention(kati);
        auto refused = on.say(answer_to(kati, 1));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == failure::rejected);
        CHECK(said_to(kati) == 0);
    }
}

TEST_CASE("where nobody can be answered, a reply is never a post of its own", "[contract]")
{
    auto which = every_platform("reply: never a post of its own");
    CAPTURE(which.name);
    stage on{which};
    if (!on.declared.can_publish)
        return not_possible(which, "publish", not_described);
    if (on.declared.can_reply)
        return not_possible(which, "no replies", "people can be answered there");
    auto some = on.platform->publish("Opening hours", false, on.now - 1h);
    auto refused = on.say(answer_to(some, 1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == failure::unsupported);
    CHECK(on.platform->published().size() == 1);
}
