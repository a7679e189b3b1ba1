// Every screen in four languages, two themes and two sizes: axe finds nothing, nothing scrolls sideways at 320 px, and no page
// breaks the content policy (support.mjs watches for that). Axe finds only a part of what can be wrong; the rest is in
// daemon/console/README.md.
//
// One daemon and one browser; in each language a person signs in once and goes through the screens without loading them anew. At
// each of them the size and the system's theme are changed under the page, as people do it. A size moves things and hides some, so
// every rule looks again; a theme changes colours and nothing else, so only the rules about colours look at it in the dark.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { axe_source, minutes, press, promo, source, story } from './support.mjs'

const languages = { en: 'en-GB', hu: 'hu-HU', ru: 'ru-RU', zh: 'zh-CN' }
const sizes = [
  [1280, 900],
  [320, 640],
]
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const of_colours = ['color-contrast', 'link-in-text-block']
let looked = 0

async function inspect(page, where, only) {
  const { violations, rules, overflow } = await page.evaluate(
    async ([runOnly, preload]) => {
      const found = await globalThis.axe.run(document, { runOnly, preload, resultTypes: ['violations'] })
      return {
        violations: found.violations,
        rules: [...found.passes, ...found.incomplete, ...found.violations].map((one) => one.id),
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      }
    },
    only ? [{ type: 'rule', values: only }, false] : [{ type: 'tag', values: tags }, true],
  )
  assert.deepEqual(
    violations.map(
      (one) =>
        `${one.id}: ${one.nodes
          .map((node) => node.html + ' ' + (node.any[0]?.message ?? ''))
          .slice(0, 3)
          .join(' | ')}`,
    ),
    [],
    where,
  )
  assert.ok(rules.includes('color-contrast') && (only || rules.length > 15), `axe looked at the page: ${rules}`)
  assert.ok(overflow <= 0, `${where} scrolls sideways by ${overflow} px`)
  ++looked
}

// One DOM in both sizes and both themes. pictured: in which of them its picture is kept, of the language with the longest words and
// of the one with the widest letters.
const pictured = { ru: ['dark 1280', 'dark 320'], zh: ['light 320'] }
async function everyWay(stage, page, tag, view) {
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      const way = `${colorScheme} ${width}`
      await inspect(page, `${tag} ${view} ${way}`, colorScheme === 'dark' && of_colours)
      if (view.startsWith('/') && pictured[tag]?.includes(way))
        await stage.picture(page, `${tag}${view.replace(/\?.*/, '').replaceAll('/', '-')}-${way.replace(' ', '-')}`)
    }
  }
}

// Each screen with the key of its heading; the ledger from its first record on, for one record looks like another.
const screens = {
  '/': 'now.title',
  '/queue': 'nav.queue',
  '/calendar': 'nav.calendar',
  '/statements': 'nav.statements',
  '/tasks': 'nav.tasks',
  '/pages': 'nav.pages',
  '/audit?before=12': 'nav.audit',
  '/accounts': 'nav.accounts',
  '/checks': 'nav.checks',
  '/sessions': 'sessions.title',
  '/sign-in': 'signin.title',
  '/nothing-here': 'error.no_page',
}
// What stands on a screen only after it was asked for, by the page or by a person.
const asked = {
  '/': async (page) => await page.locator('.accountbar').first().waitFor(),
  '/queue': async (page) => await page.locator('[role=row]').first().waitFor(),
  '/calendar': async (page) => await page.locator('.agenda li').first().waitFor(),
  '/checks': async (page) => {
    await page.getByTestId('settings').getByRole('button').click()
    await page.getByTestId('settings').locator('.big').waitFor()
  },
  '/statements': async (page) => {
    await page.locator('form input[type=checkbox]').first().check()
    await page.locator('fieldset textarea').first().fill('Vouchers work again.')
    await page.locator('form button:not([type=button])').first().click()
    await page.locator('.drafts li').first().waitFor()
  },
  '/sessions': async (page) => await page.locator('main li h2').first().waitFor(),
  '/audit?before=12': async (page) => {
    await page.getByTestId('proof').locator('.facts').waitFor()
    await page.locator('.timeline li').nth(10).waitFor()
  },
}

async function walk(stage, tag, locale) {
  const page = await stage.open({ language: locale })
  await page.locator('input[name=username]').waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), tag)
  await page.evaluate(axe_source())
  await everyWay(stage, page, tag, 'before signing in')
  await stage.signIn(page, 'dora')
  await page.locator('.banner.real').waitFor()
  const words = JSON.parse(readFileSync(join(source, `daemon/console/src/locales/${tag}.json`), 'utf8'))
  const to = async (address) =>
    await page.evaluate((there) => {
      history.pushState(null, '', there)
      dispatchEvent(new PopStateEvent('popstate'))
    }, address)
  for (const [screen, heading] of Object.entries(screens)) {
    await to(screen)
    await page.locator('h1').getByText(words[heading], { exact: true }).waitFor()
    await asked[screen]?.(page)
    await everyWay(stage, page, tag, screen)
  }

  // The dialogs that cover a page: a post, of a drill too, the keys, and a decision.
  for (const id of ['acme/1', 'range/6']) {
    await to('/queue?state=held&post=' + encodeURIComponent(id))
    await page.locator('dialog blockquote').waitFor()
    assert.equal(await page.locator('dialog .drillmark').count(), id.startsWith('range') ? 1 : 0)
    await everyWay(stage, page, tag, `post ${id}`)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
  }
  for (const [key, part] of [
    ['?', 'dialog .keys'],
    ['t', 'dialog form.decide'],
  ]) {
    await page.locator('[role=row][tabindex="0"]').focus()
    await press(page, key, page.locator(part))
    await everyWay(stage, page, tag, `key ${key}`)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
  }
  await page.context().close()
}

await story('axe', async (stage) => {
  await stage.start({
    accounts: ['acme', 'acme-cn'],
    practice: ['range'],
    people: { dora: ['admin'] },
    languages: { 'acme-cn': 'zh' },
    posts: {
      acme: [
        { due: minutes(60), text: promo(1) },
        { due: minutes(90), text: 'Tavaszi akció: minden lámpa 20% kedvezménnyel! #promo', language: 'hu' },
        { due: minutes(95), text: 'Весенняя распродажа: скидка 20% на все лампы! #promo', language: 'ru' },
        { due: minutes(99), text: 'Closed today. #service' },
      ],
      'acme-cn': [{ due: minutes(70), text: '春季大促：全场台灯八折，仅限本周末！立即抢购 #promo' }],
      range: [{ due: minutes(80), text: promo(2) }],
    },
  })
  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')
  assert.equal(raised.code, 0, raised.out + raised.err)
  const drill = await stage.halfmast('drill', 'outage', '--reason', 'the monthly one', '--now')
  assert.equal(drill.code, 0, drill.out + drill.err)

  // Two languages side by side: each page has a process of its own, and the machine two cores.
  const left = Object.entries(languages)
  const walker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await walk(stage, ...next)
  }
  await Promise.all([walker(), walker()])
  console.log(`axe: ${looked} views, no finding`)
  assert.equal(looked, Object.keys(languages).length * (1 + Object.keys(screens).length + 4) * 4)
})
