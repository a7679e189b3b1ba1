#include "connectors/rest/description.hpp"

#include <algorithm>
#include <array>

#include "connectors/rest/calls.hpp"
#include "connectors/rest/meanings.hpp"
#include "connectors/rest/mentions.hpp"
#include "connectors/rest/oauth.hpp"
#include "daemon/text/counting.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::rest {

namespace {

// Names that a key of the account cannot have, because a placeholder has it.
constexpr auto taken =
    std::to_array<std::string_view>({"id", "ids", "kind", "post", "at", "until", "since", "from", "to", "page", "offset", "cursor",
                                     "text", "html", "title", "key", "slug", "language", "in_reply_to"});
// Keys of every account.
constexpr auto common = std::to_array<std::string_view>({"connector", "description", "url", "token", "username", "password",
                                                         "labels", "time_zone", "client_id", "client_secret", "refresh_token",
                                                         "credential_ends", "poll_every", "sweep_every", "allow_http"});

class reader {
public:
    reader(const document& from, const std::string& zone, const fault_sink& fault)
        : sink_(fault),
          zone_(zone),
          top_(from.root, "", sink_, faults_)
    {
        made_->file = from.file;
    }

    std::shared_ptr<const description> run()
    {
        made_->name = top_.required_text("name").value_or("");
        read_keys();
        read_auth();
        read_times();
        read_limits();
        read_headers();
        read_fields();
        read_words_of_states();
        read_lists();
        read_reads();
        read_holds();
        read_release();
        read_public();
        read_feeds();
        read_checks_and_errors();
        check_whole();
        top_.finish();
        return faults_ > 0 ? nullptr : made_;
    }

private:
    call_rules rules(std::set<std::string> texts, std::set<std::string> times = {}, bool post = false) const
    {
        call_rules made{{std::move(texts), std::move(times), post}, &made_->write, {}, false, false};
        made.words.texts.insert(made_->keys.begin(), made_->keys.end());
        return made;
    }

    call_rules changing(std::set<std::string> texts, std::set<std::string> times, std::vector<std::string> needs,
                        bool post = true) const
    {
        auto made = rules(std::move(texts), std::move(times), post);
        made.changes = true;
        made.needs = std::move(needs);
        return made;
    }

    void read_keys()
    {
        for (auto& key : top_.texts("keys")) {
            bool plain =
                std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
            if (!plain || std::ranges::find(taken, key) != taken.end() || std::ranges::find(common, key) != common.end())
                top_.fault(top_.find("keys"),
                           "keys: '" + key + "' " + (plain ? "is taken" : "is not of small letters, digits and '_'"));
            else
                made_->keys.push_back(std::move(key));
        }
    }

    void read_auth()
    {
        auto auth = top_.inner("auth");
        if (!auth) {
            if (top_.find("auth") == nullptr)
                top_.missing("auth", "a table with kind = \"bearer\", \"basic\", \"header\", \"query\", \"oauth2\" or \"none\"");
            return;
        }
        auto kind = auth->one_of("kind", {{"none", static_cast<int>(auth_kind::none)},
                                          {"bearer", static_cast<int>(auth_kind::bearer)},
                                          {"basic", static_cast<int>(auth_kind::basic)},
                                          {"header", static_cast<int>(auth_kind::header)},
                                          {"query", static_cast<int>(auth_kind::query)},
                                          {"oauth2", static_cast<int>(auth_kind::oauth2)}});
        if (!kind && auth->find("kind") == nullptr)
            auth->missing("kind", "bearer, basic, header, query, oauth2 or none");
        made_->auth = static_cast<auth_kind>(kind.value_or(0));
        if (made_->auth == auth_kind::header || made_->auth == auth_kind::query)
            made_->auth_name = auth->required_text("name").value_or("");
        if (made_->auth == auth_kind::header) {
            made_->auth_prefix = auth->text("prefix").value_or("");
            if (!is_token(made_->auth_name))
                auth->fault(auth->find("name"), "name: '" + made_->auth_name + "' is no name of a header");
        }
        if (made_->auth == auth_kind::oauth2)
            read_oauth(*auth, made_->oauth);
        auth->finish();
    }

    static bool is_token(std::string_view name)
    {
        return std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    }

