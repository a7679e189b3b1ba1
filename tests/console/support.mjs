// What the browser stories share: a practice platform, a daemon in a folder of its own, Debian's Chromium, and screenshots that
// stay. Chromium's headless shell is the same engine without the windows and menus of the whole one, which take more of the machine
// for every page than the console does; CHROMIUM names another. HALFMAST_BUILD names the folder with the programs,
// HALFMAST_CONSOLE the one in which the console was built (ctest sets both), HALFMAST_CLIENT another build's `halfmast`, where that
// one is not what is tried.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const source = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const build = process.env.HALFMAST_BUILD ?? join(source, 'build/release')
export const built = process.env.HALFMAST_CONSOLE ?? join(build, 'console')
const client = process.env.HALFMAST_CLIENT ?? join(build, 'halfmast')
const chromium_at =
  process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((one) => existsSync(one)) ?? ''
const modules = createRequire(join(built, 'package.json'))

// What ctest takes for "skipped", with the reason.
export function skip(why) {
  console.log(`SKIPPED: ${why}`)
  process.exit(77)
}

export function needBrowser() {
  if (!existsSync(join(built, 'node_modules/playwright-core')))
    skip(`no playwright-core in ${built}; the build with the console brings it`)
  if (!existsSync(chromium_at)) skip(`no Chromium ${chromium_at}; config/install-dependencies --tests brings it`)
  if (!existsSync(join(build, 'halfmastd'))) skip(`no halfmastd in ${build}`)
}

// milliseconds: a limit, not a promise, for other tests may have the machine.
export async function until(condition, what, milliseconds = 60_000) {
  const end = Date.now() + milliseconds
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
    await pause(50)
  }
}

// A port for a program that is told where to listen, from below those that the system gives to whoever asks for any, itself or for a
// connection it makes: one of them may be somebody else's again before the program has begun.
export async function freePort() {
  const end = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0])
  const start = Math.floor(end / 2)
  for (let tries = 0; tries < 100; tries += 1) {
    const port = start + Math.floor(Math.random() * (end - start))
    const server = createServer()
    const free = await new Promise((done) => server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)))
    if (free) return await new Promise((done) => server.close(() => done(port)))
  }
  throw new Error(`of 100 ports from ${start} to ${end} none is free`)
}

export const password = 'correct horse battery staple'

export const playbook = `
[[playbook]]
name     = "outage"
severity = "major"
hold     = ["promotional", "unknown"]
next_update = "45m"
publish  = "at-once"
undo     = "0s"
summary.en = "We know that checkout is failing and are working on it. Next update by {{next_update_by}}."
update.en = "{{about}} Next update by {{next_update_by}}."
correction.en = "Correction: {{about}} Next update by {{next_update_by}}."
all_clear.en = "All is well again. {{about}}"

[judgement]
promotional.tags = ["promo"]
essential.tags   = ["service"]
`

export class Stage {
  #children = []
  #launched = null
  browser = null

  constructor(name) {
    this.name = name
    this.folder = mkdtempSync(join(tmpdir(), `halfmast-console-${name}-`))
    this.pictures = join(built, 'screenshots')
    mkdirSync(this.pictures, { recursive: true })
  }

  // accounts: names; practice: names of accounts for drills; posts: what lies in an account's queue before the daemon comes, so
  // that its first look sees it; books: playbooks; more: other tables; people: who signs in to the console, with which roles;
  // access: what makes the table [access] in their place; languages: of accounts, where not English.
  async start({
    accounts = ['acme'],
    practice = [],
    posts = {},
    books = playbook,
    more = '',
    access,
    people = {},
    languages = {},
  } = {}) {
    this.#launch()
    const all = [...accounts, ...practice]
    const words = all.flatMap((one) => ['--account', `${one}:token-${one}`])
    const ready = join(this.folder, 'ready.json')
    this.sandbox = this.#spawn('halfmast-sandbox', ['--listen', '127.0.0.1:0', '--ready-file', ready, ...words])
    await until(() => existsSync(ready), 'the practice platform starts')
    this.platform = JSON.parse(readFileSync(ready, 'utf8')).url
    this.port = await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    this.config = join(this.folder, 'halfmast.toml')
    this.socket = join(this.folder, 'control.sock')
    const secrets = all.map((one) => {
      const file = join(this.folder, `token-${one}`)
      writeFileSync(file, `token-${one}`, { mode: 0o600 })
      return (
        `[[account]]\nid = "${one}"\nconnector = "mastodon"\nurl = "${this.platform}"\ntoken = { file = "${file}" }\n` +
        `poll_every = "1s"\nlabels = { brand = "${one}" }\n` +
        (languages[one] ? `language = "${languages[one]}"\n` : '') +
        (practice.includes(one) ? 'practice = true\n' : '')
      )
    })
    for (const [account, list] of Object.entries(posts)) await this.seed(account, ...list)
    const rights = access ? await access(this) : this.#access(people)
    writeFileSync(
      this.config,
      `[daemon]\nstate_dir = "${join(this.folder, 'state')}"\ncontrol_socket = "${this.socket}"\nlisten = "127.0.0.1:${this.port}"\n\n` +
        `${secrets.join('\n')}${rights}${more}${books}`,
    )
    await this.startDaemon()
    const wanted = Object.entries(posts)
    if (wanted.length)
      await until(
        async () => {
          const { accounts: seen } = await this.status()
          return wanted.every(([name, list]) => seen.find((one) => one.id === name)?.queued === list.length)
        },
        'the queues are seen',
      )
    return this
  }

