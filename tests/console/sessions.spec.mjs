// Where one is signed in: behind one's own name, and ended there; the browser that was left open has to sign in again. Others are an
// administrator's to end.
import assert from 'node:assert/strict'
import { story, until } from './support.mjs'

await story('sessions', async (stage) => {
  await stage.start({ people: { dora: ['manager'], ada: ['admin'] } })
  const left = await stage.signedIn('dora')
  const page = await stage.signedIn('dora')
  const admin = await stage.signedIn('ada')
  await page.getByRole('link', { name: 'dora' }).click()
  await page.getByRole('heading', { level: 1, name: 'Signed in' }).waitFor()
  const rows = page.locator('main li')
  await rows.first().waitFor()
  assert.equal(await rows.count(), 2, 'hers, and nobody else is shown')
  assert.equal(await rows.filter({ hasText: 'this browser' }).count(), 1)
  await rows.filter({ hasText: 'password, since' }).first().waitFor()
  await stage.picture(page, 'own')

  await rows.getByRole('button', { name: 'End dora' }).click()
  await page.getByText('Ended.').waitFor()
  await until(async () => (await rows.count()) === 1, 'only this browser is left')
  assert.equal(await rows.getByRole('button').count(), 0, 'the way out of this one stands above')
  await left.goto('/queue')
  await left.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()

  // Two more of hers are ended at once.
  await stage.signIn(left, 'dora')
  await stage.signedIn('dora')
  await page.reload()
  await page.getByRole('button', { name: 'End all my others' }).click()
  await until(async () => (await rows.count()) === 1, 'all others are ended')
  await left.goto('/queue')
  await left.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()

  await admin.goto('/sessions')
  await admin.getByRole('button', { name: 'End dora' }).click()
  await admin.getByText('Ended.').waitFor()
  await page.goto('/queue')
  await page.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()
  const by = async () =>
    JSON.parse((await stage.halfmast('audit', 'list', '-o', 'json')).out)
      .records.filter((one) => one.kind === 'access_session_ended')
      .map((one) => one.actor)
      .join(' ')
  await until(async () => (await by()) === 'ada dora dora dora', 'who ended them is on record')
})
