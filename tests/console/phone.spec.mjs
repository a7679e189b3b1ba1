// The same console on a phone: nothing scrolls sideways, what is pressed is large enough, and the whole way from the flag to a
// post works.
import assert from 'node:assert/strict'
import { minutes, promo, story } from './support.mjs'

await story('phone', async (stage) => {
  await stage.start({
    posts: {
      acme: Array.from({ length: 4 }, (_, i) => ({
        due: minutes(60 + i),
        text: promo(i, 'https://shop.example/sale?utm_campaign=spring-with-a-very-long-name-that-does-not-break'),
      })),
    },
  })
  await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing')

  const page = await stage.open({ width: 390, height: 844 })
  await page.getByText('4 of 4 held and confirmed').first().waitFor()
  await stage.picture(page, 'now')
  await page.getByRole('button', { name: 'Menu' }).click()
  await stage.picture(page, 'menu')
  await page.getByRole('link', { name: 'Queue', exact: true }).click()
  await page.locator('[role=row]').first().waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
  await stage.picture(page, 'queue')
  for (const button of await page.getByRole('button').all()) {
    const box = await button.boundingBox()
    if (box) assert.ok(box.height >= 43.5, `${await button.innerText()} is ${box.height} px high`)
  }
  await page.locator('[role=row] a').first().click()
  await page.locator('dialog').getByText('Spring sale').waitFor()
  await stage.picture(page, 'post')
  const dialog = await page.locator('dialog').boundingBox()
  assert.ok(dialog.x >= 0 && dialog.x + dialog.width <= 390, JSON.stringify(dialog))
  await page.locator('dialog').getByRole('button', { name: 'Close' }).first().click()
  await page.locator('dialog').waitFor({ state: 'detached' })

  // Printed, it is the list and the flag, without what can only be pressed.
  await page.emulateMedia({ media: 'print' })
  assert.equal(await page.getByRole('button', { name: 'Menu' }).isVisible(), false)
  assert.ok(await page.locator('.banner').isVisible())
  await stage.picture(page, 'print')
})
