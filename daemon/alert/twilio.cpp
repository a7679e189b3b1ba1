// A text message by Twilio, to one number. Each is billed: short, and nothing is said when somebody has it in hand.
#include <nlohmann/json.hpp>

#include "daemon/alert/wires.hpp"
#include "daemon/alert/words.hpp"

namespace halfmast::alert {

namespace {

constexpr std::size_t most_sms = 400;

std::optional<http_request> write_twilio(const receiver_settings& to, const page_letter& letter, time_point)
{
    if (letter.verb == page_verb::acknowledge || to.to.empty())
        return std::nullopt;
    auto said = "halfmast " + subject(letter, most_sms - 80);
    if (letter.verb == page_verb::trigger && !letter.test)
        said += "\npages ack " + letter.group;
    auto request = post_form(to, to.url + "/2010-04-01/Accounts/" + to.username + "/Messages.json",
                             {{"To", to.to.front()}, {"From", to.from}, {"Body", cut(said, most_sms)}, {"ValidityPeriod", "3600"}});
    request.headers.emplace_back("Authorization", "Basic " + base64(to.username + ":" + to.secret));
    return request;
}

}  // namespace

wire twilio_wire() { return {"twilio", write_twilio, read_api_status, false, true}; }

}  // namespace halfmast::alert
