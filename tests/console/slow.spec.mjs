// A daemon that stands still for a while, as on a machine without memory: meanwhile nothing is decided, the dialog says so, and
// nobody loses their place: what was about to be decided is decided with the next Enter.
import assert from 'node:assert/strict'
import { minutes, press, promo, story, until } from './support.mjs'

await story('slow', async (stage) => {
  await stage.start({
    posts: { acme: Array.from({ length: 3 }, (_, i) => ({ due: minutes(60 + i), text: promo(i) })) },
    people: { dora: ['manager'] },
  })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')
  await until(async () => (await stage.status()).crises[0].holds.held === 3, 'every post is held')

  const page = await stage.signedIn('dora', { path: '/queue?state=held' })
  const row = page.locator('[role=row]').first()
  await row.focus()
  const id = await row.getAttribute('data-id')
  const dialog = page.locator('dialog')
  const keep = dialog.locator('button.main')
  const focused = () => keep.evaluate((one) => one === document.activeElement)
  await press(page, 'd', keep)
  assert.ok(await focused())
  const asked = []
  page.on('request', (one) => one.method() === 'POST' && asked.push(one.url()))

  stage.pauseDaemon(true)
  await dialog.getByRole('alert').getByText('The daemon is not answering.').waitFor()
  assert.ok(await keep.isDisabled())
  assert.ok(await focused(), 'the keyboard stays where it was')
  await page.keyboard.press('Enter')
  await stage.picture(page, 'dialog')
  assert.deepEqual(asked, [], 'nothing is asked of who does not answer')
  assert.ok(await dialog.isVisible())

  stage.pauseDaemon(false)
  await dialog.getByText('The daemon is not answering.').waitFor({ state: 'detached' })
  assert.ok(await focused())
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await page.locator(`[role=row][data-id="${id}"]`).waitFor({ state: 'detached' })
  assert.equal(asked.length, 1)
  assert.equal((await stage.status()).crises[0].holds.kept, 1)
})
