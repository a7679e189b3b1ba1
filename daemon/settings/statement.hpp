// What a playbook's words become for one account: the text in its language, long or short, with the fields filled in.
// Used when something is said, and before that to find what could not be said. Must not know platforms: an account tells how it counts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/core/account.hpp"
#include "daemon/core/crisis.hpp"

namespace halfmast::settings {

// What every statement is filled in with.
struct statement_fields {
    std::string reason;
    std::string owner;
    severity level = severity::major;
    time_point raised_at;
    time_point next_update_by;  // unset: no further word is promised
    std::string about;          // what is new, or what was wrong
    time_point now;             // times are said as seen from here
    by_language reason_in{};    // each by language; empty: the one text above is all there is
    by_language about_in{};
};

// One field that a person typed, as it stands in a text.
struct written_filling {
    std::string field;     // "about"
    std::string language;  // "und": it was not said
    bool differs = false;  // from the language of the text around it
};

struct written_statement {
    std::string language;
    std::string text;                       // empty: there are no words
    bool brief = false;                     // the short form was taken, for the long one does not fit
    std::size_t length = 0;                 // characters as the platform counts them
    bool too_long = false;                  // in every form there is
    std::string trouble;                    // empty: it can go out as it is
    std::string hole;                       // a field that it asks for and nobody gave; empty: none
    std::vector<written_filling> fillings;  // of what people typed: those that stand in it
};

// What is said on a practice account begins with this, in its language: "DRILL: ". Whoever reads it must not take it for news.
std::string drill_mark(const std::string& language);

// Takes the long form when it fits and every field it asks for is given, else the short one when that is so of it; cuts nothing. Never throws.
written_statement write_statement(const account& to, const playbook&, edition_kind, const statement_fields&);

// The fields a text of that kind may name.
const std::vector<std::string>& fields_known(edition_kind);

// The language tags that are tried for an account's language, best first: itself, what it is a kind of, and what the playbook falls back to.
std::vector<std::string> languages_tried(const playbook&, const std::string& wanted);

// The text that fits best, by its tag: the first of those that are there, else whichever there is. Null when there is none of that kind.
const std::pair<const std::string, wording>* choose_wording(const playbook&, edition_kind, const std::string& wanted);

// What a person typed, for a text in that language, by its tag: chosen like a text, then "und", then the first. Null: nothing was typed.
const std::pair<const std::string, std::string>* choose_filling(const playbook&, const by_language&, const std::string& wanted);

// The way to a person, in that language or one it falls back to; empty when the playbook has none.
std::string choose_contact(const playbook&, const std::string& wanted);

// A statement that could not go out as it is, with usual times, names and sentences in it.
struct unfit_statement {
    std::string playbook;
    edition_kind kind = edition_kind::summary;
    std::string language;    // of the account
    std::string taken;       // the text that would be taken instead; empty: there is none at all
    account_id account;      // one it concerns
    std::size_t others = 0;  // how many more like it
    bool missing = false;    // no text in its language, nor in one that the playbook falls back to
    bool certain = false;    // too long whatever is filled in
    std::string why;         // a sentence without its full stop
};

// For every text of every playbook and every account that speaks. Kinds that a playbook has no text for are not in it.
std::vector<unfit_statement> unfit_statements(const std::map<std::string, playbook>&, const std::vector<const account*>&);

// "summary of playbook outage in hu for acme-sky and 2 more: it has 312 characters ..."
std::string to_string(const unfit_statement&);

}  // namespace halfmast::settings
