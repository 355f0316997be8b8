/** Wipes a folder and dies, as by a power cut, at the given call that changes a file: `wipe-program.ts FOLDER CALL`. */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [path = '', text = '0'] = process.argv.slice(2)
let left = Number(text)

/** Counts a call, and dies instead of the one that is asked for. */
function step(): void {
  if (left === 0) process.kill(process.pid, 'SIGKILL')
  left -= 1
}

const { rm, rename, open } = fs
fs.rm = (...given) => {
  step()
  return rm(...given)
}
fs.rename = (...given) => {
  step()
  return rename(...given)
}
fs.open = async (...given) => {
  step()
  return open(...given)
}
syncBuiltinESMExports()
const { wipeFolder } = await import('#config/wipe.ts')
await wipeFolder(path, { reason: 'order', at: 1 })
