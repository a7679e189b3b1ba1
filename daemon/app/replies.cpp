#include "daemon/app/replies.hpp"

#include <map>

#include "daemon/settings/statement.hpp"
#include "daemon/text/counting.hpp"
#include "daemon/text/text.hpp"

namespace halfmast::app {

result<statement> write_reply(const account& from, const playbook& book, const std::string& language, const std::string& text)
{
    auto tag = text::language_tag(language.empty() ? from.language : language);
    if (!tag)
        return problem{failure::rejected, "'" + language + "' is no language tag; write hu, or pt-BR", {}};
    statement words;
    words.language = *tag;
    auto contact = settings::choose_contact(book, words.language);
    auto rendered = text::render(text, {{"contact", contact}});
    if (!rendered)
        return problem{failure::rejected, "the text of the reply: " + rendered.error().detail, {}};
    words.text = (from.practice ? settings::drill_mark(words.language) : "") + *rendered;
    if (!contact.empty() && words.text.find(contact) == std::string::npos)
        words.text += (words.text.ends_with('\n') ? "" : "\n") + contact;
    if (auto why = text::too_long(words.text, from); !why.empty())
        return problem{failure::rejected, "the reply on " + from.id.value + " is too long: " + why + "; say it in fewer words", {}};
    words.length = static_cast<std::uint32_t>(text::counted(words.text, from.counting));
    return words;
}

}  // namespace halfmast::app
