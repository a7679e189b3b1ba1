// Signing in with the organisation's account, through a real provider, as a browser goes the way: the button, there and back, the
// role that the group gives, leaving; and who is in no group that counts stays outside and is told why.
import assert from 'node:assert/strict'
import { provide } from './provider.mjs'
import { minutes, promo, story, until } from './support.mjs'

await story('provider', async (stage) => {
  await stage.start({
    posts: { acme: [{ due: minutes(90), text: promo(1) }] },
    access: (it) => provide(it, { 'social-managers': ['manager'], operations: ['ops', 'on_call'] }),
  })
  assert.equal((await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')).code, 0)

  const page = await stage.open({ path: '/statements' })
  await page.getByRole('heading', { name: 'Sign in to halfmast' }).waitFor()
  assert.equal(await page.getByLabel('Password').count(), 0, 'no passwords are set, so none is asked for')
  await stage.picture(page, 'button')
  const gone = []
  page.on('request', (request) => request.isNavigationRequest() && gone.push(request.url()))
  await page.getByRole('link', { name: 'Sign in with your organisation' }).click()
  await page.locator('.user').getByText('maria').waitFor()
  assert.ok(
    gone.some((url) => url.startsWith(stage.provider.issuer)),
    gone.join(' '),
  )
  assert.equal(page.url(), `${stage.url}/`, 'the code of the way back is not left in the address')
  // Her provider says that she reads Hungarian.
  await page.waitForFunction(() => document.documentElement.lang === 'hu')
  // (the provider is on the same host, and cookies know no ports)
  const cookies = async () => (await page.context().cookies(stage.url)).filter((one) => one.name.startsWith('halfmast'))
  const session = async () => (await cookies()).find((one) => one.name === `halfmast-${new URL(stage.url).port}`)
  const cookie = await session()
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict', JSON.stringify(cookie))
  assert.equal((await cookies()).length, 1, 'what the sign-in kept on its way is gone')
  await stage.picture(page, 'signed-in')

  // A manager speaks and releases.
  await page.goto('/queue?state=held')
  await page.locator('[role=row]').getByRole('button', { name: 'Feloldás' }).waitFor()
  await page.goto('/statements')
  const draft = page.getByRole('button', { name: 'Piszkozat megjelenítése' })
  await draft.waitFor()
  assert.ok(await draft.isEnabled())

  await page.getByRole('button', { name: 'Kijelentkezés' }).click()
  await page.getByRole('heading', { level: 1, name: 'Bejelentkezés a halfmastba' }).waitFor()
  assert.equal(await session(), undefined)
  assert.equal(await page.evaluate(async () => (await fetch('/api/v1/status')).status), 401, 'what was open is closed')

  // Another group now: on call, who may hold and not speak.
  await stage.provider.control({ groups: ['operations'] })
  const link = page.locator('a[href="/auth/oidc/start"]')
  await link.click()
  await page.locator('.user').getByText('maria').waitFor()
  await page.goto('/statements')
  await draft.waitFor()
  assert.ok(await draft.isDisabled(), 'the group gives no word in public')

  // She is taken out of every group that counts, while she is signed in: the page tells her, and shows nothing any more.
  await stage.provider.control({ groups: ['staff'] })
  await until(
    async () => {
      await page.goto('/queue')
      await page.locator('h1').waitFor()
      return await page.getByRole('alert').getByText('its groups have no role here now').isVisible()
    },
    'the sign-in is over',
  )
  await stage.picture(page, 'removed')
  await link.click()
  await page.getByText('none of the provider').waitFor()
  await stage.picture(page, 'no-group')
  await page.goto('/')
  await link.waitFor()
  assert.equal(await page.locator('.user').count(), 0)
})
