// Texts of held posts. One that was changed at its source since: the difference is shown, a release asks again, and what changes
// once more behind the reader's back is asked about once more. And one that a person changes at release, where the way it is held
// allows that.
import assert from 'node:assert/strict'
import { minutes, press, promo, story, until } from './support.mjs'

await story('texts', async (stage) => {
  await stage.start({
    people: { dora: ['manager'] },
    more: '\n[review]\nspacing = "0s"\nmost_an_hour = 0\n',
    // The first is due so soon that it is taken out; the others are postponed and stay with the platform.
    posts: {
      acme: [
        { due: minutes(8), text: promo(1) },
        { due: minutes(90), text: 'Half price today #promo' },
        { due: minutes(150), text: promo(3) },
      ],
    },
  })
  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')
  assert.equal(raised.code, 0, raised.out + raised.err)
  assert.equal((await stage.halfmast('lower', '--reason', 'works again')).code, 0)
  const edit = async (text) => await stage.control('edit', { account: 'acme', id: '2', text })
  const waiting = async () => (await (await fetch(`${stage.platform}/control/state?account=acme`)).json()).accounts[0].scheduled

  const page = await stage.signedIn('dora', { path: '/queue?state=held' })
  const row = (id) => page.locator(`[role=row][data-id="${id}"]`)
  await row('acme/2').waitFor()
  await edit('A lottery today #promo')
  await row('acme/2').getByText('changed at its source').waitFor()
  await stage.picture(page, 'list')
  await row('acme/2').getByRole('link', { name: 'acme/2' }).click()
  const dialog = page.locator('dialog')
  await dialog.locator('.diff ins').first().waitFor()
  await stage.picture(page, 'post')
  await page.keyboard.press('Escape')

  await row('acme/2').getByRole('button', { name: 'Release' }).click()
  await dialog.getByText('Its text cannot be changed here: it is held by “postponed”').waitFor()
  assert.equal(await dialog.locator('.diff').count(), 0)
  await dialog.locator('button.main').click()
  const told = async (kind) => (await dialog.locator(`.diff ${kind}`).allInnerTexts()).join(' ')
  await dialog.getByText('It was changed at its source since it was held.', { exact: false }).waitFor()
  assert.match(await told('del'), /Half/)
  assert.match(await told('ins'), /lottery/)
  assert.ok(
    (await waiting()).find((one) => one.id === '2'),
    'nothing was released by the first press',
  )
  await stage.picture(page, 'asks')

  // Somebody changes it again while she reads: her word was about the text before.
  await edit('Two lotteries today #promo')
  await until(
    async () =>
      JSON.parse((await stage.halfmast('queue', 'show', 'acme/2', '-o', 'json')).out).post.source_change.after.startsWith('Two'),
    'the second change is seen',
  )
  await dialog.getByRole('button', { name: 'Accept the change and go on' }).click()
  await dialog.locator('.diff ins').getByText('Two').waitFor()
  await stage.picture(page, 'asks-again')
  await dialog.getByRole('button', { name: 'Accept the change and go on' }).click()
  await dialog.waitFor({ state: 'detached' })
  await row('acme/2').waitFor({ state: 'detached' })
  await until(
    async () => JSON.parse((await stage.halfmast('queue', 'show', 'acme/2', '-o', 'json')).out).post.state === 'released',
    'it is released and read back',
  )
  assert.equal((await waiting()).find((one) => one.id === '2').text, 'Two lotteries today #promo')

  // Changed at release: the text as it will go out, counted as a reader counts.
  await row('acme/1').focus()
  await press(page, 't', dialog.getByRole('button', { name: 'Change the text' }))
  await dialog.getByRole('button', { name: 'Change the text' }).click()
  const text = dialog.getByLabel('Text as it will go out')
  assert.equal(await text.inputValue(), promo(1))
  await text.fill('Our lamps are back 👩‍👩‍👧 #promo')
  await dialog.getByText('27 characters, before it was 52').waitFor()
  await stage.picture(page, 'change')
  await dialog.locator('button.main').click()
  await dialog.waitFor({ state: 'detached' })
  await until(
    async () => (await waiting()).some((one) => one.text === 'Our lamps are back 👩‍👩‍👧 #promo'),
    'the new text waits at the platform',
  )
})