  // Chromium takes longer to start than everything else together, so it starts beside it.
  #launch() {
    const { chromium } = modules('playwright-core')
    this.#launched ??= chromium.launch({
      executablePath: chromium_at,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    })
    this.#launched.catch(() => {}) // said where it is waited for
    return this.#launched
  }

  // Whoever runs the story may do everything over the control socket; over TCP one signs in, with PASSWORD.
  #access(people) {
    if (Object.keys(people).length === 0) return ''
    const hash = spawnSync(join(build, 'halfmastd'), ['--hash-password'], { input: password + '\n', encoding: 'utf8' })
    if (hash.status !== 0) throw new Error(`--hash-password: ${hash.stderr}`)
    const file = join(this.folder, 'password-hash')
    writeFileSync(file, hash.stdout.trim(), { mode: 0o600 })
    const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()
    const users = Object.entries(people).map(
      ([name, roles]) => `[[access.user]]\nname = "${name}"\npassword = { file = "${file}" }\nroles = ${JSON.stringify(roles)}\n`,
    )
    return `\n[access]\n[access.groups]\n${group} = ["admin"]\n${users.join('\n')}`
  }

  #spawn(program, words) {
    return this.keep(spawn(join(build, program), words, { stdio: ['ignore', 'pipe', 'pipe'] }), program)
  }

  // A program that ends with the story; what it says is kept beside the story's other files.
  keep(child, name) {
    const log = createWriteStream(join(this.folder, `${name}.log`), { flags: 'a' })
    child.stdout.pipe(log)
    child.stderr.pipe(log)
    this.#children.push(child)
    return child
  }

  async startDaemon() {
    this.daemon = this.#spawn('halfmastd', ['--config', this.config])
    await until(
      async () => {
        if (this.daemon.exitCode !== null)
          throw new Error('halfmastd ended: ' + readFileSync(join(this.folder, 'halfmastd.log'), 'utf8').slice(-2000))
        return await fetch(`${this.url}/api/v1/livez`).then(
          (answer) => answer.status < 500,
          () => false,
        )
      },
      'halfmastd answers',
    )
  }

  async killDaemon() {
    const gone = new Promise((done) => this.daemon.once('exit', done))
    this.daemon.kill('SIGKILL')
    await gone
  }

  // Stopped, it lives and says nothing, as on a machine that is out of memory; with false it goes on.
  pauseDaemon(stopped) {
    this.daemon.kill(stopped ? 'SIGSTOP' : 'SIGCONT')
  }

  async halfmast(...words) {
    return await new Promise((done) => {
      const child = execFile(
        client,
        words,
        { env: { ...process.env, HALFMAST_SOCKET: this.socket, NO_COLOR: '1' }, timeout: 120_000 },
        (error, out, err) => done({ code: error ? (error.code ?? 1) : 0, out, err }),
      )
      child.stdin.end()
    })
  }

  // Asks the API over the control socket, as the command does.
  async status() {
    return JSON.parse((await this.halfmast('status', '--all', '-o', 'json')).out)
  }

  async control(what, body) {
    const answer = await fetch(`${this.platform}/control/${what}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`/control/${what}: ${answer.status} ${await answer.text()}`)
    return await answer.json()
  }

  async seed(account, ...posts) {
    return await this.control('seed', { account, posts })
  }

  // Every page of the story; faults of the pages are collected, for none is allowed.
  faults = []
  async open({ width = 1280, height = 900, language = 'en-GB', dark = false, path = '/', zone = 'Europe/Budapest', user } = {}) {
    this.browser ??= await this.#launch()
    const context = await this.browser.newContext({
      viewport: { width, height },
      locale: language,
      colorScheme: dark ? 'dark' : 'light',
      timezoneId: zone,
      baseURL: this.url,
    })
    if (user) {
      const answer = await context.request.post('/api/v1/session', { data: { user, password } })
      if (!answer.ok()) throw new Error(`${user} is not let in: ${answer.status()} ${await answer.text()}`)
    }
    const page = await context.newPage()
    page.setDefaultTimeout(60_000) // a limit, not a promise: other tests may have the machine
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.message}`))
    page.on('console', (message) => {
      // A refused or lost request is the story's own business; everything else, above all a breach of the content policy, is a
      // fault.
      if (message.type() === 'error' && !/Failed to load resource|net::ERR_/.test(message.text()))
        this.faults.push(`${page.url()}: ${message.text()}`)
    })
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) =>
        console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      )
    })
    await page.goto(path)
    return page
  }

  async signIn(page, user) {
    await page.locator('input[name=username]').fill(user)
    await page.locator('input[name=password]').fill(password)
    await page.locator('form button.main').click()
    await page.locator('.user').getByText(user).waitFor({ state: 'attached' }) // on a phone it is in the menu
  }

  // A page of somebody who is signed in already; the form is filled in where signing in is what is told.
  async signedIn(user, options = {}) {
    const page = await this.open({ ...options, user })
    await page.locator('.user').getByText(user).waitFor({ state: 'attached' })
    return page
  }

  async picture(page, name) {
    await page.screenshot({ path: join(this.pictures, `${this.name}-${name}.png`), fullPage: true })
  }

  async close(failed) {
    await (this.browser ?? (await this.#launched?.catch(() => null)))?.close()
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await gone
    }
    if (failed) console.log(`files of the story: ${this.folder}`)
    else rmSync(this.folder, { recursive: true, force: true })
  }
}

