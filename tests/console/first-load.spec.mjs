// What a phone on a bad line has to load before the largest screen is there, in the language with the most bytes: at most 60 kB.
import assert from 'node:assert/strict'
import { story } from './support.mjs'

const most = 60_000

await story('first-load', async (stage) => {
  await stage.start()
  for (const path of ['/', '/queue', '/statements']) {
    const page = await stage.open({ language: 'ru-RU', path })
    await page.locator('h1').waitFor()
    await page.waitForLoadState('networkidle').catch(() => {})
    const parts = await page.evaluate(() =>
      [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter((one) => !new URL(one.name).pathname.startsWith('/api/'))
        .map((one) => [new URL(one.name).pathname, one.encodedBodySize, one.decodedBodySize]),
    )
    const bytes = parts.reduce((sum, [, size]) => sum + size, 0)
    console.log(`first load of ${path}: ${bytes} bytes in ${parts.length} files`)
    assert.ok(parts.some(([name]) => name.endsWith('.js')) && parts.some(([name]) => name.endsWith('.css')), JSON.stringify(parts))
    assert.ok(
      parts.filter(([name]) => name.endsWith('.js')).every(([, packed, plain]) => packed < plain || plain < 400),
      'sent compressed',
    )
    assert.ok(bytes > 10_000 && bytes <= most, `${path}: ${bytes} bytes: ${JSON.stringify(parts)}`)
    await page.context().close()
  }
})
