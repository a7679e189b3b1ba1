// The console's own calculations, with vitest, in the build folder where its modules are.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { built, skip, source } from './support.mjs'

const vitest = join(built, 'node_modules/vitest/vitest.mjs')
if (!existsSync(vitest)) skip(`no vitest in ${built}; the build with the console brings it`)
rmSync(join(built, 'unit'), { recursive: true, force: true })
cpSync(join(source, 'tests/console/unit'), join(built, 'unit'), { recursive: true })
const done = spawnSync(
  process.execPath,
  [vitest, 'run', '--root', built, '--dir', join(built, 'unit'), '--pool=threads', '--no-isolate'],
  {
    cwd: built,
    stdio: 'inherit',
    env: { ...process.env, TZ: 'Europe/Budapest', CI: 'true', NO_COLOR: '1' },
  },
)
process.exit(done.status ?? 1)
