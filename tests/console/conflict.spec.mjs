// Two managers look at one post; the one who is second is told who was first, and nothing is done twice.
import assert from 'node:assert/strict'
import { minutes, promo, story, until } from './support.mjs'

await story('conflict', async (stage) => {
  await stage.start({ people: { dora: ['manager'], eva: ['manager'] }, posts: { acme: [{ due: minutes(90), text: promo(1) }] } })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')
  assert.equal((await stage.halfmast('lower', '--reason', 'works again')).code, 0)

  const dora = await stage.signedIn('dora', { path: '/queue' })
  const eva = await stage.signedIn('eva', { path: '/queue' })
  for (const page of [dora, eva]) await page.locator('[role=row]').getByRole('button', { name: 'Release' }).waitFor()
  // eva has the dialog open while dora decides.
  await eva.locator('[role=row]').getByRole('button', { name: 'Release' }).click()
  await eva.locator('dialog button.main').waitFor()
  await dora.locator('[role=row]').getByRole('button', { name: 'Keep back' }).click()
  await dora.locator('dialog button.main').click()
  await dora.locator('dialog').waitFor({ state: 'detached' })
  await until(async () => (await stage.status()).crises[0].holds.kept === 1, 'it is kept')

  await eva.locator('dialog button.main').click()
  const alert = eva.locator('dialog').getByRole('alert')
  await alert.getByText('Somebody else was first: dora').waitFor()
  console.log(await alert.innerText())
  await stage.picture(eva, 'second')
  const holds = (await stage.status()).crises[0].holds
  assert.equal(holds.kept, 1, JSON.stringify(holds))
  assert.equal(holds.released ?? 0, 0)
  await eva.keyboard.press('Escape')
  // It is kept; once the flag is down and nothing waits any more, the next look at the queue takes it from the list.
  await eva.locator('[role=row]').getByText('kept').or(eva.getByText('No post is here.')).waitFor()
})