    std::optional<time_form> form(table& from, std::string_view key, const std::string& zone)
    {
        auto text = from.text(key);
        if (!text)
            return std::nullopt;
        std::string why;
        auto made = parse_time_form(*text, zone, why);
        if (!made)
            from.fault(from.find(key), std::string{key} + ": " + why);
        else if (auto lacks = missing_of_moment(*made); !lacks.empty())
            from.fault(from.find(key), std::string{key} + ": '" + *text + "' has no " + lacks + ", so it names no moment");
        return made;
    }

    void read_times()
    {
        auto times = top_.inner("times");
        if (!times)
            return;
        auto zone = times->text("zone").value_or("UTC");
        if (zone == "account")
            zone = zone_;
        else if (!text::is_time_zone(zone))
            times->fault(
                times->find("zone"),
                "zone: '" + zone + "' is no IANA name such as Europe/Budapest, nor \"account\", which is the account's own");
        made_->read.zone = made_->write.zone = zone;
        if (auto read = form(*times, "read", zone))
            made_->read = made_->write = *read;
        if (auto write = form(*times, "write", zone))
            made_->write = *write;
        made_->precision = std::max(seconds{1}, times->duration("precision").value_or(seconds{1}));
        times->finish();
    }

    void read_limits()
    {
        auto limits = top_.inner("limits");
        if (!limits)
            return;
        made_->release_margin = std::max(seconds{60}, limits->duration("release_margin").value_or(seconds{120}));
        made_->at_once = limits->whole("at_once", 1, 64).value_or(4);
        made_->text_limit = limits->whole("text_limit", 0, 1'000'000).value_or(0);
        if (auto word = limits->text("counting")) {
            if (auto how = text::parse_counting(*word))
                made_->counting = *how;
            else
                limits->fault(limits->find("counting"),
                              "counting: '" + *word + "' is none of code-points, graphemes, short-links, weighted");
        }
        made_->most_pins = limits->whole("most_pins", 0, 1000).value_or(0);
        made_->wait_header = limits->text("wait_header").value_or("");
        limits->finish();
    }

