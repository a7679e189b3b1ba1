// What is said: drafted and looked at first, in each account's language, published with time to take it back, taken back once,
// corrected; and who may not say anything.
import assert from 'node:assert/strict'
import { minutes, playbook, promo, story } from './support.mjs'

await story('statements', async (stage) => {
  await stage.start({
    accounts: ['acme', 'acme-hu'],
    languages: { 'acme-hu': 'hu' },
    people: { dora: ['manager'], olga: ['ops'] },
    books: playbook
      .replace('undo     = "0s"', 'undo     = "5m"')
      .replace('update.en', 'update.hu = "{{about}} Legközelebb: {{next_update_by}}."\nupdate.en'),
    posts: { acme: [{ due: minutes(90), text: promo(1) }] },
  })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')

  const page = await stage.signedIn('dora', { path: '/statements' })
  await page.getByText('1. summary').waitFor()
  await page.getByLabel('What is new').fill('Card payments work again, vouchers do not.')
  await page.getByLabel('One text for each language').check()
  assert.equal(
    await page.getByRole('textbox', { name: 'English' }).inputValue(),
    'Card payments work again, vouchers do not.',
    'what was typed is not lost',
  )
  await page.getByRole('textbox', { name: 'Hungarian' }).fill('Kártyával megint lehet fizetni, utalvánnyal nem.')
  await page.getByRole('button', { name: 'Show the draft' }).click()
  const draft = page.locator('.drafts')
  await draft.getByText('Card payments work again, vouchers do not. Next update by').waitFor()
  await draft.getByText('Kártyával megint lehet fizetni, utalvánnyal nem. Legközelebb:').waitFor()
  assert.deepEqual(await draft.locator('.posttext').evaluateAll((all) => all.map((one) => one.lang)), ['en', 'hu'])
  assert.equal(await draft.getByText(/^\s*\d+ of 500 characters/).count(), 2)
  await stage.picture(page, 'draft')
  await page.getByRole('button', { name: 'Publish on 2 accounts' }).click()
  await page.getByText('2. update').waitFor()
  await page.getByRole('button', { name: /Undo 0\d:\d\d/ }).click()
  await page.getByText('Undone; nothing of it became public.').waitFor()
  await stage.picture(page, 'undone')

  await page.getByLabel('correction').check()
  await page.getByLabel('One text for each language').uncheck()
  await page.getByLabel('What was wrong').fill('Vouchers were never affected.')
  await page.getByRole('button', { name: 'Show the draft' }).click()
  await draft.getByText('Correction: Vouchers were never affected.').first().waitFor()
  await page.getByLabel('At once, without the time in which it can be undone').check()
  await page.getByRole('button', { name: 'Publish on 2 accounts' }).click()
  const edition = page.locator('.editions li').filter({ hasText: '3. correction' })
  await edition.getByText('out on 2 of 2').waitFor()
  await stage.picture(page, 'corrected')
  const state = await (await fetch(`${stage.platform}/control/state`)).json()
  const texts = JSON.stringify(state.accounts[0].published)
  assert.ok(texts.includes('Vouchers were never affected.'), texts)
  assert.ok(!texts.includes('vouchers do not'), 'what was taken back never became public')

  const ops = await stage.signedIn('olga', { path: '/statements' })
  await ops.getByText('3. correction').waitFor()
  assert.ok(await ops.getByRole('button', { name: 'Show the draft' }).isDisabled(), 'who may not speak is not offered to')
})
