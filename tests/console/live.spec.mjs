// A flag that is raised by the command is seen in a page that was open before: banner, bars, what escaped; without touching the
// page.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { minutes, promo, story, until } from './support.mjs'

await story('live', async (stage) => {
  const letters = createServer((request, answer) => request.resume().on('end', () => answer.writeHead(204).end()))
  await new Promise((done) => letters.listen(0, '127.0.0.1', done))
  letters.unref()
  await stage.start({
    accounts: ['acme', 'acme-cn'],
    more:
      `[[receiver]]\nname = "ann"\nkind = "ntfy"\nurl = "http://127.0.0.1:${letters.address().port}"\ntopic = "flags"\n` +
      '[[rota]]\nname = "on-call"\nturns = ["ann"]\nfirst = "2026-03-02T09:00:00+01:00"\nevery = "7d"\n',
    posts: {
      acme: [
        ...Array.from({ length: 12 }, (_, i) => ({ due: minutes(60 + i), text: promo(i) })),
        { due: minutes(50), text: 'Our shop is closed today because of a burst pipe. #service' },
      ],
      'acme-cn': [{ due: minutes(70), text: '春季大促：全场台灯八折，仅限本周末！立即抢购 #promo' }],
    },
  })

  const page = await stage.open()
  await page.getByText('No flag is up.').waitFor()
  await stage.picture(page, 'calm')

  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--owner', 'dora')
  assert.equal(raised.code, 0, raised.out + raised.err)

  const banner = page.getByRole('region', { name: 'Raised flags' })
  await banner.getByText('checkout is failing').waitFor()
  const words = await banner.innerText()
  for (const word of ['CRISIS', 'outage · major', 'Owner: dora', 'Raised by', 'Next update in'])
    assert.ok(words.includes(word), `${word} in ${words}`)
  const left = await banner.locator('.next time').innerText()
  assert.match(left, /^4[345]:\d\d$/)
  await until(async () => (await banner.locator('.next time').innerText()) !== left, 'the countdown counts')

  await page.getByText('13 of 13 held and confirmed', { exact: false }).first().waitFor()
  await page.getByText('Summary pinned on 2 of 2 accounts').waitFor()
  assert.equal(await page.locator('.accountbar').count(), 2)
  await stage.picture(page, 'raised')

  // The banner stands on every page.
  for (const name of ['Queue', 'Calendar', 'Statements', 'Tasks', 'Pages', 'Audit', 'Accounts', 'Checks']) {
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name, exact: false }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    assert.ok(await banner.getByText('checkout is failing').isVisible(), `the banner on ${name}`)
    if (name === 'Pages') await page.getByText('on-call: ann', { exact: false }).waitFor()
    await stage.picture(page, name.toLowerCase())
  }

  const lowered = await stage.halfmast('lower', '--reason', 'works again')
  assert.equal(lowered.code, 0, lowered.out + lowered.err)
  await banner.waitFor({ state: 'detached' })
})
