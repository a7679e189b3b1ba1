// embed.mjs DIST OUT: writes the built files of DIST as one C++ table (console.hpp says what is in it), each plain and compressed.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

const [dist, out] = process.argv.slice(2)
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()

// Octal, always three digits, so that a digit behind it cannot be taken for a part of it.
const literal = (bytes) => {
  let text = ''
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f
    text += plain ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0')
  }
  return `std::string_view{"${text}", ${bytes.length}}`
}

const rows = files.map((file) => {
  const type = types[extname(file)]
  if (!type) throw new Error(`embed.mjs: no content type is known for ${file}; add one to its table`)
  const bytes = readFileSync(file)
  const packed = gzipSync(bytes, { level: 9 })
  const path = '/' + relative(dist, file).replaceAll('\\', '/')
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  const smaller = packed.length < bytes.length ? packed : Buffer.alloc(0)
  return `    {"${path}", "${type}", "${etag}",\n     ${literal(bytes)},\n     ${literal(smaller)}, ${path.startsWith('/assets/')}},\n`
})

writeFileSync(out, `// Made by daemon/console/embed.mjs from the console's built files.
#include "daemon/console/console.hpp"

#include <array>

#ifdef __clang__
#pragma clang diagnostic ignored "-Woverlength-strings"
#endif

namespace halfmast::console {

namespace {

constexpr std::array<asset, ${rows.length}> table{{
${rows.join('')}}};

}  // namespace

std::span<const asset> assets() { return table; }

}  // namespace halfmast::console
`)
