// A real OpenID Connect provider (oidc-provider, from npm) for a story: the one of tests/e2e/oidc, with the libraries that its
// lock file names, kept in this user's cache for both.
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, skip, source } from './support.mjs'

const here = join(source, 'tests/e2e/oidc')
const cache = process.env.HALFMAST_OIDC_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'halfmast-oidc')
const files = ['package.json', 'package-lock.json', '.npmrc']

function installed() {
  const total = createHash('sha256')
  for (const name of files) total.update(readFileSync(join(here, name)))
  const folder = join(cache, total.digest('hex').slice(0, 12))
  if (existsSync(join(folder, '.ready'))) return folder
  mkdirSync(folder, { recursive: true })
  for (const name of files) copyFileSync(join(here, name), join(folder, name))
  try {
    execFileSync('npm', ['ci'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 })
  } catch (error) {
    skip(
      `npm cannot install oidc-provider: ${String(error.stderr ?? error)
        .trim()
        .slice(-300)}`,
    )
  }
  writeFileSync(join(folder, '.ready'), '')
  return folder
}

// Beside the daemon of `stage`, whose port is known before it starts; gives what the daemon's table [access] says, and remembers
// how to steer it.
export async function provide(stage, groups) {
  const libraries = installed()
  const folder = join(stage.folder, 'provider')
  mkdirSync(folder)
  for (const name of ['provider.mjs', 'package.json']) copyFileSync(join(here, name), join(folder, name))
  symlinkSync(join(libraries, 'node_modules'), join(folder, 'node_modules'))
  const child = spawn(process.execPath, ['provider.mjs', String(await freePort()), `${stage.url}/auth/oidc/callback`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const first = createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  stage.keep(child, 'provider')
  const { value: line } = await first
  if (!line) throw new Error('the provider did not start: ' + readFileSync(join(stage.folder, 'provider.log'), 'utf8'))
  const { issuer, secret } = JSON.parse(line)
  const file = join(stage.folder, 'oidc.secret')
  writeFileSync(file, secret, { mode: 0o600 })
  stage.provider = {
    issuer,
    control: async (wanted) => {
      const answer = await fetch(issuer + '/control', { method: 'POST', body: JSON.stringify(wanted) })
      if (!answer.ok) throw new Error(`the provider: ${answer.status}`)
    },
  }
  return (
    `\n[access]\nurl = "${stage.url}"\n[access.oidc]\nissuer = "${issuer}"\nrecheck = "1s"\n` +
    `client_id = "halfmast"\nclient_secret = { file = "${file}" }\n` +
    `[access.oidc.groups]\n${Object.entries(groups)
      .map(([group, roles]) => `"${group}" = ${JSON.stringify(roles)}\n`)
      .join('')}`
  )
}
