// The proof of the ledger and the state of the settings, as an auditor sees them: verified when asked, one changed byte found and
// shown where it is, and a settings file that is not what the daemon runs with, with each fault by line and column.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { minutes, promo, story } from './support.mjs'

await story('evidence', async (stage) => {
  await stage.start({ people: { anna: ['auditor'], olga: ['ops'] }, posts: { acme: [{ due: minutes(90), text: promo(1) }] } })
  assert.equal((await stage.halfmast('raise', 'outage', '--reason', 'checkout is failing', '--now')).code, 0)

  const page = await stage.signedIn('anna', { path: '/audit' })
  const proof = page.getByTestId('proof')
  await proof.getByText(/verified clean/).waitFor()
  const verify = proof.getByRole('button', { name: 'Verify now' })
  const last = async () => Number(/through record (\d+)/.exec(await proof.innerText())?.[1] ?? 0)
  await verify.click()
  const newest = Number(await page.locator('.timeline .seq').first().innerText())
  await page.waitForFunction(
    (seq) => Number(/through record (\d+)/.exec(document.querySelector('[data-testid=proof]').innerText)?.[1]) >= seq,
    newest,
  )
  console.log(`verified through ${await last()} of ${newest}`)
  await proof.getByText('Signed').waitFor()
  await stage.picture(page, 'clean')

  // Who may not audit reads the state and starts nothing.
  const ops = await stage.signedIn('olga', { path: '/audit' })
  await ops
    .getByTestId('proof')
    .getByText(/verified clean/)
    .waitFor()
  assert.equal(await ops.getByRole('button', { name: 'Verify now' }).count(), 0)
  await ops.goto('/checks')
  assert.ok(await ops.getByTestId('settings').getByRole('button', { name: 'Read the file now' }).isDisabled())
  await ops.context().close()

  // One byte of one record, by somebody who can write the file.
  const change = `
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], timeout=20)
for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
    ledger.execute('DROP TRIGGER "' + name + '"')
(seq,) = ledger.execute("SELECT min(seq) FROM ledger WHERE payload LIKE '%checkout is failing%'").fetchone()
ledger.execute("UPDATE ledger SET payload = replace(payload, 'checkout is failing', 'checkout is fa1ling') WHERE seq = ?", (seq,))
ledger.commit()
print(seq)`
  const seq = execFileSync('python3', ['-c', change, join(stage.folder, 'state/ledger.db')], { encoding: 'utf8' }).trim()
  await verify.click()
  await proof
    .getByRole('alert')
    .getByText(/does not verify/)
    .waitFor()
  await proof
    .getByRole('link', { name: `Record ${seq}`, exact: true })
    .first()
    .waitFor()
  console.log(`record ${seq}:`, (await proof.locator('li.bad').allInnerTexts()).join(' | '))
  await stage.picture(page, 'fault')
  await proof
    .getByRole('link', { name: `Record ${seq}`, exact: true })
    .first()
    .click()
  const first = page.locator('.timeline li').first()
  await first.getByText('This record does not verify:').waitFor()
  assert.equal(await first.locator('.seq').innerText(), seq)
  await stage.picture(page, 'record')

  // The settings: what runs is what the file says; then somebody writes into it.
  await page.goto('/checks')
  const settings = page.getByTestId('settings')
  const read = settings.getByRole('button', { name: 'Read the file now' })
  await read.click()
  await settings.getByText('It is what the daemon runs with.').waitFor()
  await settings.getByText('The file has no fault.').waitFor()
  appendFileSync(stage.config, '\n[review]\nspacing = "7m"\n')
  await read.click()
  await settings.getByText('a restart is needed').waitFor()
  await settings.getByText('The file has no fault.').waitFor()
  appendFileSync(stage.config, 'spacign = "7m"\n')
  await read.click()
  await settings.getByText('would not start with this file').waitFor()
  const fault = await settings.locator('li').first().innerText()
  console.log('fault:', fault)
  assert.match(fault, /halfmast\.toml:\d+:\d+ .*spacign/)
  await stage.picture(page, 'settings')
  assert.ok(!(await settings.innerText()).includes('argon2'), 'no secret is shown')
})