export const axe_source = () => readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8')

// In a page: what it tells a person, and where the keyboard is, for whoever has only the log of a failed story.
function whatIsSaid() {
  const words = (chosen) => [...document.querySelectorAll(chosen)].map((one) => one.textContent.trim().slice(0, 300))
  const { tagName, className, textContent } = document.activeElement ?? {}
  return {
    at: location.href,
    alerts: words('[role=alert], .toast'),
    dialog: words('dialog[open]'),
    focus: `${tagName}.${className} ${textContent?.trim().slice(0, 80)}`,
  }
}

// story(NAME, what): runs it once on a stage of its own; ends the program with 1 when it failed or a page had a fault.
export async function story(name, tell) {
  needBrowser()
  const stage = new Stage(name)
  let failed = null
  try {
    await tell(stage)
    if (stage.faults.length) throw new Error('faults of the pages:\n' + stage.faults.join('\n'))
  } catch (error) {
    failed = error
    for (const context of stage.browser?.contexts() ?? [])
      for (const [i, page] of context.pages().entries()) {
        await stage.picture(page, `failed-${i}`).catch(() => {})
        console.log(`page ${i} when it failed: ${JSON.stringify(await page.evaluate(whatIsSaid).catch(String))}`)
      }
  }
  await stage.close(failed)
  if (failed) console.error(failed)
  console.log(failed ? '0 passed, 1 failed' : '1 passed, 0 failed')
  process.exit(failed ? 1 : 0)
}

// A key of the list, and what comes of it. While the machine is busy with other tests, the page may grow stale, and then takes no
// key: whoever works here looks before pressing, and presses once more where nothing came of it.
export async function press(page, key, what, state = 'visible') {
  const came = async (timeout) =>
    await what.waitFor({ state, timeout }).then(
      () => true,
      () => false,
    )
  for (let tries = 0; tries < 12; ++tries) {
    await page.locator('#main:not(.is-stale)').waitFor({ state: 'attached' })
    await page.keyboard.press(key)
    if (await came(5_000)) return
    // What is under way still: another press would be for what comes after it.
    await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
    if (await came(500)) return
  }
  throw new Error(`nothing came of ${key}`)
}

export const promo = (n, text = '') => `Spring sale: lamp ${n} at 20% off until Sunday! ${text} #promo`
export const minutes = (n) => `+${n}m`
