// Types, and what Svelte's compiler says of accessibility: no fault and no warning.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { built, skip } from './support.mjs'

const check = join(built, 'node_modules/svelte-check/bin/svelte-check')
if (!existsSync(check)) skip(`no svelte-check in ${built}; the build with the console brings it`)
process.exit(
  spawnSync(process.execPath, [check, '--fail-on-warnings', '--workspace', built], { cwd: built, stdio: 'inherit' }).status ?? 1,
)
