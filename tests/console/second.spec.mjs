// What needs two people: one asks, cannot confirm it alone, and another one who is signed in elsewhere does.
import assert from 'node:assert/strict'
import { minutes, playbook, promo, story, until } from './support.mjs'

await story('second', async (stage) => {
  await stage.start({
    posts: {
      acme: [
        { due: minutes(90), text: promo(1) },
        { due: minutes(150), text: promo(2) },
      ],
    },
    people: { dora: ['manager'], eva: ['manager'], olga: ['ops'] },
    books: playbook
      .replace('severity = "major"', 'severity = "major"\ntwo_person = "major"')
      .replace('publish  = "at-once"', 'publish  = "after-approval"'),
  })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--wait', '10s')
  await until(async () => (await stage.status()).crises[0].holds.held === 2, 'both are held')

  // Lowering: asked for by the command, confirmed in the console.
  await stage.halfmast('lower', '--reason', 'works again')
  assert.equal((await stage.status()).crises[0].phase, 'raised', 'one person alone does not lower it')
  const ops = await stage.signedIn('olga')
  await ops.getByText('Lower c-1', { exact: true }).waitFor()
  await stage.picture(ops, 'lower-asked')
  await ops.getByRole('button', { name: 'Confirm as second person' }).click()
  await until(async () => (await stage.status()).crises[0].phase === 'lowered', 'it is lowered')

  // Releasing: dora asks.
  const dora = await stage.signedIn('dora', { path: '/queue?state=held' })
  const row = (page) => page.locator('[role=row]').filter({ hasText: 'lamp 1' })
  await row(dora).getByRole('button', { name: 'Release' }).click()
  await dora.getByLabel('Reason').fill('is harmless')
  await dora.locator('dialog button.main').click()
  await dora.getByText('a second person has to confirm').waitFor()
  await row(dora).getByText('waits for a second person; asked by dora').waitFor()
  await stage.picture(dora, 'asked')

  // Her own word is not a second one.
  await row(dora).getByRole('button', { name: 'Confirm as second person' }).click()
  await dora.locator('dialog button.main').click()
  const alert = dora.locator('dialog').getByRole('alert')
  await alert.waitFor()
  console.log('alone:', await alert.innerText())
  await stage.picture(dora, 'not-alone')
  await dora.keyboard.press('Escape')
  assert.equal((await stage.status()).crises[0].holds.held, 2, 'nothing was released')

  const eva = await stage.signedIn('eva', { path: '/queue?state=held' })
  await row(eva).getByText('asked by dora').waitFor()
  await row(eva).getByRole('button', { name: 'Confirm as second person' }).click()
  await eva.locator('dialog button.main').click()
  await eva.locator('dialog').waitFor({ state: 'detached' })
  await until(async () => (await stage.status()).crises[0].holds.released === 1, 'the post is released and read back')
  // dora's page, which nobody touched, has seen it.
  await row(dora).waitFor({ state: 'detached' })
  await stage.picture(eva, 'confirmed')
})
