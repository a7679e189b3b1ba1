// A drill that is begun by the command: on every page it has another word, another shape and another colour than a crisis; the
// editor, the dialogs and the page's title say it too. When a crisis comes meanwhile, the crisis has the first place.
import assert from 'node:assert/strict'
import { minutes, promo, story } from './support.mjs'

await story('drill', async (stage) => {
  await stage.start({
    accounts: ['acme'],
    practice: ['range'],
    people: { dora: ['manager', 'on_call'] },
    posts: { acme: [{ due: minutes(90), text: promo(1) }], range: [{ due: minutes(95), text: promo(2) }] },
  })
  const page = await stage.signedIn('dora')
  await page.getByText('No flag is up.').waitFor()
  const calm = await page.title()
  assert.equal(calm, 'Now · halfmast')

  const begun = await stage.halfmast('drill', 'outage', '--reason', 'first Monday of the month', '--now')
  assert.equal(begun.code, 0, begun.out + begun.err)
  const banner = page.locator('.banner')
  await banner.getByText('first Monday of the month').waitFor()
  const drill = await banner.getAttribute('data-crisis')
  for (const word of ['Drill, nothing is real', 'This is only a drill']) await banner.getByText(word).waitFor()
  assert.equal(await banner.getByText('Crisis', { exact: true }).count(), 0)
  await page.getByText('Drill: only practice accounts, nothing is real').waitFor()
  await page.getByText('1 of 1 held and confirmed').first().waitFor()
  await stage.picture(page, 'now')
  for (const [path, name] of [
    ['queue', 'Queue'],
    ['calendar', 'Calendar'],
    ['statements', 'Statements'],
    ['tasks', 'Tasks'],
    ['pages', 'Pages'],
    ['audit', 'Audit'],
    ['accounts', 'Accounts'],
    ['checks', 'Checks'],
  ]) {
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name, exact: false }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.waitForFunction((wanted) => document.title === wanted, `[DRILL] ${name} · halfmast`)
    assert.ok((await banner.isVisible()) && (await page.locator('main.in-drill').count()) === 1, `the mark on ${name}`)
    await stage.picture(page, path)
  }

  // What is written goes to practice accounts, and says so before, beside and in it.
  await page.goto('/statements')
  await page.getByText('Drill: what is written here goes to practice accounts only').first().waitFor()
  await page.getByLabel('What is new').fill('Cards work again.')
  await page.getByRole('button', { name: 'Show the draft' }).click()
  await page
    .locator('.drafts')
    .getByText(/^DRILL\b.*Cards work again/)
    .waitFor()
  assert.equal(await page.locator('.drafts > li').count(), 1, 'no other account is spoken for')
  await stage.picture(page, 'draft')

  await page.goto('/accounts')
  const card = (name) => page.locator('li.card').filter({ has: page.getByRole('heading', { name, exact: true }) })
  await card('range').getByText('practice account', { exact: true }).waitFor()
  assert.equal(await card('acme').getByText('practice account').count(), 0)

  // And now it is real, beside the drill.
  const raised = await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')
  assert.equal(raised.code, 0, raised.out + raised.err)
  await banner.nth(1).waitFor()
  const looks = await banner.evaluateAll((all) =>
    all.map((one) => {
      const { backgroundColor, borderTopStyle, borderTopLeftRadius } = getComputedStyle(one)
      return { real: one.classList.contains('real'), backgroundColor, borderTopStyle, borderTopLeftRadius }
    }),
  )
  assert.deepEqual(
    looks.map((one) => one.real),
    [true, false],
    'the crisis is first',
  )
  for (const what of ['backgroundColor', 'borderTopStyle', 'borderTopLeftRadius'])
    assert.notEqual(looks[0][what], looks[1][what], what)
  await page.waitForFunction(() => document.title === '[CRISIS] Accounts · halfmast')
  assert.equal(await page.locator('main.in-drill').count(), 0)
  await page.goto('/')
  await page.locator('section.card').nth(1).waitFor()
  assert.deepEqual(
    await page.locator('section.card').evaluateAll((all) => all.slice(0, 2).map((one) => one.classList.contains('drill'))),
    [false, true],
  )
  await stage.picture(page, 'both')
  await page.goto('/statements')
  await page.getByText('1. summary').waitFor()
  assert.equal(await page.locator('.drillmark').count(), 0, 'the editor is at the crisis unless the drill is chosen')
  await page.goto(`/statements?crisis=${drill}`)
  await page.locator('.drillmark').first().waitFor()

  // A dialog covers the banner, so it says itself what it is about.
  for (const [id, marks] of [
    ['range', 1],
    ['acme', 0],
  ]) {
    await page.goto(`/queue?account=${id}`)
    const row = page.locator('[role=row]').first()
    await row.getByRole('button', { name: 'Release' }).click()
    await page.locator('dialog form.decide').waitFor()
    assert.equal(await page.locator('dialog .drillmark').count(), marks, id)
    assert.equal(await row.getByText('practice account').count(), marks)
    await stage.picture(page, `dialog-${id}`)
    await page.keyboard.press('Escape')
  }

  assert.equal((await stage.halfmast('lower', drill, '--reason', 'enough')).code, 0)
  await page.locator('.banner.drill').waitFor({ state: 'detached' })
  assert.equal(await banner.count(), 1, 'the crisis goes on')
})
