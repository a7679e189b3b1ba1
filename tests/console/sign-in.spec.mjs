// Signing in: nothing is shown before, a wrong password says so, leaving leaves, and a link made by the command works once.
import assert from 'node:assert/strict'
import { password, story } from './support.mjs'

await story('sign-in', async (stage) => {
  await stage.start({ people: { dora: ['manager'] } })
  const page = await stage.open({ path: '/queue' })
  await page.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()
  assert.equal(
    await page.getByRole('link', { name: 'Sign in with your organisation' }).count(),
    0,
    'only ways that there are are offered',
  )
  await page.getByLabel('Name').fill('dora')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  console.log('wrong:', await page.getByRole('alert').innerText())
  await stage.picture(page, 'wrong')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Queue' }).waitFor()
  const cookies = await page.context().cookies()
  assert.ok(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === 'Strict', JSON.stringify(cookies))
  await page.reload()
  await page.locator('.user').getByText('dora').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()
  assert.equal((await page.context().cookies()).length, 0)

  // The link shows a button first, for programs that look at links must not spend it; then it is over.
  const made = await stage.halfmast('login-link', 'dora', '-o', 'json')
  assert.equal(made.code, 0, made.out + made.err)
  const { path } = JSON.parse(made.out)
  await page.goto(path)
  await stage.picture(page, 'link')
  await page.getByRole('button', { name: 'Sign in as dora' }).click()
  await page.locator('.user').getByText('dora').waitFor()
  await page.goto(path)
  await page.getByText('This link was used or has expired.').waitFor()
})
