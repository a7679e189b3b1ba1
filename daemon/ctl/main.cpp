#include "daemon/ctl/session.hpp"

int main(int argc, char** argv) { return halfmast::ctl::run(argc, argv); }
