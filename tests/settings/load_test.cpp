// What a sound file becomes.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "connectors/registry.hpp"
#include "daemon/text/text.hpp"
#include "tests/settings/support.hpp"

using namespace halfmast;
using halfmast::tests::folder;
using halfmast::tests::lines;
using std::chrono::minutes;

namespace {

std::string config(const std::string& name) { return std::string{HALFMAST_SOURCE_DIR} + "/config/" + name; }

std::string bytes_of(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

scheduled_post post(const std::string& text, std::vector<std::string> tags = {})
{
    scheduled_post made;
    made.text = text;
    made.folded = text::fold(text);
    made.tags = std::move(tags);
    return made;
}

}  // namespace

TEST_CASE("the example of the manual loads", "[settings]")
{
    folder here;
    here.write("secret", "pass word\n");
    auto got = here.load(R"([daemon]
state_dir      = "/var/lib/halfmast"
control_socket = "/run/halfmast/control.sock"
listen         = "127.0.0.1:7413"          # API and console; omit for socket only

[[account]]
id        = "acme-blog"
connector = "wordpress"
url       = "https://blog.acme.example"    # https; http only for loopback and localhost, or with allow_http = true
username  = "halfmast"
password  = { file = "secret" }
labels    = { brand = "acme", region = "eu" }
language  = "en"
poll_every = "60s"

[judgement]                                # the scheduler's tags, categories and labels; * matches the rest
promotional.tags = ["promo", "campaign:*"]
essential.tags   = ["service", "safety", "recall"]
neutral.tags     = ["team"]

[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]      # neutral and essential go on
next_update = "45m"
publish  = "at-once"                       # or "after-approval"; holds never wait
undo     = "20s"                           # before a public act; --now skips it
summary.en = "We know that checkout is failing and are working on it. Next update by {{next_update_by}}."
)");
    CHECK(here.shown(got) == lines{});
    REQUIRE(got.usable());
    CHECK(got.value.listen == "127.0.0.1:7413");
    REQUIRE(got.value.accounts.size() == 1);
    const auto& one = got.value.accounts[0];
    CHECK(one.declared.id.value == "acme-blog");
    CHECK(one.declared.connector == "wordpress");
    CHECK(one.declared.labels == std::map<std::string, std::string>{{"brand", "acme"}, {"region", "eu"}});
    CHECK(one.declared.text_limit == 500);  // declared by the connector
    CHECK(one.poll_every == seconds{60});
    CHECK(one.sweep_every == seconds{15});
    CHECK(one.room->name == "wordpress");
    CHECK(dynamic_cast<const tests::fake_settings&>(*one.own).token == "pass word");
    const auto& book = got.value.playbooks.at("outage");
    CHECK(book.level == severity::major);
    CHECK(book.hold == std::set{post_class::promotional, post_class::unknown});
    CHECK(book.next_update == minutes{45});
    CHECK(book.undo == seconds{20});
    CHECK(book.texts.at(edition_kind::summary).at("en").full.find("{{next_update_by}}") != std::string::npos);

    auto rules = settings::make_policy(got.value);
    CHECK(rules.accounts.size() == 1);
    CHECK(rules.rules->judge(post("hello", {"campaign:spring"})).kind == post_class::promotional);
    CHECK(rules.rules->judge(post("everything must go", {"service"})).kind == post_class::essential);
    CHECK(rules.rules->judge(post("hello", {"team"})).kind == post_class::neutral);
    CHECK(rules.rules->judge(post("hello")).kind == post_class::unknown);
}

TEST_CASE("without a file the shipped words judge", "[settings]")
{
    auto rules = settings::make_policy(settings::defaults()).rules;
    CHECK(rules->judge(post("Sofas: 30% off until Sunday!")).kind == post_class::promotional);
    CHECK(rules->judge(post("Product recall: please stop using it")).kind == post_class::essential);
    CHECK(rules->judge(post("We're hiring two engineers")).kind == post_class::neutral);
    CHECK(rules->judge(post("It's back.")).kind == post_class::unknown);
    folder here;
    auto got = here.load("[judgement]\nneutral.tags = [\"team\"]\n");
    CHECK(got.value.words.size() == settings::defaults().words.size());
    CHECK(here.load("").value.words.size() == settings::defaults().words.size());
    CHECK(here.load("[judgement]\nwords = []\n").value.words.empty());
}

TEST_CASE("marks are folded, and one mark in two classes is said", "[settings]")
{
    folder here;
    auto got = here.load("[judgement]\npromotional.tags = [\"#AKCIÓ\", \"a\"]\nessential.tags = [\"a\", \"x*y*z\"]\n");
    CHECK(
        here.shown(got)
        == lines{
            "main.toml:3:19: warning: judgement: essential: tags: 'a' is promotional already, and that wins",
            "main.toml:3:24: judgement: essential: tags: 'x*y*z': a mark with at most one '*' is needed, such as \"campaign:*\""});
    CHECK(got.value.marks.at(post_class::promotional).tags == std::vector<std::string>{"akció", "a"});
}

TEST_CASE("marks of posts match in any case and script", "[settings]")
{
    folder here;
    auto rules = settings::make_policy(
                     here.load("[judgement]\npromotional.tags = [\"Акция\", \"ŐSZI vásár\", \"Straße\", \"campaign:*\"]\n").value)
                     .rules;
    for (const auto* tag : {"АКЦИЯ", "акция", "Акция", "őszi VÁSÁR", "Őszi vásár", "strasse", "Campaign:Ёлка"}) {
        CAPTURE(tag);
        CHECK(rules->judge(post("hello", {tag})).kind == post_class::promotional);
    }
    CHECK(rules->judge(post("hello", {"акциями"})).kind == post_class::unknown);
}

TEST_CASE("a light word is a hint: one alone lets nothing through", "[settings]")
{
    folder here;
    here.write("w.toml",
               "language = \"en\"\n[[essential]]\nweight = 0.5\nphrases = [\"flights\", \"airport\", \"can't fly\"]\n"
               "[[promotional]]\nweight = 0.1\nphrases = [\"cheap\"]\n");
    auto rules = settings::make_policy(here.load("[judgement]\nwords = [\"w.toml\"]\n").value).rules;
    CHECK(rules->judge(post("Our flights")).kind == post_class::unknown);
    CHECK(rules->judge(post("Flights, flights, flights")).kind == post_class::unknown);
    CHECK(rules->judge(post("No flights from this airport")).kind == post_class::essential);
    CHECK(rules->judge(post("Flights can't fly")).kind == post_class::essential);
    CHECK(rules->judge(post("Flights can\u2019t fly")).kind == post_class::essential);
    CHECK(rules->judge(post("Cheap flights from this airport")).kind == post_class::unknown);
}

TEST_CASE("files of words are relative to the settings, and their faults have their own place", "[settings]")
{
    folder here;
    here.write("words/own.toml",
               "language = \"en\"\n[[promotional]]\nweight = 2\nname = \"own\"\nphrases = [\"Bargain*\", \"50% Off\"]\n");
    auto got = here.load("[judgement]\nwords = [\"words/own.toml\"]\n");
    CHECK(here.shown(got) == lines{});
    REQUIRE(got.value.words.size() == 2);
    CHECK(got.value.words[0].phrase == "bargain");
    CHECK(got.value.words[0].stem);
    CHECK(got.value.words[0].weight == 2.0);
    CHECK(got.value.words[0].rule == "words.en.promotional.own");
    here.write("words/bad.toml",
               "language = \"en\"\n[[promotional]]\nweight = 0\nphrases = [\"*\", \"a*b\", 3]\nphrase = 1\n[[essential]]\n");
    CHECK(here.faults("[judgement]\nwords = [\"words/bad.toml\", \"words/none.toml\"]\n")
          == lines{"main.toml:2:28: judgement: words: words/none.toml cannot be read: No such file or directory",
                   "words/bad.toml:3:10: promotional: weight must be more than 0 and at most 10",
                   "words/bad.toml:4:12: promotional: phrases: '*': one '*' may stand at the end, behind the beginning of a word",
                   "words/bad.toml:4:17: promotional: phrases: 'a*b': one '*' may stand at the end, behind the beginning of a word",
                   "words/bad.toml:4:24: promotional: each of phrases must be text, not a number",
                   "words/bad.toml:5:1: promotional: unknown key 'phrase'. Did you mean 'phrases'?",
                   "words/bad.toml:6:1: essential: phrases is missing"});
}

TEST_CASE("playbooks come from the main file and from files beside it, each name once", "[settings]")
{
    folder here;
    here.write("playbooks/a.toml", "[[playbook]]\nname = \"recall\"\n");
    here.write("playbooks/b.toml", "[[playbook]]\nname = \"recall\"\n[[playbook]]\nname = \"outage\"\n");
    auto got = here.load(
        "playbooks = [\"playbooks/a.toml\", \"playbooks/b.toml\", \"playbooks/a.toml\"]\n[[playbook]]\nname = \"outage\"\n");
    CHECK(here.shown(got)
          == lines{"main.toml:1:54: playbooks: playbooks/a.toml is named twice",
                   "playbooks/b.toml:2:8: playbook recall: the name is taken by the playbook at playbooks/a.toml:2",
                   "playbooks/b.toml:4:8: playbook outage: the name is taken by the playbook at main.toml:3"});
    CHECK(got.value.playbooks.size() == 2);
    here.write("playbooks/c.toml", "name = \"x\"\n[[playbook]\n");
    auto broken = here.load("playbooks = [\"playbooks/c.toml\"]\n[daemon]\nlisten = \"x\"\n");
    REQUIRE(broken.faults.size() == 2);
    CHECK(broken.faults[0].file == here.path("main.toml"));
    CHECK(broken.faults[1].file == here.path("playbooks/c.toml"));
    CHECK(broken.faults[1].line == 2);
}

TEST_CASE("a playbook's own faults", "[settings]")
{
    folder here;
    CHECK(
        here.faults("[[playbook]]\n"
                    "name = \"outage\"\n"
                    "severity = \"mayor\"\n"
                    "hold = [\"promo\"]\n"
                    "next_update = \"45\"\n"
                    "publish = \"atonce\"\n"
                    "undo = \"2h\"\n"
                    "summary.en = \"By {{next_update}}.\"\n"
                    "summary.english = \"x\"\n"
                    "summary.hu = \"{{reason\"\n"
                    "summary.ru = \" \"\n")
        == lines{"main.toml:3:12: playbook outage: severity: 'mayor' is none of minor, major, critical. Did you mean 'major'?",
                 "main.toml:4:9: playbook outage: hold: 'promo' is none of promotional, essential, neutral, unknown",
                 "main.toml:5:15: playbook outage: next_update: '45' is not a duration; write it as 90s, 45m or 1h30m",
                 "main.toml:6:11: playbook outage: publish: 'atonce' is none of at-once, after-approval. Did you mean 'at-once'?",
                 "main.toml:7:8: playbook outage: undo: 2h is not possible; it must lie between 0s and 1h",
                 "main.toml:8:14: playbook outage: summary.en: there is no field {{next_update}}. Did you mean 'next_update_by'? "
                 "Known: reason, owner, "
                 "severity, raised_at, now, contact, next_update_by, next_update_in",
                 "main.toml:9:9: playbook outage: summary.english: 'english' is not a language tag; write it as en, hu or zh-Hans",
                 "main.toml:10:14: playbook outage: summary.hu: line 1, column 1: the field is not closed: write {{name}}",
                 "main.toml:11:14: playbook outage: summary.ru is empty"});
    CHECK(here.faults("[[playbook]]\nhold = []\n")
          == lines{"main.toml:1:1: playbook #1: name is missing",
                   "main.toml:2:8: playbook #1: hold is empty: such a flag would stop nothing"});
    CHECK(here.faults("[[playbook]]\nname = \"a b\"\n")
          == lines{"main.toml:2:8: playbook #1: name: it is typed in a hurry, so use letters, digits and '-' only"});
    CHECK(
        here.faults("[[playbook]]\nname = \"a\"\nsummary.EN = \"By {{next_update_by}}\"\nsummary.en = \"By {{next_update_by}}\"\n")
            .size()
        == 1);
}

TEST_CASE("the shipped files have no fault and keep their promises", "[settings]")
{
    auto got = settings::load(config("halfmast.toml"), tests::fake_rooms());
    for (const auto& one : got.faults)
        CHECK(to_string(one).empty());
    REQUIRE(got.usable());
    for (const auto* name : {"outage", "recall", "bereavement"}) {
        CAPTURE(name);
        const auto& book = got.value.playbooks.at(name);
        CHECK(book.hold.contains(post_class::promotional));
        CHECK(book.hold.contains(post_class::unknown));
        CHECK_FALSE(book.hold.contains(post_class::essential));
    }
}

TEST_CASE("the shipped words have no fault as files, and are those in the binary", "[settings]")
{
    folder here;
    std::string list;
    std::vector<std::string> names;
    for (const auto& one : std::filesystem::directory_iterator(config("words")))
        if (one.path().extension() == ".toml")
            names.push_back(one.path().string());
    std::ranges::sort(names);
    CHECK(names.size() >= 6);
    for (const auto& name : names)
        list += (list.empty() ? "\"" : ", \"") + name + "\"";
    auto got = here.load("[judgement]\nwords = [" + list + "]\n");
    CHECK(here.shown(got) == lines{});
    const auto built_in = settings::defaults().words;
    REQUIRE(got.value.words.size() == built_in.size());
    for (std::size_t i = 0; i < built_in.size(); ++i)
        CHECK((got.value.words[i].phrase == built_in[i].phrase && got.value.words[i].rule == built_in[i].rule
               && got.value.words[i].weight == built_in[i].weight));
}

TEST_CASE("the commented accounts of the shipped file are sound when they are uncommented", "[settings]")
{
    folder here;
    std::istringstream source(bytes_of(config("halfmast.toml")));
    std::string text;
    std::size_t opened = 0;
    for (std::string line; std::getline(source, line); text += line + "\n") {
        if (line.size() > 1 && line[0] == '#' && line[1] != ' ') {  // "# " is prose, "#key" a line of an example
            line.erase(0, 1);
            ++opened;
        }
    }
    CHECK(opened > 10);
    for (const auto* name : {"outage", "recall", "bereavement"})
        here.write(std::string{"playbooks/"} + name + ".toml", bytes_of(config(std::string{"playbooks/"} + name + ".toml")));
    for (const auto& one : std::filesystem::directory_iterator(config("words")))
        here.write("words/" + one.path().filename().string(), bytes_of(one.path().string()));
    for (const auto& one : std::filesystem::directory_iterator(config("complaints")))
        here.write("complaints/" + one.path().filename().string(), bytes_of(one.path().string()));
    auto got = settings::load(here.write("main.toml", text), connectors(), false);  // by the real rooms' rules
    CHECK(here.shown(got) == lines{});
    CHECK(got.value.accounts.size() >= 4);
}

TEST_CASE("how posts are let go: spacing, the cap of an hour, and from which severity on two people are needed", "[settings]")
{
    folder here;
    auto plain = here.load("[[playbook]]\nname = \"outage\"\nsummary.en = \"{{next_update_by}}\"\n");
    CHECK(here.shown(plain) == lines{});
    CHECK(settings::make_policy(plain.value).review == review_rules{minutes{15}, 4});
    CHECK_FALSE(plain.value.playbooks.at("outage").two_person);

    auto got = here.load(
        "[review]\nspacing = \"0s\"\nmost_an_hour = 0\n[[playbook]]\nname = \"outage\"\ntwo_person = \"critical\"\nsummary.en = "
        "\"{{next_update_by}}\"\n");
    CHECK(here.shown(got) == lines{});
    CHECK(settings::make_policy(got.value).review == review_rules{milliseconds{0}, 0});
    CHECK(got.value.playbooks.at("outage").two_person == severity::critical);

    auto wrong = here.load(
        "[review]\nspacing = \"2d\"\nmost_an_hour = -1\nspace = 1\n[[playbook]]\nname = \"outage\"\ntwo_person = "
        "\"grave\"\nsummary.en = \"{{next_update_by}}\"\n");
    CHECK(here.shown(wrong).size() == 4);
}

TEST_CASE("an account says whether anything is said there in public, and where people see it", "[settings]")
{
    folder here;
    here.write("token", "x");
    auto of = [](const std::string& keys) {
        return "[[account]]\nid = \"one\"\nconnector = \"fake\"\nurl = \"https://a.example\"\ntoken = { file = \"token\" }\n"
               + keys;
    };
    auto declared = [&](const std::string& keys) { return here.load(of(keys)).value.accounts.at(0).declared; };
    CHECK(declared("").speaks);
    CHECK(declared("").profile == "https://a.example");  // posts are made there: that is also where they are seen
    CHECK_FALSE(declared("speaks = false\n").speaks);
    CHECK(declared("profile = \"https://social.example/@acme\"\n").profile == "https://social.example/@acme");
    auto no_flag = here.faults(of("speaks = \"no\"\n"));
    REQUIRE(no_flag.size() == 1);
    CHECK(no_flag[0].find("main.toml:6:10: account one: speaks must be") == 0);
    auto wrong = here.faults(of("profile = \"our page\"\n"));
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].find("profile: 'our page' is not an address such as https://social.example/@acme") != std::string::npos);
    // Nobody has to have words in the language of an account that says nothing.
    const std::string book = "[[playbook]]\nname = \"a\"\nsummary.de = \"{{next_update_by}}\"\nlanguages = []\n";
    CHECK(here.faults(of("language = \"hu\"\n") + book).size() == 1);
    CHECK(here.faults(of("language = \"hu\"\nspeaks = false\n") + book) == lines{});
}
