// Every screen in four languages, two themes and two sizes: axe finds nothing, nothing scrolls sideways at 320 px, and no page breaks the
// content policy (support.mjs watches for that). Axe finds only a part of what can be wrong; the rest is in daemon/console/README.md.
import assert from 'node:assert/strict'
import { axe_source, minutes, promo, story, until } from './support.mjs'

const languages = { en: 'en-GB', hu: 'hu-HU', ru: 'ru-RU', zh: 'zh-CN' }
const screens = ['/', '/queue', '/calendar', '/statements', '/tasks', '/pages', '/audit', '/accounts', '/checks', '/sign-in', '/nothing-here']

async function inspect(page, where) {
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }))
  assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html + ' ' + (node.any[0]?.message ?? '')).slice(0, 3).join(' | ')}`), [], where)
  assert.ok(passes.length > 15, `axe looked at the page (${passes.length} rules)`)
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(overflow <= 0, `${where} scrolls sideways by ${overflow} px`)
}

await story('axe', async (stage) => {
  await stage.start({ accounts: ['acme', 'acme-cn'], people: { dora: ['admin'] } })
  await stage.seed('acme', { due: minutes(60), text: promo(1) }, { due: minutes(90), text: 'Tavaszi akció: minden lámpa 20% kedvezménnyel! #promo', language: 'hu' },
    { due: minutes(95), text: 'Весенняя распродажа: скидка 20% на все лампы! #promo', language: 'ru' }, { due: minutes(99), text: 'Closed today. #service' })
  await stage.seed('acme-cn', { due: minutes(70), text: '春季大促：全场台灯八折，仅限本周末！立即抢购 #promo' })
  await until(async () => (await stage.status()).accounts.every((one) => one.queued > 0), 20_000, 'the queues are seen')
  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')
  assert.equal(raised.code, 0, raised.out + raised.err)

  let looked = 0
  for (const [tag, locale] of Object.entries(languages))
    for (const dark of [false, true])
      for (const [width, height] of [[1280, 900], [320, 640]]) {
        const page = await stage.open({ width, height, language: locale, dark })
        await page.locator('input[name=username]').waitFor()
        assert.equal(await page.evaluate(() => document.documentElement.lang), tag)
        await page.evaluate(axe_source())
        await inspect(page, `${tag} ${dark ? 'dark' : 'light'} ${width} before signing in`)
        ++looked
        await stage.signIn(page, 'dora')
        await page.locator('.banner').waitFor()
        const where = `${tag} ${dark ? 'dark' : 'light'} ${width}`
        for (const screen of screens) {
          await page.evaluate((to) => {
            history.pushState(null, '', to)
            dispatchEvent(new PopStateEvent('popstate'))
          }, screen)
          await page.locator(screen === '/queue' ? '[role=row]' : 'h1').first().waitFor()
          await page.waitForFunction((to) => location.pathname === to, screen)
          await inspect(page, `${where} ${screen}`)
          ++looked
          if (tag === 'zh' && dark || tag === 'ru' && width === 320) await stage.picture(page, `${tag}-${dark ? 'dark' : 'light'}-${width}${screen.replace(/\W/g, '-')}`)
        }
        // The dialogs that cover a page.
        await page.goto('/queue?state=held&post=' + encodeURIComponent('acme/1'))
        await page.locator('dialog blockquote').waitFor()
        await page.evaluate(axe_source())
        await inspect(page, `${where} post`)
        await page.keyboard.press('Escape')
        await page.locator('[role=row][tabindex="0"]').focus()
        await page.keyboard.press('?')
        await page.locator('dialog .keys').waitFor()
        await inspect(page, `${where} keys`)
        await page.keyboard.press('Escape')
        await page.locator('dialog').waitFor({ state: 'detached' })
        await page.locator('[role=row][tabindex="0"]').focus()
        await page.keyboard.press('t')
        await page.locator('dialog form.decide').waitFor()
        await inspect(page, `${where} reschedule`)
        looked += 3
        await page.context().close()
      }
  console.log(`axe: ${looked} views, no finding`)
})
