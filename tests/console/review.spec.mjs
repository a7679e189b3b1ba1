// Sixty held posts are reviewed with the keyboard alone: one by one, and the rest together. The mouse is never touched.
import assert from 'node:assert/strict'
import { minutes, press, promo, story, until } from './support.mjs'

const posts = 60

await story('review', async (stage) => {
  const accounts = ['acme', 'shop', 'blog']
  await stage.start({
    accounts,
    people: { dora: ['manager'] },
    more: '\n[review]\nspacing = "0s"\nmost_an_hour = 0\n',
    posts: Object.fromEntries(
      accounts.map((one, i) => [
        one,
        Array.from({ length: posts / 3 }, (_, n) => ({ due: minutes(90 + 3 * n + i), text: promo(n) })),
      ]),
    ),
  })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')
  await until(async () => (await stage.status()).crises[0].holds.held === posts, 'every post is held')
  assert.equal((await stage.halfmast('lower', '--reason', 'works again')).code, 0)

  const page = await stage.signedIn('dora', { path: '/queue?state=held' })
  await page.locator('[role=row]').first().waitFor()
  const progress = page.getByTestId('progress')
  await progress.getByText(`0 of ${posts} reviewed`).waitFor()

  // Into the list, as a person without a mouse comes there.
  for (let i = 0; ; ++i) {
    assert.ok(i < 60, 'the list is reached with Tab')
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'row')) break
  }
  const here = () => page.evaluate(() => document.activeElement?.getAttribute('data-id') ?? '')
  const first = await here()
  const stands = async (on, id) => await until(async () => ((await here()) === id) === on, `${on ? 'on' : 'not on'} ${id}`)
  await page.keyboard.press('j')
  await stands(false, first)
  await page.keyboard.press('k')
  await stands(true, first)
  await page.keyboard.press('Enter')
  await page.locator('dialog').getByText('Why', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  await stands(true, first) // the focus is back where it was
  await page.keyboard.press('?')
  await page.locator('dialog').getByText('Next, previous post').waitFor()
  await stage.picture(page, 'keys')
  await page.keyboard.press('Escape')
  const dialog = page.locator('dialog')
  await dialog.waitFor({ state: 'detached' })

  const open = (key, inside) => press(page, key, dialog.locator(inside))
  const close = () => press(page, 'Enter', dialog, 'detached')
  const began = Date.now()
  let done = 0
  const decide = async (key, id) => {
    await open(key, 'form button.main')
    await close()
    await page.locator(`[role=row][data-id="${id}"]`).waitFor({ state: 'detached' })
    ++done
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'row')
  }
  while (done < 8) await decide('d', await here())
  while (done < 12) await decide('r', await here())
  await progress.getByText(`12 of ${posts} reviewed`).waitFor()
  await stage.picture(page, 'after-12')

  // A note stays with its post, which is not decided by it.
  await open('n', 'form button.main')
  await page.keyboard.press('Tab')
  await dialog.getByLabel('Note').focus()
  await page.keyboard.type('ask Pál first')
  await close()
  await page.locator('[role=row]').getByText('1 note').waitFor()
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'row')

  // The others together: looked at first, then done.
  await press(page, 'X', page.getByText(`${posts - done} chosen`))
  await open('d', 'form button.main')
  await dialog.getByRole('button', { name: 'Show what would happen' }).waitFor()
  await press(page, 'Enter', dialog.getByText(`${posts - done} of ${posts - done} can be done as asked.`))
  await stage.picture(page, 'bulk')
  await close()
  await progress.getByText(`${posts} of ${posts} reviewed`).waitFor()
  await page.getByText('No post is here.').waitFor()
  console.log(`${posts} posts reviewed in ${((Date.now() - began) / 1000).toFixed(1)} s, ${done} of them one by one`)
  await stage.picture(page, 'done')
  const holds = (await stage.status()).crises[0].holds
  assert.equal((holds.released ?? 0) + (holds.releasing ?? 0), 4, JSON.stringify(holds))
  assert.equal(holds.kept, posts - 4)
  const records = JSON.parse((await stage.halfmast('audit', 'list', '--limit', '500', '-o', 'json')).out).records
  assert.ok(records.filter((one) => one.actor === 'dora').length >= posts, 'every decision is in the ledger under her name')
})
