// What every connector says it can do, before there is any account, as one JSON document. The tables of platforms in the README
// files are made from it. Asks no platform and reads no settings.
#pragma once

namespace halfmast::app {

// Prints {"schema":"halfmast.connectors/1","connectors":[...]} on stdout; an exit code.
int print_connectors();

}  // namespace halfmast::app
