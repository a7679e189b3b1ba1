#include "connectors/exec/settings.hpp"

#include <algorithm>

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/text/counting.hpp"

namespace halfmast::exec {

namespace {

class reader {
public:
    explicit reader(account_values& values) : values_(values) {}

    std::shared_ptr<const connector_settings> run()
    {
        made_->account = values_.optional_text("id").value_or("");
        read_program();
        read_rungs();
        made_->publishes = values_.flag("publishes").value_or(false);
        made_->pins = values_.flag("pins").value_or(false);
        made_->feed = values_.flag("feed").value_or(false);
        made_->mentions = values_.flag("mentions").value_or(false);
        made_->edits = values_.flag("edits").value_or(false);
        made_->replies = values_.flag("replies").value_or(false);
        made_->release_text = values_.flag("release_text").value_or(false);
        for (auto& offer : made_->rungs)
            offer.edits = made_->release_text;
        if (made_->pins && !made_->publishes)
            fault("pins", "needs publishes = true: what is pinned is the summary");
        if (made_->edits && !made_->publishes)
            fault("edits", "needs publishes = true: what is edited is the summary");
        if (made_->replies && !made_->publishes)
            fault("replies", "needs publishes = true: a reply is published");
        made_->release_margin =
            std::chrono::ceil<seconds>(length("release_margin", seconds{120}, seconds{1}, std::chrono::hours{24}));
        made_->timeout = length("timeout", seconds{20}, seconds{1}, std::chrono::minutes{10});
        made_->at_once = count("at_once", 1, 1, 64);
        made_->most_pins = count("most_pins", 0, 0, 1000);
        made_->text_limit = count("text_limit", 0, 0, 1'000'000);
        if (auto word = values_.optional_text("counting")) {
            if (auto how = text::parse_counting(*word))
                made_->counting = *how;
            else
                fault("counting", "counting: '" + *word + "' is none of code-points, graphemes, short-links, weighted");
        }
        if (values_.has("token")) {
            made_->secret = values_.secret("token");
            sound_ = sound_ && !made_->secret.empty();
        }
        return sound_ ? made_ : nullptr;
    }

private:
    void fault(std::string_view key, std::string text)
    {
        values_.fault(key, std::move(text));
        sound_ = false;
    }

    void read_program()
    {
        made_->program = values_.path("program");
        made_->arguments = values_.texts("arguments");
        if (made_->program.empty()) {
            sound_ = false;
            return;
        }
        struct stat about {};
        if (::stat(made_->program.c_str(), &about) != 0 || !S_ISREG(about.st_mode))
            fault("program", "is not there (" + made_->program + "); give its path, for it is not looked for in PATH");
        else if ((about.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
            fault("program", "cannot be run: chmod +x " + made_->program);
        else if ((about.st_mode & S_IWOTH) != 0)
            fault("program",
                  "can be changed by every user of this machine, who would act as halfmast: chmod o-w " + made_->program);
    }

    // "draft", "postpone:10m": the lead it needs behind a colon.
    void read_rungs()
    {
        for (const auto& text : values_.texts("rungs")) {
            auto colon = text.find(':');
            auto kind = parse_rung(text.substr(0, colon));
            auto lead = colon == std::string::npos ? std::optional{milliseconds{0}} : parse_duration(text.substr(colon + 1));
            bool fits = kind == rung::native || kind == rung::draft || kind == rung::postpone || kind == rung::channel_off;
            if (!kind || !fits || !lead)
                fault("rungs", "'" + text + "': there are native, draft, postpone and channel_off, each with the lead it needs behind a colon, as in "
                               "postpone:10m. What a takeout needs, no program can promise");
            else if (std::ranges::find(made_->rungs, *kind, &rung_offer::kind) != made_->rungs.end())
                fault("rungs", "'" + text + "': stands there twice");
            else
                made_->rungs.push_back({*kind, std::chrono::ceil<seconds>(*lead)});
        }
        std::ranges::stable_sort(made_->rungs, {}, &rung_offer::kind);
    }

    milliseconds length(std::string_view key, milliseconds usual, milliseconds least, milliseconds most)
    {
        auto text = values_.optional_text(key);
        if (!text)
            return usual;
        auto given = parse_duration(*text);
        if (given && *given >= least && *given <= most)
            return *given;
        fault(key, "'" + *text + "' must be a duration such as 90s or 2m, between " + format_duration(least) + " and "
                       + format_duration(most));
        return usual;
    }

    int count(std::string_view key, int usual, int least, int most)
    {
        auto given = values_.whole(key);
        if (!given)
            return usual;
        if (*given >= least && *given <= most)
            return static_cast<int>(*given);
        fault(key, "must lie between " + std::to_string(least) + " and " + std::to_string(most));
        return usual;
    }

    account_values& values_;
    bool sound_ = true;
    std::shared_ptr<settings> made_ = std::make_shared<settings>();
};

}  // namespace

std::shared_ptr<const connector_settings> parse(account_values& values) { return reader{values}.run(); }

}  // namespace halfmast::exec