    void read_headers()
    {
        auto headers = top_.inner("headers");
        if (!headers)
            return;
        auto allowed = rules({});
        for (const auto& entry : headers->entries()) {
            auto made = read_template(*headers, entry.key, allowed);
            bool own = text::fold(entry.key) == "authorization" || text::fold(entry.key) == "host"
                       || text::fold(entry.key) == "content-length";
            if (!is_token(entry.key) || own)
                headers->fault_at(
                    entry.at, "'" + entry.key + "' " + (own ? "is set by halfmast itself; see [auth]" : "is no name of a header"));
            else if (made && std::ranges::any_of(made->literals(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
                headers->fault(&entry.value, entry.key + " has a control character");
            else if (made)
                made_->headers.emplace_back(entry.key, std::move(*made));
        }
    }

    void read_fields()
    {
        auto given = top_.inner("fields");
        if (!given) {
            if (top_.find("fields") == nullptr)
                top_.missing("fields", "where a post's id, text, due time and state stand in an answer");
            return;
        }
        auto& fields = made_->fields;
        auto needed = [&](std::string_view key) {
            if (given->find(key) == nullptr)
                given->missing(key, "");
            return given->at(key);
        };
        fields.id = needed("id").value_or(pointer{});
        fields.due = needed("due").value_or(pointer{});
        fields.state = needed("state");
        if (given->find("text") == nullptr)
            given->missing("text", "");
        fields.text = given->ats("text");
        enum { plain, html };
        fields.html = given->one_of("text_is", {{"plain", plain}, {"html", html}}).value_or(plain) == html;
        fields.link = given->at("link");
        fields.author = given->at("author");
        fields.language = given->at("language");
        fields.changed = given->at("changed");
        fields.media = given->at("media");
        fields.published = given->at("published");
        fields.tags = given->ats("tags");
        fields.categories = given->ats("categories");
        fields.labels = given->ats("labels");
        fields.page = read_template(*given, "page", rules({"url", "id", "kind"}, {}, true));
        given->finish();
    }

    void read_words_of_states()
    {
        if (auto given = top_.inner("states")) {
            read_states(*given, *made_);
            given->finish();
        } else if (top_.find("states") == nullptr) {
            top_.missing("states", "which words of the platform mean queued, parked, published and absent");
        }
    }

    void read_lists()
    {
        auto given = top_.each("list");
        if (given.empty() && top_.find("list") == nullptr)
            top_.missing("list", "[[list]] says how the scheduled posts are read");
        for (auto& one : given) {
            made_->lists.push_back(read_listing(one, rules({"kind"}), false));
            one.finish();
        }
        kinds_differ(given, made_->lists);
    }

    void kinds_differ(std::vector<table>& given, const std::vector<listing>& lists)
    {
        for (std::size_t i = 0; i < lists.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (lists[i].kind == lists[j].kind)
                    given[i].fault(given[i].find("kind"),
                                   "kind: two lists need two kinds, and both are called '" + lists[i].kind + "'");
    }

    void read_reads()
    {
        auto read = top_.inner("read");
        if (!read)
            return;
        made_->read_from_list = read->flag("from_list").value_or(false);
        auto one = rules({"id", "kind"});
        one.needs = {"id"};
        if (!made_->read_from_list)
            made_->read_one = read_call(*read, one);
        if (auto many = read->inner("many")) {
            auto several = rules({"ids", "kind"});
            several.needs = {"ids"};
            several.list = true;
            made_->read_many = read_call(*many, several);
            made_->most_read = many->whole("most", 2, 1000).value_or(50);
            many->finish();
        }
        read->finish();
    }

    void read_holds()
    {
        for (auto& one : top_.each("hold")) {
            hold_call made{{rung::draft}, {}};
            // No takeout: a description cannot promise that what it recreates is what was there.
            auto kind = one.one_of("rung", {{"native", static_cast<int>(rung::native)},
                                            {"draft", static_cast<int>(rung::draft)},
                                            {"postpone", static_cast<int>(rung::postpone)}});
            if (!kind && one.find("rung") == nullptr)
                one.missing("rung", "native, draft or postpone");
            made.offer.kind = static_cast<rung>(kind.value_or(static_cast<int>(rung::draft)));
            made.offer.needs_lead = one.duration("needs_lead").value_or(seconds{0});
            made.offer.most_a_day = one.whole("most_a_day", 0, 1'000'000).value_or(0);
            made.offer.most_in_all = one.whole("most_in_all", 0, 1'000'000).value_or(0);
            bool postpones = made.offer.kind == rung::postpone;
            made.ask =
                read_call(one, changing({"id", "kind"}, postpones ? std::set<std::string>{"until"} : std::set<std::string>{},
                                        postpones ? std::vector<std::string>{"id", "until"} : std::vector<std::string>{"id"}));
            for (const auto& other : made_->holds)
                if (other.offer.kind == made.offer.kind)
                    one.fault(one.find("rung"),
                              "rung: there are two ways of the same rung; halfmast would never know which one to take");
            one.finish();
            made_->holds.push_back(std::move(made));
        }
        std::ranges::stable_sort(made_->holds, {}, [](const auto& one) { return one.offer.kind; });
    }

    void read_release()
    {
        auto given = top_.inner("release");
        if (!given)
            return;
        release_call made;
        made.keeps_time = given->flag("keeps_time").value_or(false);
        auto needs = made.keeps_time ? std::vector<std::string>{"id"} : std::vector<std::string>{"id", "at"};
        made.ask = read_call(*given, changing({"id", "kind"}, {"at"}, needs));
        if (auto words = given->inner("text")) {
            needs.emplace_back("text|html");
            made.with_text = read_call(*words, changing({"id", "kind", "text", "html", "title"}, {"at"}, std::move(needs)));
            if (made_->fields.text.size() > 2)
                given->fault(given->find("text"),
                             "text: [fields] has the text in more than a title and an article, so it is not known what a new one "
                             "belongs to");
            words->finish();
        }
        given->finish();
        made_->release = std::move(made);
    }

    void read_public()
    {
        if (auto given = top_.inner("publish")) {
            publish_call made;
            made_->public_kind = given->text("kind").value_or("");
            made.ask =
                read_call(*given, changing({"text", "html", "title", "key", "slug", "language", "kind"}, {}, {"text|html"}, false));
            if (!made.ask.answers_post)
                given->fault(given->find("answers"),
                             "answers: the answer has to name what was published, or it could not be looked at nor pinned");
            if (auto find = given->inner("find")) {
                auto search = rules({"key", "slug", "kind"});
                search.needs = {"key|slug"};
                search.list = true;
                made.find = read_call(*find, search);
                find->finish();
            }
            if (auto reply = given->inner("reply")) {
                made.reply = read_call(*reply, changing({"text", "html", "title", "key", "slug", "language", "kind", "in_reply_to"},
                                                        {}, {"text|html", "in_reply_to"}, false));
                reply->finish();
                if (!made.find && given->find("find") == nullptr)
                    given->missing("find",
                                   "two people may be answered with the same words, so a reply is found again by its key alone");
            }
            given->finish();
            made_->publish = std::move(made);
        }
        read_edit();
        if (auto given = top_.inner("pin")) {
            made_->pin = read_call(*given, changing({"id", "kind"}, {}, {"id"}));
            given->finish();
        }
        if (auto given = top_.inner("unpin")) {
            made_->unpin = read_call(*given, changing({"id", "kind"}, {}, {"id"}));
            given->finish();
        }
        if (auto given = top_.inner("pins")) {
            made_->pins = read_listing(*given, rules({"kind"}), false);
            given->finish();
        }
    }

    void read_edit()
    {
        auto given = top_.inner("edit");
        if (!given)
            return;
        edit_call made;
        made.ask = read_call(*given, changing({"id", "kind", "text", "html", "title", "language"}, {}, {"id", "text|html"}));
        if (auto read = given->inner("read")) {
            auto one = rules({"id", "kind"});
            one.needs = {"id"};
            made.read = read_call(*read, one);
            read->finish();
        }
        given->finish();
        made_->edit = std::move(made);
    }

    void read_feeds()
    {
        auto given = top_.each("feed");
        for (auto& one : given) {
            made_->feeds.push_back(read_listing(one, rules({"kind"}), true));
            one.finish();
        }
        kinds_differ(given, made_->feeds);
        if (auto mentions = top_.inner("mentions")) {
            made_->mentions = read_mention_listing(*mentions, rules({}));
            mentions->finish();
        }
    }

    void read_checks_and_errors()
    {
        for (auto& one : top_.each("check")) {
            made_->checks.push_back(read_check(one, rules({})));
            one.finish();
        }
        if (auto given = top_.inner("errors")) {
            read_errors(*given, *made_);
            given->finish();
        }
    }

    // What one part needs of another.
    void check_whole()
    {
        const auto& d = *made_;
        if (!d.holds.empty() && top_.find("release") == nullptr)
            top_.missing("release", "what is held has to be let go again");
        if (!d.holds.empty() && top_.find("read") == nullptr)
            top_.missing("read", "a hold counts only when it was read back");
        if (d.publish && top_.find("read") == nullptr)
            top_.missing("read", "a summary counts only when it was read back");
        if (d.edit && top_.find("publish") == nullptr)
            top_.missing("publish", "what is edited is what was published");
        if (d.publish && d.publish->reply && !d.publish->reply->answers_post)
            top_.fault(top_.find("publish"),
                       "[publish.reply] answers: the answer has to name what was published, or it could not be looked at");
        if (top_.find("publish") != nullptr && top_.find("feed") == nullptr && d.publish && !d.publish->find)
            top_.fault(
                top_.find("publish"),
                "[publish] needs a [publish.find] or a [[feed]]: when an answer is lost, an earlier copy has to be looked for");
        int pinning = (d.pin ? 1 : 0) + (d.unpin ? 1 : 0) + (d.pins ? 1 : 0);
        if (pinning % 3 != 0)
            for (const auto* key : {"pin", "unpin", "pins"})
                if (top_.find(key) == nullptr)
                    top_.missing(key, "pin, unpin and pins need each other");
        bool named = !d.public_kind.empty();
        bool known = d.lists.empty() || std::ranges::find(d.lists, d.public_kind, &listing::kind) != d.lists.end();
        if (d.publish && !known && (named || d.lists.size() > 1))
            top_.fault(top_.find("publish"), "[publish] kind: there is no list of kind '" + d.public_kind + "'");
    }

    fault_sink sink_;
    std::string zone_;
    int faults_ = 0;
    std::shared_ptr<description> made_ = std::make_shared<description>();
    table top_;
};

}  // namespace

std::shared_ptr<const description> read_description(const document& from, const std::string& zone, const fault_sink& fault)
{
    return reader{from, zone, fault}.run();
}

}  // namespace halfmast::rest
