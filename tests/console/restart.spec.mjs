// The daemon is killed under an open page: within five seconds the page says so and takes no decision; when it is back, the page
// goes on by itself, and nothing that happened around the crash is missing in what it heard.
import assert from 'node:assert/strict'
import { minutes, promo, story, until } from './support.mjs'

await story('restart', async (stage) => {
  await stage.start({ posts: { acme: Array.from({ length: 5 }, (_, i) => ({ due: minutes(60 + i), text: promo(i) })) } })
  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')
  assert.equal(raised.code, 0, raised.out + raised.err)

  const page = await stage.open({ path: '/checks' })
  // Five seconds are five of the page's own clock, which is put forward: how busy the machine is does not count.
  await page.clock.install()
  await page.reload()
  const run = page.getByRole('button', { name: 'Check now' })
  await run.waitFor()
  await page.locator('.banner').getByText('checkout is failing').waitFor()
  assert.ok(await run.isEnabled())
  await page.evaluate(() => {
    globalThis.heard = []
    new BroadcastChannel('halfmast').onmessage = (event) =>
      event.data.kind === 'record' && globalThis.heard.push(event.data.data.seq)
  })

  const of_events = (request) => request.url().includes('/api/v1/events')
  const lost = Promise.race(['requestfailed', 'requestfinished'].map((name) => page.waitForEvent(name, of_events)))
  await stage.killDaemon()
  await lost
  await page.clock.runFor(5_000)
  assert.ok(await page.getByRole('alert').getByText('The daemon is not answering.').isVisible(), 'it is said within five seconds')
  assert.ok(await run.isDisabled(), 'what asks the daemon is off')
  assert.ok(await page.locator('.banner').getByText('checkout is failing').isVisible(), 'what was known stays on the screen')
  await stage.picture(page, 'stale')

  await stage.startDaemon()
  await page.getByText('The daemon is not answering.').waitFor({ state: 'detached' })
  assert.ok(await run.isEnabled())
  await stage.halfmast('lower', '--reason', 'works again')
  await page.locator('.banner').waitFor({ state: 'detached' })
  // What the page heard is one unbroken row, over the crash too: its numbers are the ledger's.
  const last = JSON.parse((await stage.halfmast('audit', 'list', '--limit', '1', '-o', 'json')).out).records[0].seq
  const heard = await until(
    async () => {
      const seqs = await page.evaluate(() => globalThis.heard)
      return seqs.at(-1) >= last && seqs
    },
    `record ${last} is heard`,
  )
  for (let i = 1; i < heard.length; ++i)
    assert.equal(heard[i], heard[i - 1] + 1, `no record between ${heard[i - 1]} and ${heard[i]} was missed: ${heard}`)
  assert.ok(heard.length >= 3, `${heard}`)
})
